/** What the calls in progress keep busy, so that the next one goes where it is done soonest. */
import type { Occupation, StrategyName } from "./plan.js";
import { type ByStrategy, byStrategy } from "./strategies.js";

/** A call in progress. */
export interface Occupant {
  readonly strategy: StrategyName;
  /** Milliseconds that it keeps all threads of the strategy busy. */
  readonly busy: number;
  /** Of the strategy's threads. */
  readonly share: number;
}

export class Occupancy {
  /** Kept as sums: each of ten thousand calls at once is planned in the same time. */
  readonly #sums = byStrategy(() => ({ calls: 0, busy: 0, shares: 0 }));
  #calls = 0;

  get calls(): number {
    return this.#calls;
  }

  get byStrategy(): ByStrategy<Occupation> {
    return this.#sums;
  }

  enter(occupant: Occupant): void {
    this.#add(occupant, 1);
  }

  leave(occupant: Occupant): void {
    this.#add(occupant, -1);
  }

  #add({ strategy, busy, share }: Occupant, sign: 1 | -1): void {
    this.#calls += sign;
    const sum = this.#sums[strategy];
    sum.calls += sign;
    sum.busy += sign * busy;
    sum.shares += sign * share;
    // What rounding has left.
    if (sum.calls === 0) {
      sum.busy = 0;
      sum.shares = 0;
    }
  }
}
