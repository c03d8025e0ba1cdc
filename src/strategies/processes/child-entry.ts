/** A round that a child takes part in, or may again. */
import type { RoundListener } from "../threads/round-listener.js";
import type { Invitation, WorkerSlot } from "../threads/worker-slot.js";
import type { KnownRound } from "./kept-rounds.js";
import type { RoundPart } from "./round-part.js";
import type { RoundRecord } from "./rounds.js";

export interface ChildEntry extends KnownRound {
  readonly invitation: Invitation;
  readonly listener: RoundListener<WorkerSlot>;
  readonly record: RoundRecord;
  readonly part: RoundPart;
  /** The child knows one that is the same. */
  readonly isAgain: boolean;
  /** The child takes part in it, or has. */
  hasJoined: boolean;
  /** It was woken for it and has not left. */
  isIn: boolean;
  /** The round has ended. */
  hasEnded: boolean;
}
