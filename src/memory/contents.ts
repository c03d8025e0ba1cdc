/** Names what is in shared memory of the user's, for strategies that keep copies of it. */
import type { TypedArray } from "./dtypes.js";

let lastContents = 0;
const contentsOf = new WeakMap<ArrayBufferLike, number>();

/** The number of what is behind a handle. Memory that comes back to the user has another handle. */
export function contentsNumber(handle: SharedArrayBuffer): number {
  let number = contentsOf.get(handle);
  if (number === undefined) {
    lastContents += 1;
    number = lastContents;
    contentsOf.set(handle, number);
  }
  return number;
}

/** Tasks have written to its memory: copies are out of date. */
export function contentsChanged({ buffer }: Pick<TypedArray, "buffer">): void {
  contentsOf.delete(buffer);
}
