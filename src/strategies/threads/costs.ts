/** What a call takes on worker threads. */
import {
  computeCost,
  estimateOf,
  longestShare,
  parallelWidth,
  placeCost,
  resultsCost,
  waitCost,
  workersOf,
} from "../../plan/estimate.js";
import type { HostProfile } from "../../plan/host-profile.js";
import type { Estimate, Means, Workload } from "../../plan/plan.js";

type Name = "threads";

export function estimateThreads(workload: Workload<Name>, means: Means<Name>, host: HostProfile): Estimate {
  const { tasks, kernel } = workload;
  const { serving, respawnWait } = means.states.threads;
  const workers = workersOf(tasks, means);
  const missing = Math.max(0, workers - serving);
  // Until workers may be started those that are up go on without them.
  const wait = serving === 0 ? respawnWait : 0;
  const spawn = missing === 0 ? 0 : wait + host.spawn + (missing - 1) * host.spawnPerWorker;
  const compute = computeCost("threads", workload, host) * longestShare(tasks, parallelWidth(workers, host));
  const own = kernel?.dispatch.threads ?? dispatchCost(workload, host);
  return estimateOf({
    spawn,
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
