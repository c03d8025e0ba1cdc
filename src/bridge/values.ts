/** Results on their way from the host to the client. */
import type { StreamedResult } from "../calls.js";
import { type Departing, Departure } from "../protocol/departure.js";
import { toNumbers } from "../protocol/results.js";

export type WireValues =
  | { readonly type: "numbers"; readonly numbers: Float64Array }
  | { readonly type: "values"; readonly values: readonly unknown[] };

export interface Packed {
  readonly values: WireValues;
  readonly transfer: ArrayBuffer[];
}

// A number costs 0.15 µs to clone, and moving a buffer 8 µs (Node 20).
const MANY_NUMBERS = 64;

// The host keeps nothing of what a call gave: all of it can be given away.
const departure = new Departure(false, new Set());

export function packValues(values: readonly unknown[]): Packed {
  if (values.length >= MANY_NUMBERS && values.every((value) => typeof value === "number")) {
    const numbers = Float64Array.from(values);
    return { values: { type: "numbers", numbers }, transfer: [numbers.buffer] };
  }
  // Looking through what holds no buffers costs more than cloning it.
  if (values.every((value) => typeof value !== "object" || value === null)) {
    return { values: { type: "values", values }, transfer: [] };
  }
  const { value, transfer } = departure.prepare(values);
  return { values: { type: "values", values: value as unknown[] }, transfer };
}

/** Some results of a stream. */
export function packBatch(batch: readonly StreamedResult<unknown>[]): Departing {
  if (batch.every(({ value }) => typeof value !== "object" || value === null)) {
    return { value: batch, transfer: [] };
  }
  return departure.prepare(batch);
}

export function unpackValues(packed: WireValues): unknown[] {
  return packed.type === "numbers" ? toNumbers(packed.numbers) : [...packed.values];
}
