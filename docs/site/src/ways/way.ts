/** One way of running a workload, round by round. */

import type { Round } from "../messages.js";
import type { Values } from "../workloads/workload.js";

/** A round with its result. Its times are those of `performance.now()` on the coordinator. */
export interface Ran extends Round {
  readonly values: Values;
  /** Who computed. */
  readonly ranOn: string;
}

export interface Way {
  /** Starts its workers. */
  start(): Promise<void>;
  round(signal: AbortSignal, onProgress: (share: number) => void): Promise<Ran>;
}
