/** Decides, slice by slice, whether a pass that runs on the calling thread moves to the workers. */

import type { Arena } from "../memory/arena.js";
import { handOverGain } from "../plan/hand-over-cost.js";
import { ms } from "../plan/print.js";
import { SLICE_MS } from "../platform/time-slice.js";
import type { Plan } from "../strategies/registry.js";
import type { Overseer, Workers } from "../strategies/strategy.js";

// The tasks before the first look compile the kernel on the way, which makes it look more expensive than it is.
const LOOKS_TO_TELL = 2;
// If a kernel is compiled, one task of this length is enough to judge it.
const TELLING_MS = 1;
// V8 has compiled a kernel after 7 to 15 ms of its tasks. What took longer was a task's own.
const MOST_COMPILING_MS = 15;

/** What the planner knows by now. */
interface Grounds {
  /** Milliseconds that calls have lost because there were no workers. */
  readonly rent: number;
  /** How the call would run if it were planned now. */
  planAgain(): Plan;
}

export class HandOver implements Overseer {
  readonly firstTaskLimit: number | undefined;
  readonly firstLook: number;
  readonly #plan: Plan;
  readonly #workers: Workers | undefined;
  readonly #arena: Arena;
  readonly #bytesNeeded: number;
  readonly #grounds: Grounds;
  /** Told if the workers can't be started. Then the call stays on this thread. */
  readonly #onFailure: (error: unknown) => void;
  #starting: Promise<void> | undefined;
  #hasFailed = false;
  #looks = 0;
  #lastLook = Infinity;
  /** Tasks so far, and the milliseconds that they took. */
  #ran = 0;
  #spent = 0;
  /** Why the call was handed over; `undefined` if it was not, or its first task took too long. */
  #reason: string | undefined;

  constructor(
    plan: Plan,
    workers: Workers | undefined,
    arena: Arena,
    bytesNeeded: number,
    grounds: Grounds,
    onFailure: (error: unknown) => void,
  ) {
    this.#plan = plan;
    this.#workers = workers;
    this.#arena = arena;
    this.#bytesNeeded = bytesNeeded;
    this.#grounds = grounds;
    this.#onFailure = onFailure;
    // If the workers would get no memory, the task can't move.
    this.firstTaskLimit = arena.fits(bytesNeeded) ? plan.handOver?.firstTaskLimit : undefined;
    this.firstLook = plan.handOver?.firstLook ?? SLICE_MS;
  }

  get reason(): string {
    return this.#reason ?? "handed over: the first task takes too long for this thread";
  }

  /** Asked when the call has waited for its turn. Other calls may have shown by now that it is faster elsewhere. */
  takesOverAtOnce(): boolean {
    if (this.#plan.handOver === undefined || this.#hasFailed || !this.#arena.fits(this.#bytesNeeded))
      return false;
    const { strategy, reason } = this.#grounds.planAgain();
    if (strategy === this.#plan.strategy) return false;
    this.#reason = `handed over before its first task: ${reason}`;
    return true;
  }

  takesOver(left: number, perTask: number, ran: number): boolean {
    this.#looks += 1;
    // A garbage collection or another process may make a look longer. It seldom makes the next one longer, too.
    const each = Math.min(perTask, this.#lastLook);
    this.#lastLook = perTask;
    this.#ran += ran;
    this.#spent += perTask * ran;
    const { handOver, predicted, tasks, kernel } = this.#plan;
    if (handOver === undefined || this.#hasFailed) return false;
    // Tasks that exceed a slice block the event loop. One of them is enough to judge the kernel.
    const isLong = perTask >= SLICE_MS;
    const isTelling = isLong || (kernel !== undefined && perTask >= TELLING_MS);
    if (!isTelling && this.#looks < LOOKS_TO_TELL) return false;
    const { place, dispatch, spawn } = predicted[handOver.strategy];
    const workers = this.#workers;
    const isUp = workers === undefined || workers.serving >= handOver.workers;
    const isStarting = this.#starting !== undefined;
    const start = Math.max(0, spawn - this.#grounds.rent);
    // What the first tasks took longer than later ones was V8's compiler. Workers compile the kernel again.
    const extra = kernel === undefined ? this.#spent - each * this.#ran : 0;
    const compiling = Math.min(MOST_COMPILING_MS, Math.max(0, extra));
    const overhead = place + dispatch + compiling + (isUp || (isStarting && !isLong) ? 0 : start);
    if (handOverGain(left, isTelling ? perTask : each, handOver.width, overhead) <= 0) return false;
    if (!this.#arena.fits(this.#bytesNeeded)) return false;
    if (!isUp && !isLong) {
      // The call goes on here meanwhile.
      this.#starting ??= workers.start(handOver.workers).catch((error: unknown) => {
        this.#hasFailed = true;
        this.#onFailure(error);
      });
      return false;
    }
    this.#reason = `handed over after ${tasks - left} of ${tasks} tasks: each takes ${ms(perTask)}`;
    return true;
  }
}
