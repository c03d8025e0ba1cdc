/** What callers may pass as payload. It is checked before anything is planned. */
import { quote } from "../errors.js";
import { isGone, isTypedArray, kindNames, ownView, type TypedArray } from "./dtypes.js";
import type { ArrayName } from "./presence.js";

/** A record of equal-length arrays. */
export type Columns = { readonly [name: string]: TypedArray };

/**
 * The payload of `mapShared`, `reduceShared`, `streamShared` and `share`: an array, a list of arrays, or columns. As
 * `I extends Input<I>` it also takes columns that an `interface` describes.
 */
export type Input<I = Columns> =
  | TypedArray
  | readonly TypedArray[]
  | (object & { readonly [K in keyof I]: TypedArray });

/** What a source gives at one step: an array, columns, or a list of either. As `B extends Batch<B>` also columns of an `interface`. */
export type Batch<B = Columns> =
  | TypedArray
  | readonly (TypedArray | Columns)[]
  | (object & { readonly [K in keyof B]: TypedArray });

/** Gives arrays one after the other: a generator, a stream, a set, or anything else that can be iterated. */
export type Source<B> = AsyncIterable<B> | Iterable<B>;

/** A checked payload. */
export type Payload = {
  /** The caller's arrays, by which calls know them again. */
  readonly given: readonly TypedArray[];
  /** The engine's own views of the same elements. */
  readonly arrays: readonly TypedArray[];
} & (
  | { readonly shape: "list" }
  | { readonly shape: "array"; readonly length: number }
  | { readonly shape: "columns"; readonly names: readonly string[]; readonly length: number }
);

/** The name that errors give an array of the payload. */
export function payloadName(payload: Payload, index: number): ArrayName {
  if (payload.shape === "list") return index;
  return payload.shape === "array" ? "the array" : (payload.names[index] as string);
}

/** @throws TypeError, RangeError naming what is wrong and where */
export function readPayload(input: unknown): Payload {
  if (isTypedArray(input)) {
    const own = checked(input, "the array");
    return { shape: "array", given: [input], arrays: [own], length: own.length };
  }
  if (Array.isArray(input)) {
    const given: unknown[] = Array.from(input);
    const arrays = given.map((array, i) => checked(array, `arrays[${i}]`));
    return { shape: "list", given: given as TypedArray[], arrays };
  }
  if (!isRecord(input)) {
    throw new TypeError(
      "Cannot share the payload as it must be a typed array, a list of typed arrays or a record of typed arrays: " +
        `current value is ${quote(input)}`,
    );
  }
  const names = namesOf(input, "a column");
  const given = names.map((name) => input[name]);
  const arrays = given.map((array, i) => checked(array, `column "${names[i]}"`));
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
  return { shape: "columns", names, given: given as TypedArray[], arrays, length: first.length };
}

/** A payload without arrays: a count of rows. */
export interface Rows {
  readonly shape: "rows";
  readonly arrays: readonly never[];
  readonly length: number;
}

/** @throws RangeError */
export function readRows(count: number): Rows {
  if (Number.isSafeInteger(count) && count >= 0) return { shape: "rows", arrays: [], length: count };
  throw new RangeError(
    `Cannot cut the rows as their count must be an integer of at least 0: current value is ${quote(count)}`,
  );
}

/** Whether it is a plain object: made by a literal, by `Object.create(null)`, or in another realm. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * The names of columns or outputs.
 * @throws TypeError for a name under which a kernel would find the object's prototype
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
  return ownView(value);
}
