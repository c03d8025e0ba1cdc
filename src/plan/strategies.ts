/** The strategies that a plan chooses from, each described by what the planner must know of it. */
import { estimateSequential, estimateThreads } from "./estimate.js";
import type { HostProfile } from "./host-profile.js";
import type { Estimate, Limits, StrategyName, Workload } from "./plan.js";

interface StrategyDescriptor {
  readonly name: StrategyName;
  /** Whether it runs on the calling thread: a call can begin there, and move on. */
  readonly isHere: boolean;
  readonly estimate: (workload: Workload, limits: Limits, host: HostProfile) => Estimate;
}

/** Where a call begins of which nothing is known. */
export const HERE = { name: "sequential", isHere: true, estimate: estimateSequential } as const;

export const STRATEGIES: readonly StrategyDescriptor[] = [
  HERE,
  { name: "threads", isHere: false, estimate: estimateThreads },
];

/** Something for each strategy. */
export type ByStrategy<T> = { [S in StrategyName]: T };

export function byStrategy<T>(make: (name: StrategyName) => T): ByStrategy<T> {
  const all: Partial<ByStrategy<T>> = {};
  for (const { name } of STRATEGIES) all[name] = make(name);
  return all as ByStrategy<T>;
}
