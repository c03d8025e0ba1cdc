/**
 * Values that cross threads as msgpack: `args`, `shared`, items and the descriptor itself. A typed array inside a
 * value crosses as its place in the job's array table; small plain ones travel inline.
 *
 * The same bytes are decoded wherever a kernel runs, on the caller's thread too, so that a kernel can't tell where it is.
 */
import { Decoder, Encoder, ExtensionCodec } from "@msgpack/msgpack";
import { quote } from "../errors.js";
import {
  elementBytes,
  isShared,
  isTypedArray,
  kindOf,
  plainView,
  type TypedArray,
  viewOf,
} from "../memory/dtypes.js";
import { isGone, isRecord } from "../memory/inputs.js";

/** The arrays a job touches, each once. Their order is how messages name them. */
export class ArrayTable {
  readonly arrays: TypedArray[] = [];
  /** Made where it is needed: it takes 0.1 µs, and many small calls have no arrays. */
  #indexOf: Map<TypedArray, number> | undefined;

  /** @returns the array's place in the table */
  add(array: TypedArray): number {
    this.#indexOf ??= new Map();
    const known = this.#indexOf.get(array);
    if (known !== undefined) return known;
    const index = this.arrays.push(plainView(array)) - 1;
    this.#indexOf.set(array, index);
    return index;
  }

  /** @returns the array's place in the table; undefined: it is not in there */
  indexOf(array: TypedArray): number | undefined {
    return this.#indexOf?.get(array);
  }
}

/** A plain array of at least this many bytes is placed in a region; a smaller one costs less inside msgpack. */
export const INLINE_LIMIT = 64 * 1024;

const REFERENCE = 1;
const INLINE = 2;

// Far deeper than data is; a deeper value is refused with its path rather than by overflowing the stack.
const MAX_DEPTH = 500;

interface Scope {
  arrays: readonly TypedArray[];
  table: ArrayTable | undefined;
  inlineBelow: number;
  inlined: Set<ArrayBufferLike> | undefined;
}

const extensions = new ExtensionCodec<Scope>();
extensions.register({
  type: REFERENCE,
  encode: (value, { table, inlineBelow }) => {
    if (table === undefined || !isTypedArray(value)) return null;
    if (!isShared(value) && value.byteLength < inlineBelow) return null;
    const data = new Uint8Array(4);
    new DataView(data.buffer).setUint32(0, table.add(value));
    return data;
  },
  decode: (data, _type, { arrays }) => {
    return arrays[new DataView(data.buffer, data.byteOffset).getUint32(0)];
  },
});
extensions.register({
  type: INLINE,
  encode: (value) => {
    if (!isTypedArray(value)) return null;
    const data = new Uint8Array(1 + value.byteLength);
    data[0] = kindOf(value);
    data.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), 1);
    return data;
  },
  decode: (data, _type, { inlined }) => {
    const kind = data[0] as number;
    const bytes = data.slice(1);
    inlined?.add(bytes.buffer);
    return viewOf(kind, bytes.buffer, 0, bytes.byteLength / elementBytes(kind));
  },
});

const options = {
  extensionCodec: extensions,
  useBigInt64: true,
  ignoreUndefined: true,
  maxDepth: MAX_DEPTH + 8,
};

// One encoder of each sort for all values: making one costs 1.2 µs and 2 KB, more than a small value takes. What they work
// on stands in the scope, and only while they do, so that nothing is kept alive by it.
const scope: Scope = { arrays: [], table: undefined, inlineBelow: 0, inlined: undefined };
const idle: Readonly<Scope> = { ...scope };
const context = scope;
const newEncoder = (forceIntegerToFloat: boolean): Encoder<Scope> =>
  new Encoder({ ...options, context, forceIntegerToFloat });
// Workers only decode: marked so, encoders are left out of their bundle.
let plain = /* @__PURE__ */ newEncoder(false);
let floats = /* @__PURE__ */ newEncoder(true);
const decoder = new Decoder({ ...options, context });

// An encoder keeps a buffer for the largest value that it has met.
const LARGEST_KEPT = 1024 * 1024;

/** Encodes a caller's values. */
export class ValueEncoder {
  readonly #table: ArrayTable;
  readonly #inlineBelow: number;

  /**
   * @param table where arrays that cross by reference are noted
   * @param inlineBelow plain arrays of fewer bytes travel inline; 0 for none
   */
  constructor(table: ArrayTable, inlineBelow: number) {
    this.#table = table;
    this.#inlineBelow = inlineBelow;
  }

  /**
   * @param path how error messages call the value: `args`, `items[3]`
   * @returns bytes that are overwritten when the next value is encoded
   * @throws TypeError with the path of what msgpack cannot carry
   */
  encode(value: unknown, path: string): Uint8Array {
    // msgpack's integers have no -0; where there is one, all numbers travel as 64-bit floats.
    const negativeZero = check(value, path, new Set());
    scope.table = this.#table;
    scope.inlineBelow = this.#inlineBelow;
    try {
      const encoded = (negativeZero ? floats : plain).encodeSharedRef(value);
      if (encoded.buffer.byteLength > LARGEST_KEPT) {
        plain = newEncoder(false);
        floats = newEncoder(true);
      }
      return encoded;
    } finally {
      Object.assign(scope, idle);
    }
  }
}

/** Decodes what a `ValueEncoder` made. */
export class ValueDecoder {
  readonly #arrays: readonly TypedArray[];
  readonly #inlined: Set<ArrayBufferLike> | undefined;

  /** @param inlined takes the buffers of arrays that come inline, where they must not be given away as results */
  constructor(arrays: readonly TypedArray[], inlined?: Set<ArrayBufferLike>) {
    this.#arrays = arrays;
    this.#inlined = inlined;
  }

  /** Objects and lists come back frozen: a kernel can't keep state in them. */
  decode(bytes: Uint8Array): unknown {
    scope.arrays = this.#arrays;
    scope.inlined = this.#inlined;
    try {
      return deepFreeze(decoder.decode(bytes));
    } finally {
      Object.assign(scope, idle);
    }
  }
}

/** @returns true where the value contains a -0 */
function check(value: unknown, path: string, ancestors: Set<object>): boolean {
  switch (typeof value) {
    case "number":
      return Object.is(value, -0);
    case "boolean":
    case "undefined":
      return false;
    case "string":
      if (!value.isWellFormed()) refuse(path, "well-formed Unicode", "a string with a lone surrogate");
      return false;
    case "bigint":
      if (BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value) {
        refuse(path, "a bigint of at most 64 bits", quote(value));
      }
      return false;
    case "object":
      break;
    default:
      refuse(path, ALLOWED, quote(value));
  }
  if (value === null) return false;
  if (isTypedArray(value)) {
    if (isGone(value)) {
      refuse(path, "an array that still has its data", "one whose buffer was transferred away or shrunk");
    }
    return false;
  }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) refuse(path, "a valid Date", "an invalid one");
    return false;
  }
  if (ancestors.has(value)) refuse(path, "free of cycles", "an object that contains itself");
  if (ancestors.size >= MAX_DEPTH) refuse(path, `nested at most ${MAX_DEPTH} deep`, "deeper");
  ancestors.add(value);
  let negativeZero = false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const element: unknown = value[i];
      if (element === undefined) refuse(`${path}[${i}]`, "set (msgpack knows null only)", "undefined");
      if (check(element, `${path}[${i}]`, ancestors)) negativeZero = true;
    }
  } else if (isRecord(value)) {
    for (const key of Object.keys(value)) {
      if (!key.isWellFormed()) refuse(path, "an object of well-formed keys", "one with a lone surrogate");
      if (key === "__proto__") refuse(path, 'free of a key "__proto__"', "an object with one");
      if (check(value[key], `${path}${keyPath(key)}`, ancestors)) negativeZero = true;
    }
  } else {
    refuse(path, ALLOWED, quote(value));
  }
  ancestors.delete(value);
  return negativeZero;
}

/** Visits every typed array of a value that has been encoded, with its path. */
export function eachArray(
  value: unknown,
  path: string,
  visit: (array: TypedArray, path: string) => void,
): void {
  if (isTypedArray(value)) {
    visit(value, path);
  } else if (Array.isArray(value)) {
    for (const [i, element] of value.entries()) eachArray(element, `${path}[${i}]`, visit);
  } else if (isRecord(value)) {
    for (const key of Object.keys(value)) eachArray(value[key], `${path}${keyPath(key)}`, visit);
  }
}

const ALLOWED =
  "made of numbers, strings, booleans, bigints, null, dates, typed arrays, lists and plain objects";

/** How a path goes on to a key: `.fit`, `["my key"]`. */
export function keyPath(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function refuse(path: string, expected: string, received: string): never {
  throw new TypeError(
    `Cannot send ${path} to workers as it must be ${expected}: current value is ${received}`,
  );
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null || isTypedArray(value)) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}
