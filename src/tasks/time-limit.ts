/** Time-outs of tasks on the calling thread, which nobody else could end. */

import { clearTimeout, setTimeout } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";
import { callWithin, TIMED_OUT } from "../platform/watchdog.js";
import { isThenable } from "./is-thenable.js";

/**
 * Runs tasks that fail when their time is up, which costs 0.1 ms each. Nobody waits for an async one then, but what it does
 * after its first await can't be stopped.
 * @param onOvertime told before the task fails
 */
export function timed(
  run: (index: number) => unknown,
  ms: number,
  onOvertime: (index: number, goesOn: boolean) => void,
): (index: number) => unknown {
  return (index) => {
    const until = clock() + ms;
    const value = callWithin(() => run(index), ms);
    if (value === TIMED_OUT) {
      onOvertime(index, false);
      throw new Error("The task's time is up");
    }
    if (!isThenable(value)) return value;
    return settledWithin(value, until - clock(), () => onOvertime(index, true));
  };
}

async function settledWithin<T>(promise: PromiseLike<T>, ms: number, onOvertime: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const overtime = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => {
        onOvertime();
        reject(new Error("The task's time is up"));
      },
      Math.max(1, ms),
    );
  });
  try {
    return await Promise.race([promise, overtime]);
  } finally {
    clearTimeout(timer);
  }
}
