/** Makes the plan before anything happens. Pure: the same workload, limits and profile give the same plan. */
import { adviceFor } from "./advice.js";
import { choose } from "./choose.js";
import { estimateSequential, estimateThreads, parallelWidth } from "./estimate.js";
import { mayGuard } from "./hand-over.js";
import type { HostProfile } from "./host-profile.js";
import type { KernelCost, Limits, Plan, Workload } from "./plan.js";
import { printPlan } from "./print.js";

export function makePlan(workload: Workload, limits: Limits, host: HostProfile): Plan {
  const { tasks, taskBytes, hint, bytesShared, bytesToPlace, kernel } = workload;
  const workers = Math.max(1, Math.min(limits.maxWorkers, tasks));
  const predicted = Object.freeze({
    sequential: estimateSequential(workload, host),
    threads: estimateThreads(workload, workers, limits, host),
  });
  const { strategy, reason, isOpen } = choose(workload, limits, predicted);
  const width = parallelWidth(workers, host);
  const mayMove = isOpen && strategy === "sequential" && tasks > 1 && width > 1;
  const guardsFirstTask =
    kernel === undefined && workload.canGiveUp && mayGuard(tasks, width, predicted.threads);
  const plan: Plan = {
    strategy,
    fallbacks: Object.freeze(isOpen && strategy === "threads" ? (["sequential"] as const) : []),
    handOver: mayMove ? Object.freeze({ workers, width, guardsFirstTask }) : undefined,
    tasks,
    workers: strategy === "threads" ? workers : 1,
    taskBytes,
    taskSizeHintBytes: hint,
    bytesShared,
    bytesToPlace,
    kernel: kernel === undefined ? undefined : frozen(kernel),
    predicted,
    reason,
    advice: Object.freeze(adviceFor(workload, limits, host, predicted)),
    host,
    toString: () => printPlan(plan),
  };
  return Object.freeze(plan);
}

function frozen(kernel: KernelCost): KernelCost {
  const { perByte, perResult, dispatch, since } = kernel;
  for (const figures of [perByte, perResult, dispatch, since]) Object.freeze(figures);
  return Object.freeze(kernel);
}
