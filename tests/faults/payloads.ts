/** What is done to the arrays of a payload, whatever its shape. */
import type { TypedArray } from "sharray";

/** All its typed arrays. */
export function arraysOf(payload: unknown): TypedArray[] {
  if (ArrayBuffer.isView(payload)) return [payload as TypedArray];
  return typeof payload === "object" && payload !== null ? Object.values(payload).flatMap(arraysOf) : [];
}

/** The same with a copy of each array. */
export function copyOf(payload: unknown, copy: (array: TypedArray) => TypedArray): unknown {
  if (ArrayBuffer.isView(payload)) return copy(payload as TypedArray);
  if (Array.isArray(payload)) return payload.map((each) => copyOf(each, copy));
  if (typeof payload !== "object" || payload === null) return payload;
  return Object.fromEntries(Object.entries(payload).map(([name, each]) => [name, copyOf(each, copy)]));
}

/** On a buffer that can shrink and grow. @param isTracking its length follows the buffer's */
export function resizable(array: TypedArray, isTracking: boolean): TypedArray {
  const { byteLength, length } = array;
  const buffer = new ArrayBuffer(byteLength, { maxByteLength: 2 * byteLength + 64 });
  const kind = array.constructor as new (buffer: ArrayBuffer, offset?: number, length?: number) => TypedArray;
  const copy = isTracking ? new kind(buffer) : new kind(buffer, 0, length);
  copy.set(array as never);
  return copy;
}

export function transferAll(payload: unknown): void {
  for (const { buffer } of arraysOf(payload)) {
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  }
}

export function shrinkAll(payload: unknown): void {
  for (const { buffer, byteLength } of arraysOf(payload)) (buffer as ArrayBuffer).resize(byteLength >> 1);
}

export function growAll(payload: unknown): void {
  for (const { buffer } of arraysOf(payload)) {
    (buffer as ArrayBuffer).resize((buffer as ArrayBuffer).maxByteLength);
  }
}
