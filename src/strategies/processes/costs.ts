/** What a call takes on child processes. */
import {
  computeCost,
  estimateOf,
  longestShare,
  parallelWidth,
  resultsCost,
  spawnCost,
  waitCost,
  workersOf,
} from "../../plan/estimate.js";
import type { HostProfile } from "../../plan/host-profile.js";
import type { Estimate, Means, Workload } from "../../plan/plan.js";

type Name = "processes";

/** Each process reads what this one writes: plain arrays for every call, shared ones the first time. */
export function estimateProcesses(workload: Workload<Name>, means: Means<Name>, host: HostProfile): Estimate {
  const { tasks, kernel, bytesShared, bytesToPlace } = workload;
  const workers = workersOf(tasks, means);
  const width = parallelWidth(workers, host);
  const compute = computeCost("processes", workload, host) * longestShare(tasks, width);
  const own = kernel?.dispatch.processes ?? dispatchCost(workload, host);
  const bytes = bytesToPlace + (kernel?.isOnWorkers === true ? 0 : bytesShared);
  return estimateOf({
    spawn: spawnCost(workers, means.states.processes, host.spawnProcess, host),
    place: bytes * host.placePerByteRecycled * (1 + Math.ceil(workers / width)),
    dispatch: own + waitCost("processes", workload, compute, host),
    compute,
    results: resultsCost("processes", workload),
  });
}

function dispatchCost({ kernel, afterPause }: Workload<Name>, host: HostProfile): number {
  if (kernel?.isOnWorkers !== true) return host.dispatchProcessCold;
  return afterPause ? host.dispatchProcessIdle : host.dispatchProcess;
}
