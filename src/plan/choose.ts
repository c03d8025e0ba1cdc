/** Which strategy, and why: gates first, then costs. */
import { GUARD_MS } from "./hand-over.js";
import type { KernelCost, Limits, Plan, StrategyName, Workload } from "./plan.js";
import { ms } from "./print.js";

export interface Choice {
  readonly strategy: StrategyName;
  /** Words are made at need: most calls' are never read. */
  readonly reason: () => string;
  /** Chosen by costs, so what the run shows may overturn it. */
  readonly isOpen: boolean;
}

// Threads keep the caller's event loop free: worth a tenth.
const FREE_LOOP = 1.1;
// What may be spent on having workers find out what an unknown kernel costs: they find out without blocking anybody.
const FIND_OUT_MS = 1;
// The share of all time that goes into looking again at the strategy that is not chosen, and the fewest runs between two
// looks: where both cost about the same the choice should still not flutter.
const LOOK_AGAIN = 1 / 32;
const LEAST_SINCE = 16;

export function choose(workload: Workload, limits: Limits, predicted: Plan["predicted"]): Choice {
  const gate = closedGate(workload, limits);
  if (gate !== undefined) return { strategy: "sequential", reason: () => gate, isOpen: false };
  const asked = limits.strategy;
  if (asked !== "auto") {
    return { strategy: asked, reason: () => `strategy "${asked}" was asked for`, isOpen: false };
  }
  const choice = chooseByCosts(workload, limits, predicted);
  const { liveWorkers, respawnWait } = limits;
  if (choice.strategy === "threads" || liveWorkers > 0 || respawnWait === 0) return choice;
  const wait = ms(respawnWait);
  return { ...choice, reason: () => `${choice.reason()}; workers died, and none is started for ${wait}` };
}

function chooseByCosts(workload: Workload, { canInterrupt }: Limits, predicted: Plan["predicted"]): Choice {
  const { sequential, threads } = predicted;
  if (workload.kernel === undefined && workload.hint === 0) {
    if (!canInterrupt) {
      const reason =
        "the kernel was never measured, and nothing could stop it on this thread: the workers find out";
      return { strategy: "threads", reason: () => reason, isOpen: true };
    }
    const toFindOut = threads.spawn + threads.place + threads.dispatch;
    return toFindOut <= FIND_OUT_MS
      ? {
          strategy: "threads",
          reason: () =>
            `the kernel was never measured: the workers find out what it costs, for ${ms(toFindOut)}`,
          isOpen: true,
        }
      : {
          strategy: "sequential",
          reason: () =>
            "the kernel was never measured: the call starts on this thread and moves to the workers when that pays",
          isOpen: true,
        };
  }
  const isFaster = threads.total < sequential.total;
  const chosen = isFaster || threads.total <= FREE_LOOP * sequential.total ? "threads" : "sequential";
  const other = chosen === "threads" ? "sequential" : "threads";
  const because = (why: string) => (): string =>
    `${why}: sequential ${ms(sequential.total)}, threads ${ms(threads.total)}`;
  if (isDue(other, chosen, workload, predicted)) {
    const { since } = workload.kernel as KernelCost;
    const reason = because(`not measured in the last ${since[other]} runs, so it is looked at again`);
    return { strategy: other, reason, isOpen: true };
  }
  const reason = because(
    chosen === "sequential" || isFaster
      ? "predicted to be faster"
      : "predicted to be as fast within a tenth, and leaves this thread free",
  );
  return { strategy: chosen, reason, isOpen: true };
}

/**
 * Is it time to look again at the strategy that is not chosen? It may have been measured badly, or things have changed.
 */
function isDue(
  other: StrategyName,
  chosen: StrategyName,
  { kernel, taskBytes }: Workload,
  predicted: Plan["predicted"],
): boolean {
  if (kernel === undefined || kernel.since[other] < LEAST_SINCE) return false;
  // No pool is started for a look, and no task is looked at that would keep the event loop waiting.
  if (predicted[other].spawn > 0) return false;
  if (other === "sequential" && kernel.perByte.threads * Math.max(1, taskBytes) > GUARD_MS) return false;
  const { total } = predicted[chosen];
  return predicted[other].total - total <= LOOK_AGAIN * kernel.since[other] * total;
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
