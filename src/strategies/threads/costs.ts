/** What a call takes on worker threads. */
import {
  computeCost,
  estimateOf,
  longestShare,
  parallelWidth,
  placeCost,
  resultsCost,
  spawnCost,
  waitCost,
  workersOf,
} from "../../plan/estimate.js";
import type { HostProfile } from "../../plan/host-profile.js";
import type { Estimate, Means, Workload } from "../../plan/plan.js";

type Name = "threads";

export function estimateThreads(workload: Workload<Name>, means: Means<Name>, host: HostProfile): Estimate {
  const { tasks, kernel } = workload;
  const workers = workersOf(tasks, means);
  const compute = computeCost("threads", workload, host) * longestShare(tasks, parallelWidth(workers, host));
  const own = kernel?.dispatch.threads ?? dispatchCost(workload, host);
  return estimateOf({
    spawn: spawnCost(workers, means.states.threads, host.spawn, host),
    place: placeCost(workload, means, host),
    dispatch: own + waitCost("threads", workload, compute, host),
    compute,
    results: resultsCost("threads", workload),
  });
}

function dispatchCost({ kernel, afterPause }: Workload<Name>, host: HostProfile): number {
  if (kernel?.isOnWorkers !== true) return host.dispatchCold;
  return afterPause ? host.dispatchIdle : host.dispatchHot;
}
