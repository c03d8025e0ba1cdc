import type { Counts } from "./tally.js";

/** What one sequence tells. */
export interface SequenceReport {
  readonly seed: number;
  readonly jobs: number;
  /** Kinds of faults that it planned. */
  readonly planned: readonly string[];
  /** `calls`, `faults` that struck, `endings` of calls and `exits` of workers, each by kind. */
  readonly counts: Counts;
  readonly retries: number;
  readonly peakSharedBytes: number;
  readonly peakRss: number;
  /** What would keep the process alive at the end. */
  readonly handles: readonly string[];
  readonly violations: readonly string[];
}
