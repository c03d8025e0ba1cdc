/** The strategies of an executor as they are now: which of them may run a call, and what their workers are at. */
import type { ParallelConfig } from "../config/config.js";
import { IsolationError } from "../errors.js";
import type { CostModels } from "../plan/cost-model.js";
import type { ByStrategy, StrategyState } from "../plan/plan.js";
import { Rent } from "../plan/rent.js";
import { isPoolWorker } from "../platform/nested.js";
import type { StrategyName } from "../strategies/registry.js";
import type { OwnStrategy, StrategySet } from "../strategies/strategy-set.js";

export class StrategyStates {
  /** Always the same objects, which look when they are asked: to make some for each plan takes 0.1 µs. */
  readonly of: ByStrategy<StrategyName, StrategyState>;
  readonly rents: ByStrategy<StrategyName, Rent>;
  readonly #config: ParallelConfig;
  readonly #elsewhere: readonly StrategyName[];

  constructor(config: ParallelConfig, models: CostModels<StrategyName>, strategies: StrategySet) {
    this.#config = config;
    this.#elsewhere = models.elsewhere;
    this.rents = models.byStrategy(() => new Rent());
    this.of = models.byStrategy((name) => new LiveState(strategies.get(name), this.rents[name]));
  }

  /**
   * Why only the calling thread may run a call; `undefined` if others may.
   * @param asked the strategy that is asked for
   * @throws IsolationError if that one is not available, and nothing else may take its place
   */
  hereBecause(asked: "auto" | StrategyName): string | undefined {
    const { enabled, forceSerialOnFailure } = this.#config;
    if (!enabled) return "disabled";
    if (isPoolWorker()) return "nested";
    if (asked === "auto") return this.#noneBecause;
    const { unavailable } = this.of[asked];
    if (unavailable === undefined || forceSerialOnFailure) return unavailable;
    throw new IsolationError(`run on strategy "${asked}"`, unavailable);
  }

  /** The strategy whose workers `start()` starts; `undefined` if there are none to start. @throws IsolationError */
  get startsFirst(): StrategyName | undefined {
    const { strategy } = this.#config;
    if (this.hereBecause(strategy) !== undefined) return undefined;
    return strategy === "auto" ? this.#firstAvailable : strategy;
  }

  get #firstAvailable(): StrategyName | undefined {
    return this.#elsewhere.find((name) => this.of[name].unavailable === undefined);
  }

  /** Why nothing runs elsewhere; `undefined` if something does. */
  get #noneBecause(): string | undefined {
    if (this.#firstAvailable !== undefined) return undefined;
    return this.of[this.#elsewhere[0] as StrategyName].unavailable;
  }

  /** Rent is owed to workers that are missing. @param isForgotten no call has come for so long that none would be up */
  settle(isForgotten: boolean): void {
    for (const name of this.#elsewhere) {
      const rent = this.rents[name];
      if (rent.paid === 0) continue;
      if (isForgotten || this.of[name].serving >= this.#config.maxWorkers) rent.settle();
    }
  }
}

class LiveState implements StrategyState {
  readonly #own: OwnStrategy;
  readonly #rent: Rent;

  constructor(own: OwnStrategy, rent: Rent) {
    this.#own = own;
    this.#rent = rent;
  }

  get unavailable(): string | undefined {
    return this.#own.descriptor.whyUnavailable();
  }

  get serving(): number {
    return this.#own.strategy.workers?.serving ?? 0;
  }

  get respawnWait(): number {
    return this.#own.strategy.workers?.respawnWait ?? 0;
  }

  get rent(): number {
    return this.#rent.paid;
  }
}
