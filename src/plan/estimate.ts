/** The parts of an estimate that strategies have in common. All in milliseconds. */
import type { HostProfile } from "./host-profile.js";
import type { Estimate, Means, StrategyState, Workload } from "./plan.js";

/** Threads that would take part. */
export function workersOf(tasks: number, { maxWorkers }: { readonly maxWorkers: number }): number {
  return Math.max(1, Math.min(maxWorkers, tasks));
}

/** Starting the workers that are missing. @param first milliseconds of the first one */
export function spawnCost(
  workers: number,
  { serving, respawnWait }: StrategyState,
  first: number,
  host: HostProfile,
): number {
  const missing = Math.max(0, workers - serving);
  if (missing === 0) return 0;
  // Until workers may be started those that are up go on without them.
  const wait = serving === 0 ? respawnWait : 0;
  return wait + first + (missing - 1) * host.spawnPerWorker;
}

/**
 * Calls in progress share a strategy's threads evenly: they delay this one by what they compute, or as long as it computes
 * itself. Those on another strategy take part of the CPUs.
 */
export function waitCost<N extends string>(
  strategy: N,
  { occupied }: Workload<N>,
  compute: number,
  host: HostProfile,
): number {
  let wait = 0;
  for (const name in occupied) {
    const { busy, shares } = occupied[name];
    if (shares === 0) continue;
    wait +=
      name === strategy
        ? Math.min(busy, shares * compute)
        : Math.min(busy, compute) / Math.max(1, host.parallelism);
  }
  return wait;
}

/**
 * Fresh memory is paid for once, because the next call finds it used. This call and the earlier ones of its shape share what it
 * costs beyond used memory. Without it they would have lost as much by then.
 */
export function placeCost<N extends string>(
  { bytesToPlace, kernel }: Workload<N>,
  { recycles, keepsRegions }: Means<N>,
  host: HostProfile,
): number {
  const recycled = bytesToPlace * host.placePerByteRecycled;
  if (recycles) return recycled;
  const fresh = bytesToPlace * host.placePerByteFresh;
  const earlier = keepsRegions ? (kernel?.runsAlike ?? 0) : 0;
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

/** Milliseconds of one thread that runs all tasks. */
export function computeCost<N extends string>(
  strategy: N,
  { tasks, passes, taskBytes, kernel }: Workload<N>,
  host: HostProfile,
): number {
  // The measurement includes the loop around the kernel.
  if (kernel !== undefined) return passes * tasks * kernel.perTask[strategy];
  return passes * tasks * (host.perTask + host.perClaim + taskBytes * host.computePerByte);
}

export function resultsCost<N extends string>(strategy: N, { tasks, kernel }: Workload<N>): number {
  return kernel === undefined ? 0 : tasks * kernel.perResult[strategy];
}

/** Adds the total. */
export function estimateOf(parts: Omit<Estimate, "total">): Estimate {
  const { spawn, place, dispatch, compute, results } = parts;
  return { spawn, place, dispatch, compute, results, total: spawn + place + dispatch + compute + results };
}
