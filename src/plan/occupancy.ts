/** What the calls in progress keep busy. So the next one goes where it ends soonest. */
import type { CostModels } from "./cost-model.js";
import type { ByStrategy, Occupation } from "./plan.js";

/** A call in progress. */
export interface Occupant<N extends string> {
  readonly strategy: N;
  /** Milliseconds that it keeps all threads of the strategy busy. */
  readonly busy: number;
  /** The share of the strategy's threads. */
  readonly share: number;
}

export class Occupancy<N extends string> {
  /** Kept as sums, so that planning takes the same time with ten thousand calls in progress. */
  readonly #sums: ByStrategy<N, { calls: number; busy: number; shares: number }>;
  #calls = 0;

  constructor(models: CostModels<N>) {
    this.#sums = models.byStrategy(() => ({ calls: 0, busy: 0, shares: 0 }));
  }

  get calls(): number {
    return this.#calls;
  }

  get byStrategy(): ByStrategy<N, Occupation> {
    return this.#sums;
  }

  enter(occupant: Occupant<N>): void {
    this.#add(occupant, 1);
  }

  leave(occupant: Occupant<N>): void {
    this.#add(occupant, -1);
  }

  #add({ strategy, busy, share }: Occupant<N>, sign: 1 | -1): void {
    this.#calls += sign;
    const sum = this.#sums[strategy];
    sum.calls += sign;
    sum.busy += sign * busy;
    sum.shares += sign * share;
    // Removes what rounding has left.
    if (sum.calls === 0) {
      sum.busy = 0;
      sum.shares = 0;
    }
  }
}
