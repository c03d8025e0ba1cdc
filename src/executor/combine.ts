/** `reduceShared` on the calling thread: combines the partials of its tasks, in their order. */
import { quote } from "../errors.js";
import { isThenable } from "../tasks/is-thenable.js";

/** @throws TypeError */
export function checkCombine(combine: unknown): void {
  if (typeof combine === "function") return;
  throw new TypeError(
    `Cannot reduce as "combine" must be a function of two partials: current value is ${quote(combine)}`,
  );
}

/** Not `reduce` of lists: that gives `combine` four arguments, which `Math.max` takes for four numbers. */
export function combineAll<P>(partials: readonly P[], combine: (a: P, b: P) => P, initial: P | undefined): P {
  let result = initial === undefined ? (partials[0] as P) : initial;
  for (let i = initial === undefined ? 1 : 0; i < partials.length; i += 1) {
    const combined: unknown = combine(result, partials[i] as P);
    if (isThenable(combined)) refusePromise(combined);
    result = combined as P;
  }
  return result;
}

function refusePromise(promise: PromiseLike<unknown>): never {
  // Nobody else waits for it.
  promise.then(undefined, () => {});
  throw new TypeError(
    `Cannot reduce as "combine" must return a partial at once: current value is ${quote(promise)}; ` +
      "await in the kernel, whose partials may be promises",
  );
}
