/** Makes the plan before anything happens. Pure: the same workload, limits and profile give the same plan. */
import { adviceFor } from "./advice.js";
import { type Choice, cheapestElsewhere, choose } from "./choose.js";
import type { CostModels } from "./cost-model.js";
import { parallelWidth, workersOf } from "./estimate.js";
import { firstTaskLimit, GUARD_MS } from "./hand-over-cost.js";
import { type HostProfile, hostProfileOf } from "./host-profile.js";
import type { Estimate, KernelCost, Limits, Plan, Workload } from "./plan.js";
import { printPlan } from "./print.js";

// A call looks early at what its tasks cost if nothing is known of them. Otherwise it looks once it takes longer than was
// predicted.
const FIRST_LOOK_MS = 0.25;
const OVERDUE = 1.5;

/** The plan as users get it: plain data, frozen. */
export function makePlan<N extends string>(
  models: CostModels<N>,
  workload: Workload<N>,
  limits: Limits<N>,
  host: HostProfile,
): Plan<N> {
  const draft = new DraftPlan(models, workload, limits, host);
  const { kernel, predicted, reason, advice } = draft;
  return printable({ ...draft, kernel, predicted, reason, advice, host: hostProfileOf(host) });
}

/** A plan as plain data, fit for a message. */
export type PlanData<N extends string> = Omit<Plan<N>, "toString">;

/** Freezes the data of a plan and makes it print as a table. */
export function printable<N extends string>(data: PlanData<N>): Plan<N> {
  const { kernel, predicted, advice, handOver } = data;
  const plan: Plan<N> = {
    ...data,
    kernel: kernel === undefined ? undefined : deepFreeze(kernel),
    handOver: handOver && Object.freeze(handOver),
    predicted: deepFreeze(predicted),
    advice: Object.freeze(advice),
    toString: () => printPlan(plan),
  };
  return Object.freeze(plan);
}

/** The same for the engine's own use: not frozen, and in words only if somebody reads them. */
export class DraftPlan<N extends string> implements Plan<N> {
  readonly strategy: Plan<N>["strategy"];
  readonly fallbacks: Plan<N>["fallbacks"];
  readonly handOver: Plan<N>["handOver"];
  readonly tasks: number;
  readonly workers: number;
  readonly taskBytes: number;
  readonly taskSizeHintBytes: number;
  readonly bytesShared: number;
  readonly bytesToPlace: number;
  readonly kernel: Plan<N>["kernel"];
  readonly basis: Plan<N>["basis"];
  readonly predicted: Plan<N>["predicted"];
  readonly host: HostProfile;
  readonly #models: CostModels<N>;
  readonly #workload: Workload<N>;
  readonly #limits: Limits<N>;
  readonly #reason: () => string;

  constructor(models: CostModels<N>, workload: Workload<N>, limits: Limits<N>, host: HostProfile) {
    const { tasks, taskBytes, hint, bytesShared, bytesToPlace, kernel } = workload;
    const predicted = models.byStrategy(NO_ESTIMATE);
    for (const { name, estimate } of models.all) predicted[name] = estimate(workload, limits, host);
    const choice = choose(models, workload, limits, predicted);
    const { strategy, reason, isOpen } = choice;
    const isHere = strategy === models.here;
    this.strategy = strategy;
    this.fallbacks = isOpen && !isHere ? models.fallbacks : NONE;
    this.handOver =
      isOpen && isHere ? handOverOf(models, choice, workload, limits, host, predicted) : undefined;
    this.tasks = tasks;
    this.workers = isHere ? 1 : workersOf(tasks, limits);
    this.taskBytes = taskBytes;
    this.taskSizeHintBytes = hint;
    this.bytesShared = bytesShared;
    this.bytesToPlace = bytesToPlace;
    this.kernel = kernel;
    this.basis = kernel?.basis ?? "supposed";
    this.predicted = predicted;
    this.host = host;
    this.#models = models;
    this.#workload = workload;
    this.#limits = limits;
    this.#reason = reason;
  }

  get reason(): string {
    return this.#reason();
  }

  get advice(): readonly string[] {
    return adviceFor(this.#models, this.#workload, this.#limits, this.host, this.predicted);
  }
}

/** @returns `undefined` if nothing could be gained by moving */
function handOverOf<N extends string>(
  models: CostModels<N>,
  { isUnsure }: Choice<N>,
  { tasks, kernel, canGiveUp }: Workload<N>,
  limits: Limits<N>,
  host: HostProfile,
  predicted: Plan<N>["predicted"],
): Plan<N>["handOver"] {
  if (host.parallelism <= 1) return undefined;
  const workers = workersOf(tasks, limits);
  const width = parallelWidth(workers, host);
  const strategy = cheapestElsewhere(models, limits, predicted);
  const isGuarded = isUnsure && canGiveUp && limits.canInterrupt && mayBeLong(kernel);
  const limit = isGuarded ? firstTaskLimit(tasks, width, predicted[strategy]) : undefined;
  const overdue = isUnsure ? 0 : OVERDUE * predicted[models.here].total;
  const firstLook = Math.min(GUARD_MS, Math.max(FIRST_LOOK_MS, overdue));
  return { strategy, workers, width, firstTaskLimit: limit, firstLook };
}

/** A guard costs 0.05 to 0.5 ms. That is too much for a kernel none of whose tasks has blocked a thread so far. */
function mayBeLong(kernel: KernelCost<string> | undefined): boolean {
  return kernel === undefined || kernel.longest >= GUARD_MS;
}

const NO_ESTIMATE = (): Estimate => NOTHING;
const NOTHING: Estimate = Object.freeze({
  spawn: 0,
  place: 0,
  dispatch: 0,
  compute: 0,
  results: 0,
  total: 0,
});

const NONE: readonly never[] = Object.freeze([]);

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) Object.freeze(part);
  return Object.freeze(value);
}
