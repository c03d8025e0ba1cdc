/**
 * A caller's value as the engine's own, checked and copied in one go. Everything of the caller's is read here, and once.
 * Getters and proxies may do anything meanwhile, even make a call. They meet no work that is half done.
 */
import { quote } from "../errors.js";
import { isGone, isTypedArray, ownView, type TypedArray } from "../memory/dtypes.js";
import { isRecord } from "../memory/inputs.js";
import { isWasmModule, standInFor } from "../memory/wasm-modules.js";
import { keyPath } from "../platform/key-path.js";
import { isDate } from "../platform/realms.js";

/** A typed array in a value, until it is known how it travels. */
export class SentArray {
  readonly given: TypedArray;
  /** The engine's own view. */
  readonly view: TypedArray;
  readonly path: string;
  /** Its place in the array table; `undefined` if it travels inline. */
  place: number | undefined;

  constructor(given: TypedArray, path: string) {
    this.given = given;
    this.view = ownView(given);
    this.path = path;
  }
}

/** The copy: lists and plain objects are new, typed arrays are `SentArray`s, the rest is as it was. */
export class OwnValue {
  readonly value: unknown;
  hasNegativeZero = false;
  /** In the order of their paths. */
  arrays: readonly SentArray[] = NONE;
  /** Objects around the one that is being read. */
  readonly #ancestors: object[] = [];

  /**
   * @param path the name that errors give the value: `args`, `items[3]`
   * @throws TypeError with the path of what msgpack cannot carry
   */
  constructor(value: unknown, path: string) {
    this.value = this.#own(value, path);
  }

  #own(value: unknown, path: string): unknown {
    switch (typeof value) {
      case "number":
        if (Object.is(value, -0)) this.hasNegativeZero = true;
        return value;
      case "boolean":
      case "undefined":
        return value;
      case "string":
        if (!value.isWellFormed()) refuse(path, "well-formed Unicode", "a string with a lone surrogate");
        return value;
      case "bigint":
        if (BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value) {
          refuse(path, "a bigint of at most 64 bits", quote(value));
        }
        return value;
      case "object":
        return value === null ? null : this.#ownObject(value, path);
      default:
        refuse(path, ALLOWED, quote(value));
    }
  }

  #ownObject(value: object, path: string): unknown {
    if (isTypedArray(value)) {
      if (isGone(value)) {
        refuse(path, "an array that still has its data", "one whose buffer was transferred away or shrunk");
      }
      return this.#sent(value, path);
    }
    if (isWasmModule(value)) return this.#sent(standInFor(value), path);
    if (value instanceof Date) return ownDate(value, path);
    const ancestors = this.#ancestors;
    if (ancestors.includes(value)) refuse(path, "free of cycles", "an object that contains itself");
    if (ancestors.length >= MAX_DEPTH) refuse(path, `nested at most ${MAX_DEPTH} deep`, "deeper");
    ancestors.push(value);
    const own = this.#ownContainer(value, path);
    ancestors.pop();
    return own;
  }

  #sent(array: TypedArray, path: string): SentArray {
    const sent = new SentArray(array, path);
    if (this.arrays === NONE) this.arrays = [sent];
    else (this.arrays as SentArray[]).push(sent);
    return sent;
  }

  #ownContainer(value: object, path: string): object {
    if (Array.isArray(value)) {
      const list: unknown[] = [];
      const { length } = value;
      for (let i = 0; i < length; i++) {
        const element: unknown = value[i];
        if (element === undefined) refuse(`${path}[${i}]`, "set (msgpack knows null only)", "undefined");
        list.push(this.#own(element, `${path}[${i}]`));
      }
      return list;
    }
    if (!isRecord(value)) return isDate(value) ? ownDate(value, path) : refuse(path, ALLOWED, quote(value));
    const record: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      if (!key.isWellFormed()) refuse(path, "an object of well-formed keys", "one with a lone surrogate");
      if (key === "__proto__") refuse(path, 'free of a key "__proto__"', "an object with one");
      record[key] = this.#own(value[key], `${path}${keyPath(key)}`);
    }
    return record;
  }
}

function ownDate(date: Date, path: string): Date {
  const time = timeOf(date);
  if (Number.isNaN(time)) refuse(path, "a valid Date", "an invalid one");
  return new Date(time);
}

const NONE: readonly SentArray[] = Object.freeze([]);

// Far deeper than data is. A deeper value is refused with its path, before it overflows the stack.
export const MAX_DEPTH = 500;

const timeOf = Function.prototype.call.bind(Date.prototype.getTime) as (date: Date) => number;

const ALLOWED =
  "made of numbers, strings, booleans, bigints, null, dates, typed arrays, WebAssembly modules, lists and plain objects";

function refuse(path: string, expected: string, received: string): never {
  throw new TypeError(
    `Cannot send ${path} to workers as it must be ${expected}: current value is ${received}`,
  );
}
