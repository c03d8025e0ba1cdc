/** Counters over the life of an executor. */

import { clock } from "../platform/clock.js";
import { DurationHistogram, type Percentiles } from "./histogram.js";

export interface MetricsSnapshot {
  /** Calls that were accepted. */
  readonly submitted: number;
  /** Calls that gave a result. */
  readonly completed: number;
  /** Calls that rejected, aborted ones included. */
  readonly failures: number;
  /** Loops over `streamShared` that were left before their end. */
  readonly left: number;
  /** Strategies that failed and were followed by another. */
  readonly fallbacks: number;
  /** Lost workers whose tasks ran again. */
  readonly retries: number;
  /** Milliseconds of all completed calls together. */
  readonly totalDuration: number;
  readonly maxWorkers: number;
  /**
   * Time that workers spent in tasks, over all workers, while at least one call ran on them; in percent. A stream that waits
   * for its loop does not count.
   */
  readonly workerUtilisationPct: number;
  /** Milliseconds from call to result of completed calls. */
  readonly latency: Percentiles;
  /** Milliseconds from call to the start of its first task. */
  readonly wait: Percentiles;
  /** Milliseconds from the start of the first task to the result. */
  readonly run: Percentiles;
}

/** A call's use of workers. */
export interface Occupation {
  /** Whether any worker takes part in the call now. None does while a stream waits for its loop. */
  occupy(occupies: boolean): void;
  /** The use has ended. Workers spent `busy` milliseconds in tasks. */
  end(busy: number): void;
}

export class Metrics {
  readonly #maxWorkers: number;
  readonly #latency = new DurationHistogram();
  readonly #wait = new DurationHistogram();
  readonly #run = new DurationHistogram();
  #submitted = 0;
  #completed = 0;
  #failures = 0;
  #left = 0;
  #fallbacks = 0;
  #retries = 0;
  #totalDuration = 0;
  #busy = 0;
  /** Calls that run on workers now, and since when there was at least one. */
  #onWorkers = 0;
  #onWorkersSince = 0;
  #timeOnWorkers = 0;

  constructor(maxWorkers: number) {
    this.#maxWorkers = maxWorkers;
  }

  /** Calls that were accepted. */
  get submitted(): number {
    return this.#submitted;
  }

  submit(): void {
    this.#submitted += 1;
  }

  fail(): void {
    this.#failures += 1;
  }

  leave(): void {
    this.#left += 1;
  }

  fallBack(): void {
    this.#fallbacks += 1;
  }

  /** `retries` workers were lost and their tasks ran again, beside those of calls. */
  retry(retries: number): void {
    this.#retries += retries;
  }

  /** A call starts to use workers. */
  occupyWorkers(): Occupation {
    let isOccupied = false;
    const occupy = (occupies: boolean): void => {
      if (occupies === isOccupied) return;
      isOccupied = occupies;
      if (this.#onWorkers === 0) this.#onWorkersSince = clock();
      this.#onWorkers += occupies ? 1 : -1;
      if (this.#onWorkers === 0) this.#timeOnWorkers += clock() - this.#onWorkersSince;
    };
    occupy(true);
    const end = (busy: number): void => {
      this.#busy += busy;
      occupy(false);
    };
    return { occupy, end };
  }

  /** A call gave its result. Of its `duration`, `wait` milliseconds passed before its first task. */
  complete(duration: number, wait: number, retries: number): void {
    this.#latency.record(duration);
    this.#wait.record(wait);
    this.#run.record(duration - wait);
    this.#completed += 1;
    this.#retries += retries;
    this.#totalDuration += duration;
  }

  /**
   * Single jobs of one round gave their results. They are counted at once, because a number that goes to a function of its own
   * takes memory.
   */
  completeJobs(jobs: readonly { readonly started: number }[], began: number, now: number): void {
    for (let i = 0; i < jobs.length; i += 1) {
      const { started } = jobs[i] as (typeof jobs)[number];
      this.#latency.record(now - started);
      this.#wait.record(began - started);
      this.#totalDuration += now - started;
    }
    this.#run.record(now - began, jobs.length);
    this.#completed += jobs.length;
  }

  snapshot(): MetricsSnapshot {
    const now = this.#onWorkers === 0 ? 0 : clock() - this.#onWorkersSince;
    const available = (this.#timeOnWorkers + now) * this.#maxWorkers;
    return Object.freeze({
      submitted: this.#submitted,
      completed: this.#completed,
      failures: this.#failures,
      left: this.#left,
      fallbacks: this.#fallbacks,
      retries: this.#retries,
      totalDuration: this.#totalDuration,
      maxWorkers: this.#maxWorkers,
      workerUtilisationPct: available === 0 ? 0 : Math.min(100, (100 * this.#busy) / available),
      latency: this.#latency.percentiles(),
      wait: this.#wait.percentiles(),
      run: this.#run.percentiles(),
    });
  }
}
