import { Script } from "node:vm";

const KEY = Symbol.for("sharray.guarded");

// V8 stops a script after a time, not a function, so the script calls what stands on the global object meanwhile. What
// stops it can't be caught in it, so it is told from whatever the function throws.
const call = new Script(`globalThis[Symbol.for("sharray.guarded")]()`);

const LONGEST_MS = 2 ** 31 - 1;

/** A function that runs can be stopped. */
export const CAN_STOP = true;

/** The function did not return in time. */
export const TIMED_OUT = Symbol("timed out");

/**
 * Calls a function that is stopped after `ms` milliseconds, wherever it is then. Costs 0.1 ms: a thread that watches the
 * clock.
 * @returns what it returns, or TIMED_OUT
 * @throws what it throws
 */
export function callWithin<T>(fn: () => T, ms: number): T | typeof TIMED_OUT {
  const place = globalThis as { [KEY]?: () => void };
  const outcomes: ({ readonly value: T } | { readonly thrown: unknown })[] = [];
  place[KEY] = () => {
    try {
      outcomes.push({ value: fn() });
    } catch (thrown) {
      outcomes.push({ thrown });
    }
  };
  try {
    // V8 takes whole milliseconds.
    const timeout = Math.ceil(Math.min(ms, LONGEST_MS));
    call.runInThisContext({ timeout, displayErrors: false });
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
  } finally {
    delete place[KEY];
  }
  const [outcome] = outcomes;
  if (outcome === undefined) return TIMED_OUT;
  if ("thrown" in outcome) throw outcome.thrown;
  return outcome.value;
}
