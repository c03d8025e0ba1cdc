/**
 * The task loop: claims tasks of a round and runs them until none is left. Workers and the sequential strategy run
 * this same loop; see ../protocol/README.md for the protocol.
 */

import { clock } from "../platform/clock.js";
import type { ControlBlock } from "../protocol/control-block.js";
import { AT, BUSY, ENDED, logClaim, RUNNING, SENDING, STARTED } from "../protocol/meter.js";
import type { ResultCopier, ResultCopy } from "../protocol/result-copy.js";
import type { ResultTable } from "../protocol/result-table.js";
import { packThrown, type Thrown } from "../protocol/thrown.js";
import type { AbortCheck } from "./abort-check.js";
import { isThenable } from "./is-thenable.js";
import type { TaskOrder } from "./task-order.js";

// A kernel on the calling thread may replace these functions, and must not make the loop endless.
const { floor, max, min } = Math;

/** Where results go that do not fit the result table. */
export interface ResultSink {
  value(index: number, departing: ResultCopy): void;
  failure(index: number, thrown: Thrown): void;
  /** A claim ended: time to send what has gathered. */
  claimEnded(): void;
}

export interface TaskLoopParts {
  readonly run: (index: number) => unknown;
  /** What kernels ask through `aborted()`. */
  readonly wanted: AbortCheck;
  readonly control: ControlBlock;
  readonly results: ResultTable;
  readonly departure: ResultCopier;
  readonly outbox: ResultSink;
  /** Tasks of the round. */
  readonly tasks: number;
  /** `undefined` if position is index. */
  readonly order: TaskOrder | undefined;
  /** `METER_WORDS` words, in which the loop notes how long it is busy, whether it is, and with what. */
  readonly meter: Float64Array;
  /** Takes each claim, for a trace. If it is full, its last entry grows. `undefined` if nobody traces. */
  readonly log: Float64Array | undefined;
  /** Threads that claim from this round. */
  readonly workers: number;
  /** Whether small values go to the result table. Otherwise all values go to the outbox, even numbers. */
  readonly slots: boolean;
  /** Whether claims take no more than the gate lets pass. */
  readonly gated: boolean;
  /** Whether claims grow if tasks are short. */
  readonly grows: boolean;
  /** Puts back what a kernel has changed of JavaScript, before anything rests on it. `undefined` if it changes nothing. */
  readonly mend: (() => void) | undefined;
}

// A claim should last long enough to make its cost vanish: atomic operations and two clock readings, 0.3-0.5 µs. It should be
// short beside the time after which the loop must look up.
const CLAIM_MS = 0.2;
// At this size the cost is 2 ns a task. Larger claims gain nothing, and bind more tasks if tasks become slow.
const MAX_GRAIN = 256;
// A look at the clock costs 0.03-0.15 µs, so it is not taken at every task of a claim, unless tasks turn out slow.
const LOOK_UP_TASKS = 16;
const SLOW_MS = 1;
// The most that one thread claims of what is left, as a share of its part. It keeps the ends of all threads close together.
const TAIL_SHARE = 4;

export class TaskLoop {
  readonly #parts: TaskLoopParts;
  #at = 0;
  #end = 0;
  #start = 0;
  #claimed = 0;
  #lookedUp = 0;
  #taken = 0;
  #stride = LOOK_UP_TASKS;
  #untilLookUp = LOOK_UP_TASKS;
  #grain = 1;

  constructor(parts: TaskLoopParts) {
    this.#parts = parts;
  }

  /** Tasks of the round. */
  get tasks(): number {
    return this.#parts.tasks;
  }

  /** Tasks that this thread has taken on, the present one included. */
  get taken(): number {
    return this.#taken + this.#at - this.#start;
  }

  /** Whether it has taken on every task of the round. */
  get tookAll(): boolean {
    return this.taken === this.tasks;
  }

  /**
   * Runs tasks, at least one. Returns "left" if none is left, "shut" if the gate keeps back the rest, and "paused" at about
   * `deadline`, a time of `clock`. If a task returns a promise, so does this: the caller awaits it and calls again.
   */
  advance(deadline: number): "left" | "shut" | "paused" | PromiseLike<void> {
    const { meter } = this.#parts;
    meter[RUNNING] = 1;
    const state = this.#advance(deadline);
    if (typeof state === "string") meter[RUNNING] = 0;
    return state;
  }

  /** Gives up the rest of the present claim. Its tasks so far count as a claim of their own. */
  leave(): void {
    if (this.#at === this.#start) return;
    this.#end = this.#at;
    this.#endClaim(clock());
  }

  #advance(deadline: number): "left" | "shut" | "paused" | PromiseLike<void> {
    const { run, wanted, control, results, order, slots, meter } = this.#parts;
    for (;;) {
      if (this.#at === this.#end) {
        const now = clock();
        if (this.#end !== this.#start) {
          this.#endClaim(now);
          // If nothing is left to claim, it leaves at once, because the calling thread learns of the end by that.
          if (now >= deadline && control.claimable > 0) return "paused";
        }
        if (!this.#claim(now)) return control.exhausted ? "left" : "shut";
      } else if (this.#untilLookUp === 0 && this.#lookUp() >= deadline) {
        return "paused";
      }
      this.#untilLookUp -= 1;
      const position = this.#at++;
      // The limit may have fallen since the claim. Tasks below it still count, so the claim goes on.
      if (position >= control.limit) continue;
      // Costs 1 ns a task (Node 20).
      meter[AT] = this.#at;
      const index = order === undefined ? position : order.indexAt(position);
      let value: unknown;
      try {
        value = run(index);
        if (isThenable(value)) return this.#settleLater(value, position, index);
      } catch (thrown) {
        this.#fail(position, index, thrown);
        continue;
      }
      if (typeof value === "number" && slots && !wanted.wasDenied) {
        results.write(index, value);
      } else {
        this.#settle(position, index, value);
      }
    }
  }

  #claim(now: number): boolean {
    const { control, tasks, workers, gated } = this.#parts;
    const share = floor(control.claimable / (TAIL_SHARE * workers));
    const count = max(1, min(this.#grain, share));
    if (gated) {
      const claimed = control.claimBelowGate(count);
      if (claimed === undefined) return false;
      [this.#start, this.#end] = claimed;
    } else {
      const start = control.claim(count);
      if (start === -1) return false;
      this.#start = start;
      this.#end = min(start + count, tasks);
    }
    this.#at = this.#start;
    this.#claimed = now;
    this.#lookedUp = now;
    this.#stride = LOOK_UP_TASKS;
    this.#untilLookUp = LOOK_UP_TASKS;
    return true;
  }

  /** Reads the clock in the middle of a claim. If tasks have become slow, every task does from then on. */
  #lookUp(): number {
    const now = clock();
    if (now - this.#lookedUp > SLOW_MS) this.#stride = 1;
    this.#lookedUp = now;
    this.#untilLookUp = this.#stride;
    return now;
  }

  #endClaim(now: number): void {
    const { control, outbox, meter, log, grows, mend } = this.#parts;
    mend?.();
    const took = now - this.#claimed;
    const count = this.#end - this.#start;
    // This comes before the claim ends, so that a thread that sees the end sees the time, too.
    meter[BUSY] = (meter[BUSY] as number) + took;
    if (meter[STARTED] === 0) meter[STARTED] = this.#claimed;
    meter[ENDED] = now;
    if (log !== undefined) logClaim(log, meter, this.#claimed, now, this.#start, count);
    this.#taken += count;
    if (grows && took < CLAIM_MS / 2 && count === this.#grain) this.#grain = min(MAX_GRAIN, 2 * this.#grain);
    else if (took > CLAIM_MS * 2) this.#grain = max(1, floor((count * CLAIM_MS) / took));
    this.#start = this.#end;
    control.endClaim(count);
    outbox.claimEnded();
  }

  async #settleLater(promise: PromiseLike<unknown>, position: number, index: number): Promise<void> {
    let value: unknown;
    try {
      value = await promise;
    } catch (thrown) {
      this.#fail(position, index, thrown);
      return;
    }
    this.#settle(position, index, value);
  }

  #settle(position: number, index: number, value: unknown): void {
    const { results, departure, outbox, slots, control, wanted, mend, meter } = this.#parts;
    if (wanted.takeDenial()) return;
    if (slots && results.write(index, value)) return;
    const began = clock();
    mend?.();
    let departing: ResultCopy;
    try {
      departing = departure.prepare(value);
    } catch (thrown) {
      this.#fail(position, index, thrown);
      return;
    }
    outbox.value(index, departing);
    control.addPosted(1);
    results.markElsewhere(index);
    meter[SENDING] = (meter[SENDING] as number) + clock() - began;
  }

  #fail(position: number, index: number, thrown: unknown): void {
    const { results, outbox, control, wanted, mend } = this.#parts;
    if (wanted.takeDenial()) return;
    mend?.();
    outbox.failure(index, packThrown(thrown));
    control.addPosted(1);
    results.markElsewhere(index);
    control.lowerLimit(position);
  }
}
