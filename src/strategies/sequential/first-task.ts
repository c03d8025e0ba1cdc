/** Runs the first task of an unknown kernel under a time limit, so that no task blocks the calling thread for long. */
import { clock } from "../../platform/clock.js";
import { callWithin, TIMED_OUT } from "../../platform/watchdog.js";

/** A first task that has been run, and how the others run. */
export interface Guarded {
  /** Milliseconds, without the guard. */
  readonly took: number;
  readonly run: (index: number) => unknown;
}

/** Runs the first task of a job at once. @returns `TIMED_OUT` if it was stopped after `ms` milliseconds */
export function firstWithin(
  ms: number,
  run: (index: number) => unknown,
  first: number,
): Guarded | typeof TIMED_OUT {
  let settle: () => unknown;
  let began = 0;
  let ended = 0;
  try {
    const value = callWithin(() => {
      began = clock();
      try {
        return run(first);
      } finally {
        ended = clock();
      }
    }, ms);
    if (value === TIMED_OUT) return TIMED_OUT;
    settle = () => value;
  } catch (thrown) {
    settle = () => {
      throw thrown;
    };
  }
  let isSettled = false;
  return {
    took: ended - began,
    run: (index) => {
      // With several passes, each runs the task anew.
      if (isSettled || index !== first) return run(index);
      isSettled = true;
      return settle();
    },
  };
}
