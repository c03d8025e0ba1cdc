/** Which strategy, and why: gates first, then costs. */
import { GUARD_MS } from "./hand-over-cost.js";
import type { Estimate, KernelCost, Limits, Plan, StrategyName, Workload } from "./plan.js";
import { ms } from "./print.js";
import { HERE, STRATEGIES } from "./strategies.js";

export interface Choice {
  readonly strategy: StrategyName;
  /** Words are made at need: most calls' are never read. */
  readonly reason: () => string;
  /** Chosen by costs, so what the run shows may overturn it. */
  readonly isOpen: boolean;
  /** Whether nothing is known that the choice could rest on: the first tasks decide. */
  readonly isUnsure: boolean;
}

// Other strategies keep the caller's event loop free: worth a tenth.
const FREE_LOOP = 1.1;
// What may be spent on having workers find out what a kernel costs that nothing could stop on the calling thread.
const FIND_OUT_MS = 1;
// Predictions that hold within this factor are trusted, whatever a larger deviation would mean.
const TRUSTED_FACTOR = 2;
// The share of all time that goes into looking again at a strategy that is not chosen, and the fewest runs between two
// looks: where both cost about the same the choice should still not flutter.
const LOOK_AGAIN = 1 / 100;
const LEAST_SINCE = 32;

export function choose(workload: Workload, limits: Limits, predicted: Plan["predicted"]): Choice {
  const gate = closedGate(workload, limits);
  if (gate !== undefined) return decided(HERE.name, gate);
  const asked = limits.strategy;
  if (asked !== "auto") return decided(asked, `strategy "${asked}" was asked for`);
  const choice = chooseByCosts(workload, limits, predicted);
  const { liveWorkers, respawnWait } = limits;
  if (choice.strategy !== HERE.name || liveWorkers > 0 || respawnWait === 0) return choice;
  const wait = ms(respawnWait);
  return { ...choice, reason: () => `${choice.reason()}; workers died, and none is started for ${wait}` };
}

function chooseByCosts(workload: Workload, limits: Limits, predicted: Plan["predicted"]): Choice {
  const chosen = cheapest(predicted, limits, 1);
  if (!isSure(workload, limits, predicted, chosen)) return chooseUnsure(workload, limits, predicted, chosen);
  const because = (why: string) => (): string =>
    `${why}: ${STRATEGIES.map(({ name }) => `${name} ${ms(predicted[name].total)}`).join(", ")}`;
  const due = strategyDue(chosen, workload, predicted);
  if (due !== undefined) {
    const since = workload.kernel?.since[due];
    return open(due, because(`not measured in the last ${since} runs, so it is looked at again`));
  }
  return open(chosen, because(whyCheapest(predicted[HERE.name], predicted[chosen], limits)));
}

function whyCheapest(here: Estimate, chosen: Estimate, limits: Limits): string {
  if (chosen === here || chosen.total < here.total) return "predicted to be faster";
  return costOf(chosen, limits, 1) < here.total
    ? "predicted to be faster but for the start of workers, which earlier calls would have needed too"
    : "predicted to be as fast within a tenth, and leaves this thread free";
}

/** Nothing is known of calls like this one, or they differ too much. */
function chooseUnsure(
  { kernel, canGiveUp }: Workload,
  { canInterrupt }: Limits,
  predicted: Plan["predicted"],
  chosen: StrategyName,
): Choice {
  const what = unknownOf(kernel);
  const isShort = kernel !== undefined && kernel.perTask[HERE.name] <= GUARD_MS;
  if (!canInterrupt && !isShort) {
    const reason = (): string => `${what}, and nothing could stop it on this thread: the workers find out`;
    return unsure(kernel === undefined ? cheapestElsewhere(predicted) : chosen, reason);
  }
  const elsewhere = cheapestElsewhere(predicted);
  const toFindOut = overheadOf(predicted[elsewhere]);
  if (!canGiveUp && !isShort && toFindOut <= FIND_OUT_MS) {
    return unsure(elsewhere, () => `${what}: the workers find out what it costs, for ${ms(toFindOut)}`);
  }
  return unsure(
    HERE.name,
    () => `${what}: the call starts on this thread and moves to the workers when that pays`,
  );
}

function unknownOf(kernel: KernelCost | undefined): string {
  if (kernel === undefined) return "the kernel was never measured";
  if (kernel.runs === 1) return "the kernel was measured once, while it was compiled";
  if (kernel.basis === "fitted") return "no call like this one was measured";
  return `calls like this one differ by a factor of ${kernel.within.toFixed(1)}`;
}

/** Would the choice be the same if tasks cost as much more, or less, as they may? */
function isSure(
  { kernel, hint }: Workload,
  limits: Limits,
  predicted: Plan["predicted"],
  chosen: StrategyName,
): boolean {
  // A hint is the caller's word.
  if (kernel === undefined || hint > 0) return hint > 0;
  const { within, basis } = kernel;
  if (within === Infinity) return false;
  if (basis === "seen") return within <= TRUSTED_FACTOR;
  return [within, 1 / within].every((factor) => cheapest(predicted, limits, factor) === chosen);
}

/** @param factor by which tasks cost more than is predicted */
function cheapest(predicted: Plan["predicted"], limits: Limits, factor: number): StrategyName {
  let best: StrategyName = HERE.name;
  let least = FREE_LOOP * costOf(predicted[best], limits, factor);
  for (const { name, isHere } of STRATEGIES) {
    const cost = isHere ? Infinity : costOf(predicted[name], limits, factor);
    if (cost > least || (cost === least && best !== HERE.name)) continue;
    [best, least] = [name, cost];
  }
  return best;
}

/** Earlier calls that had no workers have paid for their start. */
function costOf({ spawn, compute, total }: Estimate, { rent }: Limits, factor: number): number {
  return total + (factor - 1) * compute - Math.min(spawn, rent);
}

/** Where a call may move from the calling thread. */
export function cheapestElsewhere(predicted: Plan["predicted"]): StrategyName {
  const names = STRATEGIES.filter(({ isHere }) => !isHere).map(({ name }) => name);
  return names.reduce((best, name) => (predicted[name].total < predicted[best].total ? name : best));
}

/** What it takes to reach a strategy, in milliseconds. */
function overheadOf({ spawn, place, dispatch }: Estimate): number {
  return spawn + place + dispatch;
}

/**
 * A strategy that is not chosen, if it is time to look at it again: it may have been measured badly, or things have changed.
 */
function strategyDue(
  chosen: StrategyName,
  { kernel }: Workload,
  predicted: Plan["predicted"],
): StrategyName | undefined {
  if (kernel === undefined || kernel.basis !== "seen") return undefined;
  const { total } = predicted[chosen];
  return STRATEGIES.find(({ name, isHere }) => {
    if (name === chosen || kernel.since[name] < LEAST_SINCE) return false;
    // No pool is started for a look, and no task is looked at that would keep the event loop waiting.
    if (predicted[name].spawn > 0 || (isHere && kernel.perTask[chosen] > GUARD_MS)) return false;
    return predicted[name].total - total <= LOOK_AGAIN * kernel.since[name] * total;
  })?.name;
}

function decided(strategy: StrategyName, reason: string): Choice {
  return { strategy, reason: () => reason, isOpen: false, isUnsure: false };
}

function open(strategy: StrategyName, reason: () => string): Choice {
  return { strategy, reason, isOpen: true, isUnsure: false };
}

function unsure(strategy: StrategyName, reason: () => string): Choice {
  return { strategy, reason, isOpen: true, isUnsure: true };
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
