/** What plans rest on, unless a test says something else. */
import { CostModels } from "../../../src/plan/cost-model.js";
import type { HostProfile } from "../../../src/plan/host-profile.js";
import { makePlan as makePlanOf } from "../../../src/plan/make-plan.js";
import type * as plan from "../../../src/plan/plan.js";
import { sequential } from "../../../src/strategies/sequential/index.js";
import { threads } from "../../../src/strategies/threads/index.js";

/** Plans know strategies by what they cost alone; two of them show all. */
export type StrategyName = "sequential" | "threads";

export type Workload = plan.Workload<StrategyName>;
export type Limits = plan.Limits<StrategyName>;
export type KernelCost = plan.KernelCost<StrategyName>;
export type Plan = plan.Plan<StrategyName>;

export const MODELS = new CostModels<StrategyName>([sequential, threads]);

const HERE: plan.StrategyState = { unavailable: undefined, serving: 0, respawnWait: 0, rent: 0 };

/** What strategies are at, if the threads are at this. */
export function states(threads: Partial<plan.StrategyState>): Limits["states"] {
  return { sequential: HERE, threads: { ...HERE, ...threads } };
}

/** A kernel that was measured in two calls like the one that is planned, at 1 ms a task. */
export const KERNEL: KernelCost = {
  perTask: { sequential: 1, threads: 1 },
  perResult: { sequential: 0, threads: 0 },
  dispatch: { sequential: undefined, threads: undefined },
  since: { sequential: 0, threads: 0 },
  basis: "seen",
  within: 1.1,
  longest: 1,
  sending: 0,
  runs: 2,
  runsAlike: 2,
  isOnWorkers: true,
};

export const WORKLOAD: Workload = {
  call: "mapShared",
  tasks: 10,
  passes: 1,
  isCut: true,
  instances: 10,
  taskBytes: 1,
  hint: 0,
  bytesShared: 0,
  bytesToPlace: 0,
  placedBefore: { bytes: 0, times: 0 },
  droppedBefore: { bytes: 0, times: 0 },
  kernel: KERNEL,
  afterPause: false,
  occupied: { sequential: { busy: 0, shares: 0 }, threads: { busy: 0, shares: 0 } },
  canGiveUp: true,
};

/** A pool of two that is up. */
export const LIMITS: Limits = {
  strategy: "auto",
  maxWorkers: 2,
  states: states({ serving: 2 }),
  canInterrupt: true,
  recycles: false,
  keepsRegions: false,
  hereBecause: undefined,
  minBatchSize: undefined,
  minInstancesForParallel: undefined,
  tinyWorkloadThreshold: undefined,
};

/** As the engine does, over all strategies. */
export const makePlan = (workload: Workload, limits: Limits, host: HostProfile): Plan =>
  makePlanOf(MODELS, workload, limits, host);
