/** What each strategy would take: the cost model. All in milliseconds. */
import type { HostProfile } from "./host-profile.js";
import type { Estimate, Limits, StrategyName, Workload } from "./plan.js";

export function estimateSequential(workload: Workload, host: HostProfile): Estimate {
  const compute = computeCost("sequential", workload, host);
  const results = resultsCost("sequential", workload);
  const dispatch = workload.kernel?.dispatch.sequential ?? host.dispatchSequential;
  return estimate({ spawn: 0, place: 0, dispatch, compute, results });
}

/** @param workers threads that would take part */
export function estimateThreads(
  workload: Workload,
  workers: number,
  limits: Limits,
  host: HostProfile,
): Estimate {
  const missing = Math.max(0, workers - limits.liveWorkers);
  // Until workers may be started those that are up go on without them.
  const wait = limits.liveWorkers === 0 ? limits.respawnWait : 0;
  const spawn = missing === 0 ? 0 : wait + host.spawn + (missing - 1) * host.spawnPerWorker;
  return estimate({
    spawn,
    place: placeCost(workload, limits, host),
    dispatch:
      workload.kernel?.dispatch.threads ??
      (workload.kernel?.isOnWorkers === true ? host.dispatchHot : host.dispatchCold),
    compute:
      computeCost("threads", workload, host) * longestShare(workload.tasks, parallelWidth(workers, host)),
    results: resultsCost("threads", workload),
  });
}

/**
 * Fresh memory is paid for once: the next call finds it used. Each call that came before halves the doubt that there
 * will be a next one, and what this one is charged beyond the price of used memory.
 */
function placeCost({ bytesToPlace, kernel }: Workload, limits: Limits, host: HostProfile): number {
  const recycled = bytesToPlace * host.placePerByteRecycled;
  if (limits.recycles) return recycled;
  const fresh = bytesToPlace * host.placePerByteFresh;
  const earlier = limits.keepsRegions ? (kernel?.runs ?? 0) : 0;
  return recycled + Math.max(0, fresh - recycled) * 2 ** -earlier;
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
  if (kernel !== undefined) return tasks * Math.max(1, taskBytes) * kernel.perByte[strategy];
  return tasks * (host.perTask + host.perClaim + taskBytes * host.computePerByte);
}

function resultsCost(strategy: StrategyName, { tasks, kernel }: Workload): number {
  return kernel === undefined ? 0 : tasks * kernel.perResult[strategy];
}

function estimate(parts: Omit<Estimate, "total">): Estimate {
  const { spawn, place, dispatch, compute, results } = parts;
  return { spawn, place, dispatch, compute, results, total: spawn + place + dispatch + compute + results };
}
