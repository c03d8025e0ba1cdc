/** The strategies of one executor. */
import type { HandleHolders } from "../memory/mapped-memory.js";
import type { StrategyDescriptor } from "./descriptor.js";
import { STRATEGIES, type StrategyName } from "./registry.js";
import type { Strategy, StrategyHost, Workers } from "./strategy.js";

/** A strategy as its descriptor has created it. */
export interface OwnStrategy {
  readonly descriptor: StrategyDescriptor<StrategyName>;
  readonly strategy: Strategy;
}

export class StrategySet implements HandleHolders {
  readonly #created = new Map<StrategyName, OwnStrategy>();
  /** Of all strategies that have any. */
  readonly #workers: Workers[] = [];

  constructor(host: StrategyHost) {
    const all: readonly StrategyDescriptor<StrategyName>[] = STRATEGIES;
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
