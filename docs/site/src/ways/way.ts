/** One way of running a workload, round by round. */

import type { Slice } from "../messages.js";
import type { Values } from "../workloads/workload.js";

export interface Ran {
  readonly values: Values;
  /** Times as `performance.now()` of the coordinator counts. */
  readonly slices: readonly Slice[];
  readonly bytesMoved: number;
  /** Who computed. */
  readonly ranOn: string;
}

export interface Way {
  /** Starts its workers. */
  start(): Promise<void>;
  round(signal: AbortSignal, onProgress: (share: number) => void): Promise<Ran>;
}
