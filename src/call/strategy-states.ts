/** The strategies of an executor as they are now: which of them may run a call, and what their workers are at. */
import type { ParallelConfig } from "../config/config.js";
import { IsolationError } from "../errors.js";
import type { CostModels } from "../plan/cost-model.js";
import type { ByStrategy, KernelCost, StrategyState } from "../plan/plan.js";
import { Rent } from "../plan/rent.js";
import { isPoolWorker } from "../platform/nested.js";
import type { StrategyName } from "../strategies/registry.js";
import type { OwnStrategy, StrategySet } from "../strategies/strategy-set.js";

const noReason = (): undefined => undefined;

export class StrategyStates {
  /** The strategies, apart from any call. */
  readonly of: ByStrategy<StrategyName, StrategyState>;
  /**
   * The states for calls that leave the choice to the planner: for thread-safe kernels, and for others. These are always the
   * same objects, which look when they are asked. Making some for each plan would take 0.1 µs.
   */
  readonly #safe: ByStrategy<StrategyName, StrategyState>;
  readonly #unsafe: ByStrategy<StrategyName, StrategyState>;
  readonly rents: ByStrategy<StrategyName, Rent>;
  readonly #config: ParallelConfig;
  readonly #elsewhere: readonly StrategyName[];
  readonly #strategies: StrategySet;

  constructor(config: ParallelConfig, models: CostModels<StrategyName>, strategies: StrategySet) {
    this.#config = config;
    this.#strategies = strategies;
    this.#elsewhere = models.elsewhere;
    this.rents = models.byStrategy(() => new Rent());
    this.of = models.byStrategy((name) => new LiveState(strategies.get(name), this.rents[name], noReason));
    const statesFor = (isThreadSafe: boolean) =>
      models.byStrategy((name) => {
        const own = strategies.get(name);
        const { isReserve, isolates } = own.descriptor;
        const others = models.elsewhere.filter((other) => {
          const { descriptor } = strategies.get(other);
          return !descriptor.isReserve && (isThreadSafe || descriptor.isolates);
        });
        return new LiveState(own, this.rents[name], () => {
          if (!isThreadSafe && !isolates) return this.#notIsolated;
          const isNeeded = others.every((other) => this.of[other].unavailable !== undefined);
          if (!isReserve || isNeeded) return undefined;
          return `strategy "${others[0]}" costs less, as long as calls like this one are not measured on both`;
        });
      });
    this.#safe = statesFor(true);
    this.#unsafe = statesFor(false);
  }

  /**
   * As a call finds them.
   * @param cost what its kernel was measured to cost; `undefined` if no strategy in reserve may be chosen for that
   */
  for(
    asked: "auto" | StrategyName,
    isThreadSafe: boolean,
    cost?: KernelCost<StrategyName>,
  ): ByStrategy<StrategyName, StrategyState> {
    if (asked !== "auto") return this.of;
    if (!isThreadSafe) return this.#unsafe;
    return cost !== undefined && this.#isMeasuredOnAll(cost) ? this.of : this.#safe;
  }

  /** Then measured costs decide, also for strategies in reserve. */
  #isMeasuredOnAll({ dispatch }: KernelCost<StrategyName>): boolean {
    for (const name of this.#elsewhere) if (dispatch[name] === undefined) return false;
    return true;
  }

  /**
   * Why only the calling thread may run a call; `undefined` if others may.
   * @param asked the strategy that is asked for
   * @param isThreadSafe whether its kernel may run on several threads
   * @throws IsolationError if that one is not available, and nothing else may take its place
   */
  hereBecause(asked: "auto" | StrategyName, isThreadSafe: boolean): string | undefined {
    const { enabled, forceSerialOnFailure } = this.#config;
    if (!enabled) return "disabled";
    if (isPoolWorker()) return "nested";
    if (asked === "auto") return this.#noneBecause(isThreadSafe);
    const { isolates } = this.#strategies.get(asked).descriptor;
    const unavailable =
      this.of[asked].unavailable ?? (isThreadSafe || isolates ? undefined : this.#notIsolated);
    if (unavailable === undefined || forceSerialOnFailure) return unavailable;
    throw new IsolationError(`run on strategy "${asked}"`, unavailable);
  }

  /**
   * The same of a call whose tasks write to memory that they share.
   * @param isApart why it can't run on workers that see copies
   * @throws IsolationError as `hereBecause`
   */
  hereBecauseSharing(
    asked: "auto" | StrategyName,
    isThreadSafe: boolean,
    isApart: string,
  ): string | undefined {
    const because = this.hereBecause(asked, isThreadSafe);
    const name = asked === "auto" ? this.#firstAvailable(isThreadSafe) : asked;
    if (because !== undefined || name === undefined || !this.#elsewhere.includes(name)) return because;
    if (!this.#strategies.get(name).descriptor.isolates) return undefined;
    if (asked === "auto" || this.#config.forceSerialOnFailure) return isApart;
    throw new IsolationError(`run on strategy "${asked}"`, isApart);
  }

  /** The strategy whose workers `start()` starts; `undefined` if there are none to start. @throws IsolationError */
  get startsFirst(): StrategyName | undefined {
    const { strategy } = this.#config;
    if (this.hereBecause(strategy, true) !== undefined) return undefined;
    return strategy === "auto" ? this.#firstAvailable(true) : strategy;
  }

  get #notIsolated(): string {
    const names = this.#elsewhere.filter((name) => this.#strategies.get(name).descriptor.isolates);
    return `its kernel is not thread-safe: run it on strategy ${names.map((name) => `"${name}"`).join(" or ")}`;
  }

  #firstAvailable(isThreadSafe: boolean): StrategyName | undefined {
    const states = this.for("auto", isThreadSafe);
    return this.#elsewhere.find((name) => states[name].unavailable === undefined);
  }

  /** Why nothing runs elsewhere; `undefined` if something does. */
  #noneBecause(isThreadSafe: boolean): string | undefined {
    if (this.#firstAvailable(isThreadSafe) !== undefined) return undefined;
    return this.for("auto", isThreadSafe)[this.#elsewhere[0] as StrategyName].unavailable;
  }

  /** Workers that serve, of all strategies. */
  get serving(): number {
    let serving = 0;
    for (const name of this.#elsewhere) serving += this.of[name].serving;
    return serving;
  }

  /** Calls lose time because workers are missing. @param isForgotten no call has come for so long that none would be up */
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
  readonly #whyNot: () => string | undefined;

  /** @param whyNot another reason against it */
  constructor(own: OwnStrategy, rent: Rent, whyNot: () => string | undefined) {
    this.#own = own;
    this.#rent = rent;
    this.#whyNot = whyNot;
  }

  get unavailable(): string | undefined {
    return this.#own.descriptor.whyUnavailable() ?? this.#whyNot();
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
