/**
 * Results and numbers on their way between host and client. Always copied: a transfer would slow down all code with typed
 * arrays in the thread, for ever (decision 7).
 */
import { toNumbers } from "../protocol/result-table.js";

/** Few as a list, many as an array. */
export type WireNumbers = Float64Array | readonly number[];

/** Many numbers as one array, anything else as it is. */
export type WireValues = Float64Array | readonly unknown[];

// As an element of a list a number takes 0.15 µs, as one of an array 0.01; an array takes 5 µs more than a list (Node 20).
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
