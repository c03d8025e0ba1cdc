/** What plans rest on, where a test has nothing else to say. */
import type { KernelCost, Limits, Workload } from "../../../src/plan/plan.js";

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
  liveWorkers: 2,
  respawnWait: 0,
  rent: 0,
  canInterrupt: true,
  recycles: false,
  keepsRegions: false,
  sequentialBecause: undefined,
  minBatchSize: undefined,
  minInstancesForParallel: undefined,
  tinyWorkloadThreshold: undefined,
};
