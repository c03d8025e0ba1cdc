/** What calls of one shape were measured to cost, by strategy. */
import type { CostModels } from "./cost-model.js";
import type { ByStrategy } from "./plan.js";
import type { Speeds } from "./speeds.js";
import type { WorkShape } from "./work-shape.js";

/** One run, as measured. */
export interface KernelRun<N extends string> {
  readonly strategy: N;
  readonly tasks: number;
  /** Milliseconds that all threads together spent in tasks. */
  readonly busy: number;
  /** Milliseconds, among those, that they spent on sending results. */
  readonly sending: number;
  /** Milliseconds from the end of the last task to the result; `undefined` if the work of other calls hides them. */
  readonly results: number | undefined;
  /** Milliseconds spent on preparing and dispatching; `undefined` if the work of other calls hides them. */
  readonly dispatch: number | undefined;
  /** Whether the executor had been idle before. */
  readonly afterPause: boolean;
}

// Disturbances make a measurement longer: compiling, collecting garbage, other processes. So a shorter one is believed sooner.
// One outlier must not decide.
const WEIGHT_SHORTER = 2 / 3;
const WEIGHT_LONGER = 1 / 3;
// A few outliers must not decide either. A run that takes much longer than ever before counts as this much longer.
const LONGEST_FACTOR = 3;
// From this factor on a measurement contradicts what was known.
const CONTRADICTION = 1.5;

interface Figures {
  /** Milliseconds of one thread. */
  perTask: number;
  perResult: number | undefined;
  dispatchAtOnce: number | undefined;
  dispatchAfterPause: number | undefined;
  runs: number;
  /** Runs of other strategies since. */
  since: number;
}

export class ShapeRecord<N extends string> {
  readonly shape: WorkShape;
  readonly figures: ByStrategy<N, Figures>;
  readonly #models: CostModels<N>;
  /** Mean deviation of a call from those before, as a share of the cost. */
  spread = 0;
  /** Milliseconds of the longest task on average of a call. It fades as calls are shorter. */
  longest = 0;
  /** The share of tasks' time that went into sending results, in the last call. */
  sending = 0;
  runs = 0;
  /** Arguments of the last call. */
  lastArgs = 0;

  constructor(models: CostModels<N>, shape: WorkShape) {
    this.shape = shape;
    this.#models = models;
    this.figures = models.byStrategy(noFigures);
  }

  /** Milliseconds of a task: as measured, or as other strategies teach. */
  perTask(name: N, speeds: Speeds<N>): number {
    const own = this.figures[name];
    // After two runs a kernel is not compiled on the way any more.
    if (own.runs > 1) return own.perTask;
    const taught = this.#taught(name, speeds);
    if (own.runs === 0) return taught as number;
    return taught === undefined ? own.perTask : Math.min(own.perTask, taught);
  }

  /** Milliseconds beside placing, tasks and results; `undefined` if they were not measured, or workers that sleep take longer. */
  dispatch(name: N, afterPause: boolean): number | undefined {
    const { dispatchAtOnce, dispatchAfterPause } = this.figures[name];
    if (!afterPause) return dispatchAtOnce ?? dispatchAfterPause;
    return dispatchAfterPause ?? (name === this.#models.here ? dispatchAtOnce : undefined);
  }

  learn({ strategy, tasks, busy, sending, results, dispatch, afterPause }: KernelRun<N>): void {
    const figures = this.figures[strategy];
    const measured = busy / tasks;
    this.sending = busy === 0 ? 0 : sending / busy;
    this.longest = Math.max(measured, this.longest + WEIGHT_LONGER * (measured - this.longest));
    if (figures.runs === 0) {
      figures.perTask = measured;
    } else {
      const before = figures.perTask;
      if (before > 0) {
        const deviation = Math.min(LONGEST_FACTOR, Math.abs(measured / before - 1));
        this.spread += WEIGHT_LONGER * (deviation - this.spread);
      }
      figures.perTask = mean(before, measured);
      this.#fade(strategy, before, measured);
    }
    if (results !== undefined) figures.perResult = mean(figures.perResult, results / tasks);
    if (dispatch !== undefined) {
      const { dispatchAtOnce: atOnce, dispatchAfterPause: later } = figures;
      if (afterPause) figures.dispatchAfterPause = mean(later ?? atOnce, dispatch);
      else figures.dispatchAtOnce = mean(atOnce ?? later, dispatch);
    }
    figures.runs += 1;
    this.runs += 1;
    for (const { name } of this.#models.all) this.figures[name].since += name === strategy ? 0 : 1;
    figures.since = 0;
  }

  /** A contradiction on one strategy counts half for the others: the work may have changed, or the machine. */
  #fade(strategy: N, before: number, measured: number): void {
    if (before === 0 || measured === 0) return;
    const changed = measured / before;
    if (changed <= CONTRADICTION && changed >= 1 / CONTRADICTION) return;
    const factor = Math.sqrt(this.figures[strategy].perTask / before);
    for (const { name } of this.#models.all) if (name !== strategy) this.figures[name].perTask *= factor;
  }

  /** Counts from the strategy that ran last. */
  #taught(name: N, speeds: Speeds<N>): number | undefined {
    let best: N | undefined;
    for (const { name: other } of this.#models.all) {
      if (other === name || this.figures[other].runs === 0) continue;
      if (best === undefined || this.figures[other].since < this.figures[best].since) best = other;
    }
    return best && this.figures[best].perTask * speeds.ratio(name, best);
  }
}

function noFigures(): Figures {
  return {
    perTask: 0,
    perResult: undefined,
    dispatchAtOnce: undefined,
    dispatchAfterPause: undefined,
    runs: 0,
    since: 0,
  };
}

function mean(before: number | undefined, measured: number): number {
  if (before === undefined) return measured;
  const taken = before > 0 ? Math.min(measured, LONGEST_FACTOR * before) : measured;
  return before + (taken < before ? WEIGHT_SHORTER : WEIGHT_LONGER) * (taken - before);
}
