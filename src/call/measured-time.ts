/** What a pass that has ended took, part by part. */

import type { Estimate } from "../plan/plan.js";
import type { RunReport } from "../strategies/strategy.js";
import type { Placing } from "./job-memory.js";

export interface Measured {
  readonly actual: Estimate;
  /** Milliseconds until its first task started. */
  readonly wait: number;
}

/** @param runs one per strategy that took part, the last one last */
export function measure(
  runs: readonly RunReport[],
  placing: Placing | undefined,
  started: number,
  ended: number,
): Measured {
  const last = runs[runs.length - 1] as RunReport;
  let first: number | undefined;
  let computed = 0;
  for (const { computing } of runs) {
    if (computing === undefined) continue;
    first ??= computing.start;
    computed += computing.end - computing.start;
  }
  // This thread may hear late that a worker serves, which has begun by then.
  const ready = Math.min(last.ready, last.computing?.start ?? last.ready);
  const spawn = Math.max(0, ready - last.woken);
  const place = placing === undefined ? 0 : placing.end - placing.start;
  const results = Math.max(0, ended - (last.computing?.end ?? ended));
  const total = ended - started;
  const compute = Math.max(0, Math.min(computed, total - spawn - place - results));
  // What is left is spent on preparing the call, waking workers and waiting for their first task.
  const dispatch = Math.max(0, total - spawn - place - compute - results);
  return { actual: { spawn, place, dispatch, compute, results, total }, wait: (first ?? ended) - started };
}
