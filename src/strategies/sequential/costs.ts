/** What a call takes on the calling thread. */
import { computeCost, estimateOf, resultsCost, waitCost } from "../../plan/estimate.js";
import type { HostProfile } from "../../plan/host-profile.js";
import type { Estimate, Means, Workload } from "../../plan/plan.js";

export function estimateSequential(
  workload: Workload<"sequential">,
  _means: Means<"sequential">,
  host: HostProfile,
): Estimate {
  const compute = computeCost("sequential", workload, host);
  const results = resultsCost("sequential", workload);
  const own = workload.kernel?.dispatch.sequential ?? host.dispatchSequential;
  const dispatch = own + waitCost("sequential", workload, compute, host);
  return estimateOf({ spawn: 0, place: 0, dispatch, compute, results });
}
