/** What each strategy would take: the cost model. All in milliseconds. */
import type { HostProfile } from "./host-profile.js";
import type { Estimate, Limits, StrategyName, Workload } from "./plan.js";

export function estimateSequential(workload: Workload, _limits: Limits, host: HostProfile): Estimate {
  const compute = computeCost("sequential", workload, host);
  const results = resultsCost("sequential", workload);
  const own = workload.kernel?.dispatch.sequential ?? host.dispatchSequential;
  const dispatch = own + waitCost("sequential", workload, compute, host);
  return estimate({ spawn: 0, place: 0, dispatch, compute, results });
}

export function estimateThreads(workload: Workload, limits: Limits, host: HostProfile): Estimate {
  const { tasks, kernel } = workload;
  const workers = workersOf(tasks, limits);
  const missing = Math.max(0, workers - limits.liveWorkers);
  // Until workers may be started those that are up go on without them.
  const wait = limits.liveWorkers === 0 ? limits.respawnWait : 0;
  const spawn = missing === 0 ? 0 : wait + host.spawn + (missing - 1) * host.spawnPerWorker;
  const compute = computeCost("threads", workload, host) * longestShare(tasks, parallelWidth(workers, host));
  const own = kernel?.dispatch.threads ?? dispatchThreads(workload, host);
  return estimate({
    spawn,
    place: placeCost(workload, limits, host),
    dispatch: own + waitCost("threads", workload, compute, host),
    compute,
    results: resultsCost("threads", workload),
  });
}

/** Threads that would take part. */
export function workersOf(tasks: number, { maxWorkers }: Limits): number {
  return Math.max(1, Math.min(maxWorkers, tasks));
}

function dispatchThreads({ kernel, afterPause }: Workload, host: HostProfile): number {
  if (kernel?.isOnWorkers !== true) return host.dispatchCold;
  return afterPause ? host.dispatchIdle : host.dispatchHot;
}

/**
 * Calls in progress share a strategy's threads evenly: they delay this one by what they compute, or as long as it computes
 * itself. Those on another strategy take part of the CPUs.
 */
function waitCost(
  strategy: StrategyName,
  { occupied }: Workload,
  compute: number,
  host: HostProfile,
): number {
  let wait = 0;
  for (const name in occupied) {
    const { busy, shares } = occupied[name as StrategyName];
    if (shares === 0) continue;
    wait +=
      name === strategy
        ? Math.min(busy, shares * compute)
        : Math.min(busy, compute) / Math.max(1, host.parallelism);
  }
  return wait;
}

/**
 * Fresh memory is paid for once: the next call finds it used. Calls of this shape share what it costs beyond used memory, as
 * many as there have been and this one: they would have lost as much without it by the time that it is taken.
 */
function placeCost({ bytesToPlace, kernel }: Workload, limits: Limits, host: HostProfile): number {
  const recycled = bytesToPlace * host.placePerByteRecycled;
  if (limits.recycles) return recycled;
  const fresh = bytesToPlace * host.placePerByteFresh;
  const earlier = limits.keepsRegions ? (kernel?.runsAlike ?? 0) : 0;
  return recycled + Math.max(0, fresh - recycled) / (1 + earlier);
}

/** Threads that really run at the same time. */
export function parallelWidth(workers: number, host: HostProfile): number {
  return Math.max(1, Math.min(workers, host.parallelism));
}

/** The part of all tasks that the busiest of `width` threads runs: the last tasks may leave some threads idle. */
export function longestShare(tasks: number, width: number): number {
  return tasks === 0 ? 0 : Math.ceil(tasks / width) / tasks;
}

/** Of one thread that runs all tasks. */
function computeCost(
  strategy: StrategyName,
  { tasks, taskBytes, kernel }: Workload,
  host: HostProfile,
): number {
  // What was measured includes the loop around the kernel.
  if (kernel !== undefined) return tasks * kernel.perTask[strategy];
  return tasks * (host.perTask + host.perClaim + taskBytes * host.computePerByte);
}

function resultsCost(strategy: StrategyName, { tasks, kernel }: Workload): number {
  return kernel === undefined ? 0 : tasks * kernel.perResult[strategy];
}

function estimate(parts: Omit<Estimate, "total">): Estimate {
  const { spawn, place, dispatch, compute, results } = parts;
  return { spawn, place, dispatch, compute, results, total: spawn + place + dispatch + compute + results };
}
