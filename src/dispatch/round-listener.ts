/** What a slot tells the rounds that its worker takes part in. */
import type { ReportMessage } from "../protocol/messages.js";

/** How a worker ended. */
export interface Loss {
  /** Undefined: it never served. */
  readonly exitCode: number | undefined;
  readonly error: unknown;
  /** Nothing that this round did: the pool ended it itself, or a task of another round ended it. */
  readonly isForeign: boolean;
}

/** Hears from a slot about one round. */
export interface RoundListener<S> {
  report(slot: S, message: ReportMessage): void;
  /** Was the slot's worker in the middle of the round's tasks? */
  isAt(slot: S): boolean;
  /** Has the slot's worker begun a task of this round? */
  hasBegun(slot: S): boolean;
  /**
   * The slot's worker ended before it left the round. Nothing more comes from it.
   * @param gone resolves when its thread has ended, if a system call still holds it; undefined: it has
   */
  lost(slot: S, loss: Loss, gone: Promise<void> | undefined): void;
}
