/** Counters over the life of an executor. */

export interface MetricsSnapshot {
  /** Calls that were accepted. */
  readonly submitted: number;
  /** Calls that gave a result. */
  readonly completed: number;
  /** Calls that rejected, aborted ones included. */
  readonly failures: number;
  /** Strategies that failed and were followed by another. */
  readonly fallbacks: number;
  /** Lost workers whose tasks ran again. */
  readonly retries: number;
  /** Milliseconds of all completed calls together. */
  readonly totalDuration: number;
  readonly maxWorkers: number;
  /** Time in tasks over workers times duration, of all completed calls, in percent. */
  readonly workerUtilisationPct: number;
  /** Milliseconds from call to result of the last completed calls, at most 1,024 of them; 0 before the first. */
  readonly latency: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
}

const WINDOW = 1024;

export class Metrics {
  readonly #maxWorkers: number;
  readonly #latencies: number[] = [];
  #submitted = 0;
  #completed = 0;
  #failures = 0;
  #fallbacks = 0;
  #retries = 0;
  #totalDuration = 0;
  #busy = 0;
  #available = 0;

  constructor(maxWorkers: number) {
    this.#maxWorkers = maxWorkers;
  }

  submit(): void {
    this.#submitted += 1;
  }

  fail(): void {
    this.#failures += 1;
  }

  fallBack(): void {
    this.#fallbacks += 1;
  }

  complete(duration: number, busy: number, workers: number, retries: number): void {
    this.#latencies[this.#completed % WINDOW] = duration;
    this.#completed += 1;
    this.#retries += retries;
    this.#totalDuration += duration;
    this.#busy += busy;
    this.#available += duration * workers;
  }

  snapshot(): MetricsSnapshot {
    const sorted = Float64Array.from(this.#latencies).sort();
    const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
    return Object.freeze({
      submitted: this.#submitted,
      completed: this.#completed,
      failures: this.#failures,
      fallbacks: this.#fallbacks,
      retries: this.#retries,
      totalDuration: this.#totalDuration,
      maxWorkers: this.#maxWorkers,
      workerUtilisationPct: this.#available === 0 ? 0 : Math.min(100, (100 * this.#busy) / this.#available),
      latency: Object.freeze({ p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), max: rank(1) }),
    });
  }
}
