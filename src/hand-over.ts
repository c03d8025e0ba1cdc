/** Decides, slice by slice, whether a call that runs on this thread moves to the workers. */
import type { Pool } from "./dispatch/pool.js";
import type { Overseer } from "./dispatch/sequential.js";
import type { Arena } from "./memory/arena.js";
import { handOverGain } from "./plan/hand-over.js";
import type { Plan } from "./plan/plan.js";
import { ms } from "./plan/print.js";
import { SLICE_MS } from "./platform/breather.js";

// The first slice compiles the kernel on the way, and takes it for dearer than it is.
const SLICES_TO_TELL = 2;

export class HandOver implements Overseer {
  readonly firstTaskLimit: number | undefined;
  readonly #plan: Plan;
  readonly #pool: Pool;
  readonly #arena: Arena;
  readonly #bytesNeeded: number;
  /** Told when the workers cannot be started: then the call stays where it is. */
  readonly #onFailure: (error: unknown) => void;
  #starting: Promise<void> | undefined;
  #hasFailed = false;
  #slices = 0;
  /** Why the call was handed over; undefined: it was not, or its first task took too long. */
  #reason: string | undefined;

  constructor(
    plan: Plan,
    pool: Pool,
    arena: Arena,
    bytesNeeded: number,
    onFailure: (error: unknown) => void,
  ) {
    this.#plan = plan;
    this.#pool = pool;
    this.#arena = arena;
    this.#bytesNeeded = bytesNeeded;
    this.#onFailure = onFailure;
    // Where the workers' memory would not be had, the task has nowhere to go.
    this.firstTaskLimit = arena.fits(bytesNeeded) ? plan.handOver?.firstTaskLimit : undefined;
  }

  get reason(): string {
    return this.#reason ?? "handed over: the first task takes too long for this thread";
  }

  takesOver(left: number, perTask: number): boolean {
    this.#slices += 1;
    const { handOver, predicted, tasks } = this.#plan;
    if (handOver === undefined || this.#hasFailed) return false;
    // Tasks that exceed a slice block the event loop, and are long enough to be told by one.
    const isLong = perTask >= SLICE_MS;
    if (!isLong && this.#slices < SLICES_TO_TELL) return false;
    const { place, dispatch, spawn } = predicted.threads;
    const isUp = this.#pool.serving >= handOver.workers;
    const isStarting = this.#starting !== undefined;
    const overhead = place + dispatch + (isUp || (isStarting && !isLong) ? 0 : spawn);
    if (handOverGain(left, perTask, handOver.width, overhead) <= 0) return false;
    if (!this.#arena.fits(this.#bytesNeeded)) return false;
    if (!isUp && !isLong) {
      // The call goes on here meanwhile.
      this.#starting ??= this.#pool.start(handOver.workers).catch((error: unknown) => {
        this.#hasFailed = true;
        this.#onFailure(error);
      });
      return false;
    }
    this.#reason = `handed over after ${tasks - left} of ${tasks} tasks: each takes ${ms(perTask)}`;
    return true;
  }
}
