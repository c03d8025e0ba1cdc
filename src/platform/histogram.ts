import { createHistogram } from "node:perf_hooks";
import type { Percentiles } from "./percentiles.js";

const NS_PER_MS = 1e6;
// An hour, in nanoseconds; longer durations count as one.
const LONGEST = 3600 * 1000 * NS_PER_MS;

/** Durations of any number of calls in a fixed amount of memory, to two figures. */
export class DurationHistogram {
  // Two figures take 40 KB, three 270 KB.
  readonly #histogram = createHistogram({ lowest: 1, highest: LONGEST, figures: 2 });

  /** @param ms milliseconds */
  record(ms: number): void {
    this.#histogram.record(Math.min(LONGEST, Math.max(1, Math.round(ms * NS_PER_MS))));
  }

  percentiles(): Percentiles {
    const rank = (percent: number): number => this.#histogram.percentile(percent) / NS_PER_MS;
    if (this.#histogram.count === 0) return Object.freeze({ p50: 0, p95: 0, p99: 0, max: 0 });
    return Object.freeze({
      p50: rank(50),
      p95: rank(95),
      p99: rank(99),
      max: this.#histogram.max / NS_PER_MS,
    });
  }
}
