/** What callers may pass as payload, checked before anything is planned. */
import { quote } from "../errors.js";
import { isTypedArray, kindNames, plainView, type TypedArray } from "./dtypes.js";

/** A record of equal-length arrays. */
export type Columns = { readonly [name: string]: TypedArray };

/**
 * The payload of `mapShared`, `reduceShared`, `streamShared` and `share`: an array, a list of arrays, or columns. Used as
 * `I extends Input<I>`, it takes columns that an `interface` describes, too.
 */
export type Input<I = Columns> =
  | TypedArray
  | readonly TypedArray[]
  | (object & { readonly [K in keyof I]: TypedArray });

/** A checked payload. Arrays are of the plain kinds (`Buffer` has become `Uint8Array`). */
export type Payload =
  | { readonly shape: "list"; readonly arrays: readonly TypedArray[] }
  | { readonly shape: "array"; readonly arrays: readonly [TypedArray]; readonly length: number }
  | {
      readonly shape: "columns";
      readonly names: readonly string[];
      readonly arrays: readonly TypedArray[];
      readonly length: number;
    };

/** @throws TypeError, RangeError naming what is wrong and where */
export function readPayload(input: unknown): Payload {
  if (isTypedArray(input))
    return { shape: "array", arrays: [checked(input, "the array")], length: input.length };
  if (Array.isArray(input)) {
    return { shape: "list", arrays: Array.from(input, (array, i) => checked(array, `arrays[${i}]`)) };
  }
  if (!isRecord(input)) {
    throw new TypeError(
      "Cannot share the payload as it must be a typed array, a list of typed arrays or a record of typed arrays: " +
        `current value is ${quote(input)}`,
    );
  }
  const names = namesOf(input, "a column");
  const arrays = names.map((name) => checked(input[name], `column "${name}"`));
  const [first] = arrays;
  if (first === undefined) {
    throw new TypeError("Cannot share the columns as there must be at least one: current value has none");
  }
  const odd = arrays.findIndex((array) => array.length !== first.length);
  if (odd !== -1) {
    throw new RangeError(
      `Cannot combine the columns as their lengths must be equal: "${names[0]}" has ${first.length} elements, ` +
        `"${names[odd]}" has ${(arrays[odd] as TypedArray).length}`,
    );
  }
  return { shape: "columns", names, arrays, length: first.length };
}

/** A plain object: made by a literal, `Object.create(null)`, or in another realm. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * The names of columns or outputs.
 * @throws TypeError for one under which a kernel would find the object's prototype
 */
export function namesOf(record: Readonly<Record<string, unknown>>, what: string): string[] {
  const names = Object.keys(record);
  if (names.includes("__proto__")) {
    throw new TypeError(`Cannot name ${what} "__proto__" as objects have their prototype there: rename it`);
  }
  return names;
}

function checked(value: unknown, what: string): TypedArray {
  if (!isTypedArray(value)) {
    throw new TypeError(
      `Cannot share ${what} as it must be a typed array (${kindNames}): current value is ${quote(value)}`,
    );
  }
  if (isGone(value)) {
    throw new TypeError(
      `Cannot share ${what} as its buffer was transferred away or shrunk: pass an array that still has its data`,
    );
  }
  return plainView(value);
}

/** Has the array's buffer been transferred away, or resized so that the array lies past its end? Its length is 0 then. */
export function isGone(array: TypedArray): boolean {
  if (array.length > 0) return false;
  try {
    // Every method checks the buffer first; this one does nothing else.
    array.keys();
    return false;
  } catch {
    return true;
  }
}

/** Node 20 has no `ArrayBuffer.prototype.detached`. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
