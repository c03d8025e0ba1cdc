/**
 * The plan: plain data that says how a job will run, made before anything happens. Pure: the same workload, limits
 * and profile give the same plan.
 */
import type { HostProfile } from "./host-profile.js";

export type StrategyName = "sequential" | "threads";

/** What there is to do. */
export interface Workload {
  readonly tasks: number;
  /** What the gates count: elements of arrays and columns, or items. */
  readonly instances: number;
  /** Payload bytes of one task, measured or hinted. */
  readonly taskBytes: number;
  /** Payload bytes that are on shared memory already. */
  readonly bytesShared: number;
  /** Payload bytes that must be copied there first. */
  readonly bytesToPlace: number;
  /** Measured milliseconds per payload byte of this kernel; undefined: never seen. */
  readonly costPerByte: number | undefined;
}

/** What may be used and what the caller has decided. */
export interface Limits {
  readonly strategy: "auto" | StrategyName;
  readonly maxWorkers: number;
  /** Workers that are up already. */
  readonly liveWorkers: number;
  /** Bytes of used regions that wait for the next job. */
  readonly bytesIdle: number;
  /** Why nothing but sequential is possible; undefined: threads are. */
  readonly sequentialBecause: string | undefined;
  readonly minBatchSize: number | undefined;
  readonly minInstancesForParallel: number | undefined;
  readonly tinyWorkloadThreshold: number | undefined;
}

/** Predicted milliseconds of one strategy. */
export interface Estimate {
  readonly spawn: number;
  readonly place: number;
  readonly dispatch: number;
  readonly compute: number;
  readonly total: number;
}

/** How a job will run. Frozen; `String(plan)` is a table for people. */
export interface Plan {
  readonly strategy: StrategyName;
  /** What is tried next, in order, when the strategy cannot start or loses its workers. */
  readonly fallbacks: readonly StrategyName[];
  readonly tasks: number;
  /** Threads that will run tasks. */
  readonly workers: number;
  /** Payload bytes per task that the estimates rest on. */
  readonly taskBytes: number;
  readonly bytesShared: number;
  readonly bytesToPlace: number;
  readonly predicted: { readonly [S in StrategyName]: Estimate };
  /** Why this strategy, in words. */
  readonly reason: string;
  toString(): string;
}

export function makePlan(workload: Workload, limits: Limits, host: HostProfile): Plan {
  const workers = Math.max(1, Math.min(limits.maxWorkers, workload.tasks));
  const predicted = Object.freeze({
    sequential: estimateSequential(workload, host),
    threads: estimateThreads(workload, workers, limits, host),
  });
  const [strategy, reason] = choose(workload, limits, predicted);
  const canFallBack = strategy === "threads" && limits.strategy === "auto";
  const plan: Plan = {
    strategy,
    fallbacks: Object.freeze(canFallBack ? (["sequential"] as const) : []),
    tasks: workload.tasks,
    workers: strategy === "threads" ? workers : 1,
    taskBytes: workload.taskBytes,
    bytesShared: workload.bytesShared,
    bytesToPlace: workload.bytesToPlace,
    predicted,
    reason,
    toString: () => printPlan(plan),
  };
  return Object.freeze(plan);
}

function choose(workload: Workload, limits: Limits, predicted: Plan["predicted"]): [StrategyName, string] {
  const { tasks, instances } = workload;
  const { minBatchSize, minInstancesForParallel, tinyWorkloadThreshold } = limits;
  if (tasks === 0) return ["sequential", "there are no tasks"];
  if (limits.sequentialBecause !== undefined) return ["sequential", limits.sequentialBecause];
  if (minBatchSize !== undefined && tasks < minBatchSize) {
    return ["sequential", `${tasks} tasks are fewer than minBatchSize (${minBatchSize})`];
  }
  if (minInstancesForParallel !== undefined && instances < minInstancesForParallel) {
    return [
      "sequential",
      `${instances} instances are fewer than minInstancesForParallel (${minInstancesForParallel})`,
    ];
  }
  if (tinyWorkloadThreshold !== undefined && instances < tinyWorkloadThreshold) {
    return [
      "sequential",
      `${instances} instances are fewer than tinyWorkloadThreshold (${tinyWorkloadThreshold})`,
    ];
  }
  if (limits.strategy !== "auto") return [limits.strategy, `strategy "${limits.strategy}" was asked for`];
  const { sequential, threads } = predicted;
  const figures = `sequential ${ms(sequential.total)}, threads ${ms(threads.total)}`;
  return threads.total < sequential.total
    ? ["threads", `predicted to be faster: ${figures}`]
    : ["sequential", `predicted to be no slower: ${figures}`];
}

function estimateSequential(workload: Workload, host: HostProfile): Estimate {
  const compute = computeCost(workload, host);
  return Object.freeze({ spawn: 0, place: 0, dispatch: 0, compute, total: compute });
}

function estimateThreads(workload: Workload, workers: number, limits: Limits, host: HostProfile): Estimate {
  const { bytesToPlace, tasks } = workload;
  // Workers start side by side, each on a core of its own.
  const spawn = workers > limits.liveWorkers ? host.spawnPerWorker : 0;
  const recycled = Math.min(bytesToPlace, limits.bytesIdle);
  const place = recycled * host.placePerByteRecycled + (bytesToPlace - recycled) * host.placePerByteFresh;
  // The last round of tasks may leave some workers idle.
  const share = Math.ceil(tasks / workers) / Math.max(1, tasks);
  const compute = computeCost(workload, host) * share;
  const { dispatch } = host;
  return Object.freeze({ spawn, place, dispatch, compute, total: spawn + place + dispatch + compute });
}

function computeCost({ tasks, taskBytes, costPerByte }: Workload, host: HostProfile): number {
  return tasks * (host.perTask + taskBytes * (costPerByte ?? host.computePerByte));
}

function ms(value: number): string {
  return `${value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(3)} ms`;
}

function printPlan(plan: Plan): string {
  const columns = ["spawn", "place", "dispatch", "compute", "total"] as const;
  const rows = [
    ["strategy", ...columns],
    ...(["sequential", "threads"] as const).map((strategy) => [
      strategy === plan.strategy ? `${strategy} *` : strategy,
      ...columns.map((column) => ms(plan.predicted[strategy][column])),
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const table = rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "),
  );
  return [
    ...table,
    `* chosen: ${plan.reason}`,
    `${plan.tasks} tasks of ${plan.taskBytes} bytes on ${plan.workers} ${plan.workers === 1 ? "thread" : "threads"}; ` +
      `${plan.bytesShared} bytes are shared already, threads would place ${plan.bytesToPlace}`,
  ].join("\n");
}
