/**
 * The tricks that make calls fast, each with what it gains, and a switch for each, so that a benchmark can measure it
 * again: `SHARRAY_WITHOUT=bell,grain` in the environment when an executor is made. For measuring only.
 *
 * Measured by `npm run bench -- --only tricks` of native-free-bench, whose committed results have the spread.
 */
import { ConfigurationError } from "../errors.js";
import { environment } from "./runtime.js";

export interface Optimizations {
  /** A worker that has just had work parks at its doorbell: dispatch/pass.ts, worker/serve.ts, protocol/doorbell.ts. */
  readonly bell: boolean;
  /** It looks at the bell for a moment before it sleeps beside it: worker/serve.ts. */
  readonly spin: boolean;
  /**
   * Short rounds wake one worker first, and the caller's side looks at them: dispatch/threads.ts, dispatch/poller.ts. Both
   * sides of a bridge look for the other one's next message: bridge/call-port.ts.
   */
  readonly look: boolean;
  /** A claim takes several tasks where they are short: worker/task-run.ts. */
  readonly grain: boolean;
  /** Numbers and other small results go through shared memory, without messages: protocol/results.ts. */
  readonly slots: boolean;
  /** Regions are used again: memory/arena.ts. */
  readonly recycling: boolean;
}

export const ALL_OPTIMIZATIONS: Optimizations = {
  bell: true,
  spin: true,
  look: true,
  grain: true,
  slots: true,
  recycling: true,
};

const VARIABLE = "SHARRAY_WITHOUT";

/** @throws ConfigurationError for a name that is none */
export function optimizationsOf(without: string | undefined = environment()[VARIABLE]): Optimizations {
  if (without === undefined || without === "") return ALL_OPTIMIZATIONS;
  const names = without.split(",");
  const wrong = names.find((name) => !Object.hasOwn(ALL_OPTIMIZATIONS, name));
  if (wrong !== undefined) {
    throw new ConfigurationError(VARIABLE, wrong, `among ${Object.keys(ALL_OPTIMIZATIONS).join(", ")}`);
  }
  return { ...ALL_OPTIMIZATIONS, ...Object.fromEntries(names.map((name) => [name, false])) };
}
