/**
 * A strategy as the registry lists it. Names of strategies are public types and come from here. Fields that are marked internal
 * stay out of the published types.
 */
import type { CostModel } from "../plan/cost-model.js";
import type { Observation } from "./host-meter.js";
import type { Strategy, StrategyHost } from "./strategy.js";

/** All that the engine knows of a strategy before an executor has created it. */
export interface StrategyDescriptor<N extends string> extends CostModel<N> {
  /** Words of `CE_PARALLEL` that ask for it. */
  readonly words: readonly string[];
  /** Whether `auto` takes it only if no other strategy may run the call beside the calling thread, or was measured to be slower. */
  readonly isReserve: boolean;
  /** Whether kernels that are not thread-safe may run on it. */
  readonly isolates: boolean;
  /** Whether plain arrays must be copied to shared memory before it runs. */
  readonly placesArrays: boolean;
  /** What its runs show of the machine; `undefined` if nothing. @internal */
  readonly charges: Charges | undefined;
  /** Why it can't run here; `undefined` if it can. */
  readonly whyUnavailable: () => string | undefined;
  /** @internal */
  readonly create: (host: StrategyHost) => Strategy;
}

/** Fields of the host profile that a strategy's runs measure. @internal */
export interface Charges {
  /** Starting its first worker; `undefined` if it starts none. */
  readonly spawn: Observation | undefined;
  /** Preparing and dispatching a call to workers that have just had work. */
  readonly hot: Observation;
  /** The same after a pause. */
  readonly idle: Observation;
  /** The same if the workers must be sent the kernel first. */
  readonly cold: Observation;
}
