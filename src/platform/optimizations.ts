/**
 * Optimizations that could be left out. A benchmark measures what each one gains: `npm run bench -- --only tricks` of
 * native-free-bench sets `SHARRAY_WITHOUT=bell,grain` in the environment before it makes an executor. For measuring only.
 * Each switch is read in the one or two places that are named with it. Nothing else asks for it.
 */
import { ConfigurationError } from "../errors.js";
import { environment } from "./runtime.js";

export interface Optimizations {
  /** A worker that has just had work waits at its doorbell. Read in strategies/threads/start-worker.ts. */
  readonly bell: boolean;
  /** A worker looks at its bell for a moment before it sleeps. Read in strategies/threads/start-worker.ts. */
  readonly spin: boolean;
  /**
   * The caller's side looks at short rounds, and wakes one worker first. Both sides of a bridge look for the next message. Read
   * in strategies/threads/threads-run.ts and bridge/call-port.ts.
   */
  readonly look: boolean;
  /** A claim takes several tasks if they are short. Read in strategies/threads/threads-run.ts. */
  readonly grain: boolean;
  /** Small results go through shared memory, without messages. Read in strategies/threads/threads-run.ts. */
  readonly slots: boolean;
  /** Regions are used again. Read in executor/parallel-executor.ts, which retires the arena at once without it. */
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

/** @throws ConfigurationError for an unknown name */
export function optimizationsOf(without: string | undefined = environment()[VARIABLE]): Optimizations {
  if (without === undefined || without === "") return ALL_OPTIMIZATIONS;
  const names = without.split(",");
  const wrong = names.find((name) => !Object.hasOwn(ALL_OPTIMIZATIONS, name));
  if (wrong !== undefined) {
    throw new ConfigurationError(VARIABLE, wrong, `among ${Object.keys(ALL_OPTIMIZATIONS).join(", ")}`);
  }
  return { ...ALL_OPTIMIZATIONS, ...Object.fromEntries(names.map((name) => [name, false])) };
}
