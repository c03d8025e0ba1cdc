/** The strategies of one executor. */
import type { HandleHolders } from "../memory/mapped-memory.js";
import { CostModels } from "../plan/cost-model.js";
import type { StrategyDescriptor } from "./descriptor.js";
import { STRATEGIES, type StrategyName } from "./registry.js";
import type { Strategy, StrategyHost, Workers } from "./strategy.js";

/** A strategy as its descriptor has created it. */
export interface OwnStrategy {
  readonly descriptor: StrategyDescriptor<StrategyName>;
  readonly strategy: Strategy;
}

// The models of the strategies that most executors have.
const MODELS = new CostModels<StrategyName>(STRATEGIES);

export class StrategySet implements HandleHolders {
  /** The same strategies, as far as their costs go. */
  readonly models: CostModels<StrategyName>;
  readonly #created = new Map<StrategyName, OwnStrategy>();
  /** The workers of all strategies that have any. */
  readonly #workers: Workers[] = [];

  /** @param all the preferred ones first, if two of them cost the same; default: those of this machine */
  constructor(host: StrategyHost, all: readonly StrategyDescriptor<StrategyName>[] = STRATEGIES) {
    this.models = all === STRATEGIES ? MODELS : new CostModels(all);
    for (const descriptor of all) {
      const strategy = descriptor.create(host);
      this.#created.set(descriptor.name, { descriptor, strategy });
      if (strategy.workers !== undefined) this.#workers.push(strategy.workers);
    }
  }

  get(name: StrategyName): OwnStrategy {
    return this.#created.get(name) as OwnStrategy;
  }

  forget(memory: number): boolean {
    let isHeld = false;
    for (const workers of this.#workers) isHeld = workers.forget(memory) || isHeld;
    return isHeld;
  }

  async collect(): Promise<void> {
    await Promise.all(this.#workers.map((workers) => workers.collect()));
  }

  async terminate(): Promise<void> {
    await Promise.all(this.#workers.map((workers) => workers.terminate()));
  }
}
