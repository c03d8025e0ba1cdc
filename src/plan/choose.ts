/** Chooses a strategy, and says why: gates first, then costs. */
import type { CostModels } from "./cost-model.js";
import { GUARD_MS } from "./hand-over-cost.js";
import type { Estimate, KernelCost, Limits, Plan, Workload } from "./plan.js";
import { ms } from "./print.js";

export interface Choice<N extends string> {
  readonly strategy: N;
  /** Makes the words at need, because those of most calls are never read. */
  readonly reason: () => string;
  /** Whether costs decided, so that the run may overturn the choice. */
  readonly isOpen: boolean;
  /** Whether nothing is known to base the choice on, so that the first tasks decide. */
  readonly isUnsure: boolean;
}

// Other strategies keep the caller's event loop free. That is worth a tenth.
const FREE_LOOP = 1.1;
// Milliseconds that workers may spend on finding out what a kernel costs, if nothing could stop it on the calling thread.
const FIND_OUT_MS = 1;
// Predictions that hold within this factor are trusted.
const TRUSTED_FACTOR = 2;
// The share of all time that goes into looks at a strategy that is not chosen, and the fewest runs between two looks. They keep
// the choice from fluttering if both cost about the same.
const LOOK_AGAIN = 1 / 100;
const LEAST_SINCE = 32;

type Predicted<N extends string> = Plan<N>["predicted"];

export function choose<N extends string>(
  models: CostModels<N>,
  workload: Workload<N>,
  limits: Limits<N>,
  predicted: Predicted<N>,
): Choice<N> {
  const { here } = models;
  const gate = closedGate(workload, limits);
  if (gate !== undefined) return decided(here, gate);
  const asked = limits.strategy;
  if (asked !== "auto") return decided(asked, `strategy "${asked}" was asked for`);
  const choice = chooseByCosts(models, workload, limits, predicted);
  const { serving, respawnWait } = limits.states[cheapestElsewhere(models, limits, predicted)];
  if (choice.strategy !== here || serving > 0 || respawnWait === 0) return choice;
  const wait = ms(respawnWait);
  return { ...choice, reason: () => `${choice.reason()}; workers died, and none is started for ${wait}` };
}

function chooseByCosts<N extends string>(
  models: CostModels<N>,
  workload: Workload<N>,
  limits: Limits<N>,
  predicted: Predicted<N>,
): Choice<N> {
  const chosen = cheapest(models, predicted, limits, 1);
  if (!isSure(models, workload, limits, predicted, chosen)) {
    return chooseUnsure(models, workload, limits, predicted, chosen);
  }
  const because = (why: string) => (): string => {
    const choices = models.all.filter(({ name }) => limits.states[name].unavailable === undefined);
    return `${why}: ${choices.map(({ name }) => `${name} ${ms(predicted[name].total)}`).join(", ")}`;
  };
  const due = strategyDue(models, chosen, workload, limits, predicted);
  if (due !== undefined) {
    const since = workload.kernel?.since[due];
    return open(due, because(`not measured in the last ${since} runs, so it is looked at again`));
  }
  return open(chosen, because(whyCheapest(models.here, chosen, limits, predicted)));
}

function whyCheapest<N extends string>(
  here: N,
  chosen: N,
  limits: Limits<N>,
  predicted: Predicted<N>,
): string {
  const { total } = predicted[here];
  if (chosen === here || predicted[chosen].total < total) return "predicted to be faster";
  return costOf(chosen, predicted, limits, 1) < total
    ? "predicted to be faster apart from the start of workers, which earlier calls would have needed too"
    : "predicted to be as fast within a tenth, and leaves this thread free";
}

/** Nothing is known of calls like this one, or they differ too much. */
function chooseUnsure<N extends string>(
  models: CostModels<N>,
  { kernel, canGiveUp }: Workload<N>,
  limits: Limits<N>,
  predicted: Predicted<N>,
  chosen: N,
): Choice<N> {
  const what = unknownOf(kernel);
  const { here } = models;
  const elsewhere = cheapestElsewhere(models, limits, predicted);
  const isShort = kernel !== undefined && kernel.perTask[here] <= GUARD_MS;
  if (!limits.canInterrupt && !isShort) {
    const reason = (): string => `${what}, and nothing could stop it on this thread: the workers find out`;
    return unsure(kernel === undefined ? elsewhere : chosen, reason);
  }
  const toFindOut = overheadOf(predicted[elsewhere]);
  if (!canGiveUp && !isShort && toFindOut <= FIND_OUT_MS) {
    return unsure(elsewhere, () => `${what}: the workers find out what it costs, for ${ms(toFindOut)}`);
  }
  return unsure(
    here,
    () => `${what}: the call starts on this thread and moves to the workers when that pays`,
  );
}

function unknownOf(kernel: KernelCost<string> | undefined): string {
  if (kernel === undefined) return "the kernel was never measured";
  if (kernel.runs === 1) return "the kernel was measured once, while it was compiled";
  if (kernel.basis === "fitted") return "no call like this one was measured";
  return `calls like this one differ by a factor of ${kernel.within.toFixed(1)}`;
}

/** Whether the choice would be the same if tasks cost as much more, or less, as they may. */
function isSure<N extends string>(
  models: CostModels<N>,
  { kernel, hint }: Workload<N>,
  limits: Limits<N>,
  predicted: Predicted<N>,
  chosen: N,
): boolean {
  // A hint says what the caller knows.
  if (kernel === undefined || hint > 0) return hint > 0;
  const { within, basis } = kernel;
  if (within === Infinity) return false;
  if (basis === "seen") return within <= TRUSTED_FACTOR;
  return [within, 1 / within].every((factor) => cheapest(models, predicted, limits, factor) === chosen);
}

/** @param factor by which tasks cost more than is predicted */
function cheapest<N extends string>(
  { here, elsewhere }: CostModels<N>,
  predicted: Predicted<N>,
  limits: Limits<N>,
  factor: number,
): N {
  let best = here;
  let least = FREE_LOOP * costOf(here, predicted, limits, factor);
  for (const name of elsewhere) {
    const cost = costOf(name, predicted, limits, factor);
    if (cost > least || (cost === least && best !== here)) continue;
    [best, least] = [name, cost];
  }
  return best;
}

/** Earlier calls that had no workers have paid for their start. An unavailable strategy costs more than any other. */
function costOf<N extends string>(
  name: N,
  predicted: Predicted<N>,
  { states }: Limits<N>,
  factor: number,
): number {
  const { unavailable, rent } = states[name];
  if (unavailable !== undefined) return Infinity;
  const { spawn, compute, total } = predicted[name];
  return total + (factor - 1) * compute - Math.min(spawn, rent);
}

/** The strategy that a call may move to from the calling thread. If it may not move, the one that it would have moved to. */
export function cheapestElsewhere<N extends string>(
  { elsewhere }: CostModels<N>,
  { states }: Limits<N>,
  predicted: Predicted<N>,
): N {
  const total = (name: N): number =>
    states[name].unavailable === undefined ? predicted[name].total : Infinity;
  let best = elsewhere[0] as N;
  for (const name of elsewhere) if (total(name) < total(best)) best = name;
  return best;
}

/** Milliseconds that it takes to reach a strategy. */
function overheadOf({ spawn, place, dispatch }: Estimate): number {
  return spawn + place + dispatch;
}

/**
 * A strategy that is not chosen, if it is time to look at it again. It may have been measured badly, or the work has changed.
 */
function strategyDue<N extends string>(
  { all }: CostModels<N>,
  chosen: N,
  { kernel }: Workload<N>,
  { states }: Limits<N>,
  predicted: Predicted<N>,
): N | undefined {
  if (kernel === undefined || kernel.basis !== "seen") return undefined;
  const { total } = predicted[chosen];
  return all.find(({ name, isHere }) => {
    if (name === chosen || kernel.since[name] < LEAST_SINCE) return false;
    if (states[name].unavailable !== undefined) return false;
    // A look starts no pool. It runs no task that would keep the event loop waiting.
    if (predicted[name].spawn > 0 || (isHere && kernel.perTask[chosen] > GUARD_MS)) return false;
    return predicted[name].total - total <= LOOK_AGAIN * kernel.since[name] * total;
  })?.name;
}

function decided<N extends string>(strategy: N, reason: string): Choice<N> {
  return { strategy, reason: () => reason, isOpen: false, isUnsure: false };
}

function open<N extends string>(strategy: N, reason: () => string): Choice<N> {
  return { strategy, reason, isOpen: true, isUnsure: false };
}

function unsure<N extends string>(strategy: N, reason: () => string): Choice<N> {
  return { strategy, reason, isOpen: true, isUnsure: true };
}

/** Why only the calling thread may run the call; `undefined` if others may. */
function closedGate(
  { tasks, instances }: Workload<string>,
  limits: Omit<Limits<string>, "strategy" | "states">,
): string | undefined {
  const { minBatchSize, minInstancesForParallel, tinyWorkloadThreshold } = limits;
  if (tasks === 0) return "there are no tasks";
  if (limits.hereBecause !== undefined) return limits.hereBecause;
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
