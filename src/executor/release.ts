/** `executor.release`: memory that the user no longer needs. */
import { quote } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import { isTypedArray, type TypedArray } from "../memory/dtypes.js";

/** @throws TypeError, before anything is released */
export function release(arrays: readonly TypedArray[], arena: Arena): void {
  for (const [i, array] of arrays.entries()) checkReleasable(array, `arrays[${i}]`, arena);
  if (new Set(arrays).size < arrays.length) {
    throw new TypeError("Cannot release the arrays as each must be given once: one of them is there twice");
  }
  for (const { buffer, byteOffset, byteLength } of arrays) {
    arena.release(buffer as SharedArrayBuffer, byteOffset, byteLength);
  }
}

function checkReleasable(array: unknown, what: string, arena: Arena): void {
  if (isTypedArray(array) && arena.lendings.isPart(array.buffer, array.byteOffset, array.byteLength)) return;
  throw new TypeError(
    `Cannot release ${what} as it must be an array as share(), allocate() or transformShared() of this executor gave it, ` +
      `and not be released yet: current value is ${quote(array)}`,
  );
}
