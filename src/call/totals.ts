/** The figures of a call, summed up over its passes. */
import type { Estimate } from "../plan/plan.js";
import { clock } from "../platform/clock.js";
import type { RunReport } from "../strategies/strategy.js";
import type { CallRecord, PassReport } from "./call-record.js";
import type { Measured } from "./measured-time.js";

/** What a call took. */
export interface Totals {
  readonly actual: Estimate;
  /** Milliseconds until its first task started. */
  readonly wait: number;
  /** Lost workers whose tasks ran again. */
  readonly retries: number;
  readonly ended: number;
}

/** The figures of a call that gave its result. */
export function totalsOf({ started, passes }: Pick<CallRecord, "started" | "passes">): Totals {
  let retries = 0;
  for (const { runs } of passes) for (const run of runs) retries += run.retries;
  const first = passes[0] as PassReport;
  const { actual: alone, wait } = first.measured as Measured;
  if (passes.length === 1 && !first.isJoined) return { actual: alone, wait, retries, ended: first.ended };
  const ended = clock();
  const sum = sumOf(passes.flatMap(({ measured }) => measured?.actual ?? []));
  const total = ended - started;
  // Passes that ran side by side computed at the same time.
  const compute = Math.max(0, Math.min(sum.compute, total - sum.spawn - sum.place));
  const results = Math.max(0, Math.min(sum.results, total - sum.spawn - sum.place - compute));
  // The time between passes is spent on preparing them, too.
  const dispatch = Math.max(0, total - sum.spawn - sum.place - compute - results);
  const actual = { ...sum, dispatch, compute, results, total };
  return { actual, wait: first.started - started + wait, retries, ended };
}

export function busyOf(runs: readonly RunReport[]): number {
  return runs.reduce((total, { busy }) => total + busy, 0);
}

export function sumOf(estimates: readonly Estimate[]): Estimate {
  const sum = { spawn: 0, place: 0, dispatch: 0, compute: 0, results: 0, total: 0 };
  for (const each of estimates) {
    for (const part of Object.keys(sum) as (keyof Estimate)[]) sum[part] += each[part];
  }
  return sum;
}
