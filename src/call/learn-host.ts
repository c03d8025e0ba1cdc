/** What a call that ran alone shows of the machine. */

import type { PlacementPlan } from "../memory/placement.js";
import type { Estimate, Plan } from "../plan/plan.js";
import { HERE } from "../plan/strategies.js";
import { observe } from "../strategies/host-meter.js";
import type { RunReport } from "../strategies/job.js";
import type { Execution } from "./execution.js";

// A copy this large takes long enough for its time to mean something.
const MEASURABLE_BYTES = 1024 * 1024;

/** @param runs one per strategy that took part. @param actual what the call took, part by part */
export function learnHost(
  { bytesPlaced }: PlacementPlan,
  { strategy, kernel }: Plan,
  runs: readonly RunReport[],
  { spawn, dispatch, place }: Estimate,
  { placing, afterPause }: { readonly placing: Execution["placing"]; readonly afterPause: boolean },
): void {
  const isKnown = kernel?.isOnWorkers === true;
  if (runs.length > 1) {
    // A pool that starts beside a running call takes longer than one that has the machine for itself.
    const { computing, woken } = runs.at(-1) as RunReport;
    if (spawn === 0 && !isKnown && computing !== undefined) observe("dispatchCold", computing.start - woken);
    return;
  }
  // What was lost on a strategy that did not start is not the other one's.
  if (runs[0]?.strategy !== strategy) return;
  if (strategy === HERE.name) {
    observe("dispatchSequential", dispatch);
    return;
  }
  if (spawn > 0) observe("spawn", spawn);
  else if (!isKnown) observe("dispatchCold", dispatch);
  else observe(afterPause ? "dispatchIdle" : "dispatchHot", dispatch);
  if (placing !== undefined && bytesPlaced >= MEASURABLE_BYTES) {
    observe(placing.isRecycled ? "placePerByteRecycled" : "placePerByteFresh", place / bytesPlaced);
  }
}
