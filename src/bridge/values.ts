/**
 * Packs results and numbers that cross the bridge. They are always copied, because a transfer would slow down all code with typed arrays
 * in the thread, for ever (docs/decisions/0007).
 */
import { toNumbers } from "../protocol/result-table.js";

/** Few numbers as a list, many as an array. */
export type WireNumbers = Float64Array | readonly number[];

/** Many numbers as one array, anything else as it is. */
export type WireValues = Float64Array | readonly unknown[];

// From this many numbers on an array crosses faster than a list (docs/decisions/0011).
const MANY_NUMBERS = 64;

export function packNumbers(numbers: ArrayLike<number>): WireNumbers {
  if (numbers.length < MANY_NUMBERS) return toNumbers(numbers);
  return numbers instanceof Float64Array ? numbers : Float64Array.from(numbers);
}

export function unpackNumbers(packed: WireNumbers): Float64Array {
  return ArrayBuffer.isView(packed) ? packed : new Float64Array(packed);
}

export function packValues(values: readonly unknown[]): WireValues {
  if (values.length < MANY_NUMBERS) return values;
  return values.every((value) => typeof value === "number") ? Float64Array.from(values) : values;
}

export function unpackValues(packed: WireValues): unknown[] {
  return ArrayBuffer.isView(packed) ? toNumbers(packed) : [...packed];
}
