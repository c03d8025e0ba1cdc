/** Which strategy, and why: gates first, then costs. */
import type { Limits, Plan, StrategyName, Workload } from "./plan.js";
import { ms } from "./print.js";

export interface Choice {
  readonly strategy: StrategyName;
  readonly reason: string;
  /** Chosen by costs, so what the run shows may overturn it. */
  readonly isOpen: boolean;
}

// Threads keep the caller's event loop free: worth a tenth.
const FREE_LOOP = 1.1;
// What may be spent on having workers find out what an unknown kernel costs: they find out without blocking anybody.
const FIND_OUT_MS = 1;

export function choose(workload: Workload, limits: Limits, predicted: Plan["predicted"]): Choice {
  const gate = closedGate(workload, limits);
  if (gate !== undefined) return { strategy: "sequential", reason: gate, isOpen: false };
  const asked = limits.strategy;
  if (asked !== "auto")
    return { strategy: asked, reason: `strategy "${asked}" was asked for`, isOpen: false };
  const { sequential, threads } = predicted;
  if (workload.kernel === undefined && workload.hint === 0) {
    const toFindOut = threads.spawn + threads.place + threads.dispatch;
    return toFindOut <= FIND_OUT_MS
      ? {
          strategy: "threads",
          reason: `the kernel was never measured: the workers find out what it costs, for ${ms(toFindOut)}`,
          isOpen: true,
        }
      : {
          strategy: "sequential",
          reason:
            "the kernel was never measured: the call starts on this thread and moves to the workers when that pays",
          isOpen: true,
        };
  }
  const figures = `sequential ${ms(sequential.total)}, threads ${ms(threads.total)}`;
  if (threads.total < sequential.total) {
    return { strategy: "threads", reason: `predicted to be faster: ${figures}`, isOpen: true };
  }
  return threads.total <= FREE_LOOP * sequential.total
    ? {
        strategy: "threads",
        reason: `predicted to be as fast within a tenth, and leaves this thread free: ${figures}`,
        isOpen: true,
      }
    : { strategy: "sequential", reason: `predicted to be faster: ${figures}`, isOpen: true };
}

/** Why only sequential is possible or allowed; undefined: anything is. */
function closedGate({ tasks, instances }: Workload, limits: Limits): string | undefined {
  const { minBatchSize, minInstancesForParallel, tinyWorkloadThreshold } = limits;
  if (tasks === 0) return "there are no tasks";
  if (limits.sequentialBecause !== undefined) return limits.sequentialBecause;
  if (minBatchSize !== undefined && tasks < minBatchSize) {
    return `${tasks} tasks are fewer than minBatchSize (${minBatchSize})`;
  }
  if (minInstancesForParallel !== undefined && instances < minInstancesForParallel) {
    return `${instances} instances are fewer than minInstancesForParallel (${minInstancesForParallel})`;
  }
  if (tinyWorkloadThreshold !== undefined && instances < tinyWorkloadThreshold) {
    return `${instances} instances are fewer than tinyWorkloadThreshold (${tinyWorkloadThreshold})`;
  }
  return undefined;
}
