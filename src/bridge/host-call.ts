/** One call of a client as its host sees it: what stops it, and when nobody touches its memory any more. */

import type { Hosted } from "../call/abort-and-progress.js";
import type { StreamedResult } from "../call/types.js";
import type { Arena } from "../memory/arena.js";
import { Lease } from "../memory/lease.js";

export class HostCall {
  readonly id: number;
  /** Held by the call and by the workers that could touch the client's memory. */
  readonly lease: Lease;
  /** Called when the reader of the stream has taken what it was sent, or could not read it and wants it again. */
  onAnswer: ((isAgain: boolean) => void) | undefined;
  /** How many times a stream has sent results, and the tasks of the last time. */
  batches = 0;
  lastSent: readonly number[] = [];
  readonly #holdsMemory: boolean;
  /** Called if the call is stopped before it runs. */
  readonly #onStop: (reason: unknown) => void;
  #job: Hosted | undefined;
  #stop: { readonly reason: unknown } | undefined;
  #isReleased: boolean | null = null;
  #hasEnded = false;
  #isAwaited = false;
  /** Made for streams only, because it takes several microseconds. */
  #streamLeft: AbortController | undefined;

  /**
   * @param holdsMemory whether the client keeps memory for this call alone
   * @param onReleased called when nobody touches the memory any more, unless `end` has told already
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

  /** Aborts when nobody reads the stream any more: it was aborted, or its loop was left. */
  get left(): AbortSignal {
    this.#streamLeft ??= new AbortController();
    return this.#streamLeft.signal;
  }

  /** Tasks whose values are sent in messages of their own. */
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
    // Aborts after the job, which would otherwise take it for a loop that was left.
    this.#streamLeft?.abort(reason);
  }

  /** The loop over the stream was left. */
  leaveStream(): void {
    this.#streamLeft?.abort();
  }

  /**
   * The call has ended.
   * @returns whether its memory may be used again; `null` if its workers have not left it yet
   */
  end(hasSucceeded: boolean): boolean | null {
    if (!this.#hasEnded) this.lease.drop();
    this.#hasEnded = true;
    // No task of a successful call runs any more, so the client need not hear of arrays that it shares with others.
    if (hasSucceeded && !this.#holdsMemory) return true;
    this.#isAwaited = true;
    return this.#isReleased;
  }
}
