/** How the strategies compare for one kernel, so that what one measures teaches the others. */

import type { CostModels } from "./cost-model.js";
import type { ByStrategy } from "./plan.js";

// How much faster a kernel is supposed to run on the calling thread if it never ran there: nothing competes for the memory. So
// sequential is tried if that would make it the better choice.
const ALONE = 0.7;
// The weight of a new comparison, once there was another.
const WEIGHT = 1 / 4;
// In shorter calls the loop around the tasks takes most of the time.
const LEAST_MS = 1;
// The first run is compiled on the way, so it compares with nothing.
const LEAST_RUNS = 2;

export class Speeds<N extends string> {
  readonly #models: CostModels<N>;
  /** Cost of a task, as the logarithm of a multiple of that on the calling thread; `undefined` if never compared. */
  readonly #costs: ByStrategy<N, number | undefined>;

  constructor(models: CostModels<N>) {
    this.#models = models;
    this.#costs = models.byStrategy<number | undefined>((name) => (name === models.here ? 0 : undefined));
  }

  /** What a task costs on one strategy, as a multiple of that on another. */
  ratio(of: N, to: N): number {
    const [own, other] = [this.#costs[of], this.#costs[to]];
    if (own !== undefined && other !== undefined) return Math.exp(own - other);
    return of === this.#models.here ? ALONE : 1;
  }

  /** Compares all strategies on which calls of one shape were measured. @param tasks of such a call */
  learn(figures: ByStrategy<N, { readonly runs: number; readonly perTask: number }>, tasks: number): void {
    const here = figures[this.#models.here];
    if (here.runs < LEAST_RUNS || here.perTask * tasks < LEAST_MS) return;
    for (const name of this.#models.elsewhere) {
      const { runs, perTask } = figures[name];
      if (runs < LEAST_RUNS || perTask === 0) continue;
      const compared = Math.log(perTask / here.perTask);
      const before = this.#costs[name] ?? compared;
      this.#costs[name] = before + WEIGHT * (compared - before);
    }
  }
}
