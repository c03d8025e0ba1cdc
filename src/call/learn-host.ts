/** What a pass that ran alone shows of the machine. */

import type { PlacementPlan } from "../memory/placement.js";
import type { Estimate } from "../plan/plan.js";
import type { Charges } from "../strategies/descriptor.js";
import { observe } from "../strategies/host-meter.js";
import type { Plan } from "../strategies/registry.js";
import type { RunReport } from "../strategies/strategy.js";
import type { Placing } from "./job-memory.js";

// A copy this large takes long enough for its time to mean something.
const MEASURABLE_BYTES = 1024 * 1024;

/**
 * @param charges what the strategy of the last run shows
 * @param runs one per strategy that took part
 * @param actual what the pass took, part by part
 */
export function learnHost(
  { bytesPlaced }: PlacementPlan,
  { strategy, kernel }: Plan,
  { spawn: start, hot, idle, cold }: Charges,
  runs: readonly RunReport[],
  { spawn, dispatch, place }: Estimate,
  { placing, afterPause }: { readonly placing: Placing | undefined; readonly afterPause: boolean },
): void {
  const isKnown = kernel?.isOnWorkers === true;
  if (runs.length > 1) {
    // A pool that starts beside a running call takes longer than one that has the machine for itself.
    const { strategy: last, computing, woken } = runs.at(-1) as RunReport;
    const isShown = last !== strategy && spawn === 0 && !isKnown;
    if (isShown && computing !== undefined) observe(cold, computing.start - woken);
    return;
  }
  // Time that was lost on a strategy that did not start does not count for the other one.
  if (runs[0]?.strategy !== strategy) return;
  if (spawn > 0 && start !== undefined) observe(start, spawn);
  else if (!isKnown) observe(cold, dispatch);
  else observe(afterPause ? idle : hot, dispatch);
  if (placing !== undefined && bytesPlaced >= MEASURABLE_BYTES) {
    observe(placing.isRecycled ? "placePerByteRecycled" : "placePerByteFresh", place / bytesPlaced);
  }
}
