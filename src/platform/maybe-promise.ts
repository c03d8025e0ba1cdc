/**
 * A value that may be here already. A call of tiny tasks may be over at once. A promise for each of its steps would take as
 * long as the rest of it.
 */
export type MaybePromise<T> = T | Promise<T>;

/** Whether it has a `then`. A program may have replaced the `Promise` that async functions return, so its class says nothing. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { readonly then?: unknown } | undefined)?.then === "function";
}
