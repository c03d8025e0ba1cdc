import { clock } from "./clock.js";

/** The function did not return in time. */
export const TIMED_OUT = Symbol("timed out");

/** Whether a function that runs can be stopped. In browsers nothing can. */
export function canStop(): boolean {
  return false;
}

/**
 * Calls a function, to its end.
 * @returns what it returns, or TIMED_OUT if it took longer than `ms` milliseconds
 * @throws what it throws
 */
export function callWithin<T>(fn: () => T, ms: number): T | typeof TIMED_OUT {
  const started = clock();
  try {
    const value = fn();
    return clock() - started > ms ? TIMED_OUT : value;
  } catch (error) {
    if (clock() - started > ms) return TIMED_OUT;
    throw error;
  }
}
