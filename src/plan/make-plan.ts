/** Makes the plan before anything happens. Pure: the same workload, limits and profile give the same plan. */
import { adviceFor } from "./advice.js";
import { choose } from "./choose.js";
import { estimateSequential, estimateThreads, parallelWidth } from "./estimate.js";
import { firstTaskLimit } from "./hand-over.js";
import { type HostProfile, hostProfileOf } from "./host-profile.js";
import type { Limits, Plan, Workload } from "./plan.js";
import { printPlan } from "./print.js";

/** The plan as users get it: plain data, frozen. */
export function makePlan(workload: Workload, limits: Limits, host: HostProfile): Plan {
  const draft = new DraftPlan(workload, limits, host);
  const { kernel, predicted, reason, advice } = draft;
  return printable({ ...draft, kernel, predicted, reason, advice, host: hostProfileOf(host) });
}

/** A plan as nothing but data, fit for a message. */
export type PlanData = Omit<Plan, "toString">;

/** Freezes the data of a plan and makes it print as a table. */
export function printable(data: PlanData): Plan {
  const { kernel, predicted, advice, handOver } = data;
  const plan: Plan = {
    ...data,
    kernel: kernel === undefined ? undefined : deepFreeze(kernel),
    handOver: handOver && Object.freeze(handOver),
    predicted: deepFreeze(predicted),
    advice: Object.freeze(advice),
    toString: () => printPlan(plan),
  };
  return Object.freeze(plan);
}

/** The same for the engine's own use: not frozen, and in words only where somebody reads them. */
export class DraftPlan implements Plan {
  readonly strategy: Plan["strategy"];
  readonly fallbacks: Plan["fallbacks"];
  readonly handOver: Plan["handOver"];
  readonly tasks: number;
  readonly workers: number;
  readonly taskBytes: number;
  readonly taskSizeHintBytes: number;
  readonly bytesShared: number;
  readonly bytesToPlace: number;
  readonly kernel: Plan["kernel"];
  readonly predicted: Plan["predicted"];
  readonly host: HostProfile;
  readonly #workload: Workload;
  readonly #limits: Limits;
  readonly #reason: () => string;

  constructor(workload: Workload, limits: Limits, host: HostProfile) {
    const { tasks, taskBytes, hint, bytesShared, bytesToPlace, kernel } = workload;
    const workers = Math.max(1, Math.min(limits.maxWorkers, tasks));
    const predicted = {
      sequential: estimateSequential(workload, host),
      threads: estimateThreads(workload, workers, limits, host),
    };
    const { strategy, reason, isOpen } = choose(workload, limits, predicted);
    const width = parallelWidth(workers, host);
    const mayGiveUp = kernel === undefined && workload.canGiveUp && limits.canInterrupt;
    const limit = mayGiveUp ? firstTaskLimit(tasks, width, predicted.threads) : undefined;
    // A single task, or a single worker, saves no time by moving, but it may save the caller's thread from being blocked.
    const mayMove =
      isOpen && strategy === "sequential" && host.parallelism > 1 && (width > 1 || limit !== undefined);
    this.strategy = strategy;
    this.fallbacks = isOpen && strategy === "threads" ? FALLBACKS : NONE;
    this.handOver = mayMove ? { workers, width, firstTaskLimit: limit } : undefined;
    this.tasks = tasks;
    this.workers = strategy === "threads" ? workers : 1;
    this.taskBytes = taskBytes;
    this.taskSizeHintBytes = hint;
    this.bytesShared = bytesShared;
    this.bytesToPlace = bytesToPlace;
    this.kernel = kernel;
    this.predicted = predicted;
    this.host = host;
    this.#workload = workload;
    this.#limits = limits;
    this.#reason = reason;
  }

  get reason(): string {
    return this.#reason();
  }

  get advice(): readonly string[] {
    return adviceFor(this.#workload, this.#limits, this.host, this.predicted);
  }
}

const FALLBACKS = Object.freeze(["sequential"] as const);
const NONE = Object.freeze([] as const);

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) Object.freeze(part);
  return Object.freeze(value);
}
