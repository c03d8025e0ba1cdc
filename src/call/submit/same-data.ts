/** Whether a caller's data is what it was when it was copied. */
import { isTypedArray, type TypedArray } from "../../memory/dtypes.js";
import { isRecord } from "../../memory/inputs.js";

/** A copy that shares the caller's typed arrays, and all values without parts. */
export function copyData(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyData);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copyData(part)]));
}

/**
 * @param copy of `copyData`
 * @param isSameArray whether the very same array counts as the same, whatever it holds by now
 * @returns whether all else is equal; false for what can't be told, such as dates
 */
export function isSameData(
  copy: unknown,
  value: unknown,
  isSameArray: (array: TypedArray) => boolean,
): boolean {
  if (typeof value !== "object" || value === null) return Object.is(copy, value);
  if (isTypedArray(value)) return copy === value && isSameArray(value);
  const isSamePart = (part: unknown, other: unknown): boolean => isSameData(part, other, isSameArray);
  if (Array.isArray(value)) {
    return (
      Array.isArray(copy) &&
      copy.length === value.length &&
      copy.every((part, i) => isSamePart(part, value[i]))
    );
  }
  if (!isPlain(value) || !isPlain(copy)) return false;
  const keys = Object.keys(value);
  return (
    keys.length === Object.keys(copy).length &&
    keys.every((key) => Object.hasOwn(copy, key) && isSamePart(copy[key], value[key]))
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && !Array.isArray(value) && !isTypedArray(value);
}
