/** What plans must know of strategies. */
import type { HostProfile } from "./host-profile.js";
import type { ByStrategy, Estimate, Means, Workload } from "./plan.js";

/** One strategy, as far as its costs go. Pure. */
export interface CostModel<N extends string> {
  readonly name: N;
  /** Whether it runs on the calling thread. Exactly one strategy does. */
  readonly isHere: boolean;
  /** What a call would take on it, in milliseconds. */
  readonly estimate: (workload: Workload<N>, means: Means<N>, host: HostProfile) => Estimate;
}

/** All strategies that plans choose from. */
export class CostModels<N extends string> {
  readonly all: readonly CostModel<N>[];
  /** The model of the calling thread. A call of which nothing is known begins there, and may move on. */
  readonly here: N;
  readonly elsewhere: readonly N[];
  /** The strategies that follow if another one fails: the calling thread. */
  readonly fallbacks: readonly N[];

  /** @param all the preferred ones first, if two cost the same */
  constructor(all: readonly CostModel<N>[]) {
    this.all = all;
    const names = (isHere: boolean): N[] =>
      all.filter((each) => each.isHere === isHere).map(({ name }) => name);
    this.fallbacks = Object.freeze(names(true));
    this.here = this.fallbacks[0] as N;
    this.elsewhere = names(false);
  }

  byStrategy<T>(make: (name: N) => T): ByStrategy<N, T> {
    const made: Partial<ByStrategy<N, T>> = {};
    for (const { name } of this.all) made[name] = make(name);
    return made as ByStrategy<N, T>;
  }
}
