/** What a slot tells the rounds that its worker takes part in. */
import type { ReportMessage } from "../../protocol/messages.js";

/** How a worker ended. */
export interface Loss {
  /** `undefined` if it never served. */
  readonly exitCode: number | undefined;
  /** The signal that ended it, if it was a process. */
  readonly signal?: string | undefined;
  readonly error: unknown;
  /** Whether this round is not to blame: the pool ended the worker, or a task of another round did. */
  readonly isForeign: boolean;
}

/** Hears from a slot about one round. */
export interface RoundListener<S> {
  report(slot: S, message: ReportMessage): void;
  /** Does something when the round has ended, at once if it has. */
  whenEnded(work: () => void): void;
  /** Whether the slot's worker is in the middle of the round's tasks. */
  isAt(slot: S): boolean;
  /** Whether the slot's worker has begun a task of this round. */
  hasBegun(slot: S): boolean;
  /** Whether the slot's worker has said that it left, by one of its first `heard` messages. */
  hasSaidLeft(slot: S, heard: number): boolean;
  /**
   * A message of the slot's worker could not be read. It was about this round, or another one that the worker takes part in.
   * @param isOwn whether it takes part in no other one
   * @param left whether it was the worker's last one of this round
   */
  unread(slot: S, reason: unknown, isOwn: boolean, left: boolean): void;
  /**
   * The slot's worker ended before it left the round. Nothing more comes from it.
   * @param gone resolves when its thread has ended, if a system call still holds it; `undefined` if it has
   */
  lost(slot: S, loss: Loss, gone: Promise<void> | undefined): void;
}
