/** One call of a client as its host sees it: what stops it, and when nobody touches its memory any more. */

import type { Hosted } from "../call/abort-and-progress.js";
import type { StreamedResult } from "../call/types.js";
import type { Arena } from "../memory/arena.js";
import { Lease } from "../memory/lease.js";

export class HostCall {
  readonly id: number;
  /** Held by the call and by the workers that could touch the client's memory. */
  readonly lease: Lease;
  /** The reader of the stream has taken what it was sent, or could not read it and wants it again. */
  onAnswer: ((isAgain: boolean) => void) | undefined;
  /** Of a stream: how many times it has sent results, and the tasks of the last time. */
  batches = 0;
  lastSent: readonly number[] = [];
  readonly #holdsMemory: boolean;
  /** Tells where the call has not begun to run. */
  readonly #onStop: (reason: unknown) => void;
  #job: Hosted | undefined;
  #stop: { readonly reason: unknown } | undefined;
  #isReleased: boolean | null = null;
  #hasEnded = false;
  #isAwaited = false;
  /** Made for streams alone: it takes several microseconds. */
  #streamLeft: AbortController | undefined;

  /**
   * @param holdsMemory does the client keep memory for this call alone?
   * @param onReleased told when nobody touches it any more, where that is after the end of the call
   */
  constructor(
    id: number,
    holdsMemory: boolean,
    arena: Arena,
    onReleased: (isSafe: boolean) => void,
    onStop: (reason: unknown) => void,
  ) {
    this.id = id;
    this.#holdsMemory = holdsMemory;
    this.#onStop = onStop;
    this.lease = new Lease(arena, [], (isSafe) => {
      this.#isReleased = isSafe;
      if (this.#isAwaited) onReleased(isSafe);
    });
  }

  /** Nobody reads the stream any more, whether it was aborted or its loop was left. */
  get left(): AbortSignal {
    this.#streamLeft ??= new AbortController();
    return this.#streamLeft.signal;
  }

  /** Tasks whose values are to be sent each by itself. */
  get apart(): readonly number[] {
    return this.#job?.apart ?? [];
  }

  sends(batch: readonly StreamedResult<unknown>[]): void {
    this.batches += 1;
    this.lastSent = batch.map(({ index }) => index);
  }

  /** The reader could not read what was sent last. */
  sendsAgain(): void {
    this.batches -= 1;
    this.onAnswer?.(true);
  }

  /** The call runs from now on. */
  runs(job: Hosted): void {
    this.#job = job;
    if (this.#stop !== undefined) job.stop(this.#stop.reason);
  }

  /** The call was aborted. */
  stop(reason: unknown): void {
    if (this.#stop !== undefined) return;
    this.#stop = { reason };
    if (this.#job === undefined) this.#onStop(reason);
    else this.#job.stop(reason);
    // After that, as it would be taken for a loop that was left.
    this.#streamLeft?.abort(reason);
  }

  /** The loop over the stream was left. */
  leaveStream(): void {
    this.#streamLeft?.abort();
  }

  /**
   * The call has ended.
   * @returns whether its memory may be used again, as `Done` has it; null: its workers have not left it
   */
  end(hasSucceeded: boolean): boolean | null {
    if (!this.#hasEnded) this.lease.drop();
    this.#hasEnded = true;
    // Of a call that has succeeded no task runs any more, so arrays that the client shares with others need no word.
    if (hasSucceeded && !this.#holdsMemory) return true;
    this.#isAwaited = true;
    return this.#isReleased;
  }
}
