/** A round that a child takes part in, or may again. */
import type { Loss, RoundListener } from "../threads/round-listener.js";
import type { Invitation, WorkerSlot } from "../threads/worker-slot.js";
import type { KnownRound } from "./kept-rounds.js";
import type { RoundPart } from "./round-part.js";
import type { RoundRecord } from "./rounds.js";
import { noRoomError } from "./transit.js";

export interface Entry extends KnownRound {
  readonly invitation: Invitation;
  readonly listener: RoundListener<WorkerSlot>;
  readonly record: RoundRecord;
  readonly part: RoundPart;
  /** Whether the child knows a round that is the same. */
  readonly isAgain: boolean;
  /** Whether the child has joined it. */
  hasJoined: boolean;
  /** Whether the child was woken for it and has not left. */
  isIn: boolean;
  /** Whether the round has ended. */
  hasEnded: boolean;
}

/** What a round loses whose words have no room: the same as a child that can't start. */
export const lackOfRoom = (): Loss => {
  return { exitCode: undefined, signal: undefined, error: noRoomError(), isForeign: false };
};
