/**
 * What may be here already, as the end of a call of tiny tasks is when workers have been looked at. A promise for each of
 * its steps would take as long as the rest of it.
 */
export type MaybePromise<T> = T | Promise<T>;

/** By what it can do: a program may have put another class in the place of the `Promise` that async functions return. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { readonly then?: unknown } | undefined)?.then === "function";
}
