/** The items of `map`, packed so that a worker decodes only those it claims. */
import { quote } from "../errors.js";
import { isGone, isTypedArray, isTypedArrayInName, ownView, type TypedArray } from "../memory/dtypes.js";
import type { ValueDecoder, ValueEncoder } from "./codec.js";
import { MAX_TASKS } from "./control-block.js";
import { encodeValue } from "./msgpack.js";
import { OwnValue } from "./own-value.js";

/** Packed items: numbers as they are, everything else as msgpack. */
export type PackedItems =
  | NumberItems
  | {
      readonly packing: "msgpack";
      readonly bytes: Uint8Array;
      /** Item `i` is bytes `offsets[i]` to `offsets[i + 1]`. */
      readonly offsets: Float64Array;
    };

interface NumberItems {
  /**
   * `integers`: each fits 32 bits, and none is -0. Kernels get them as integers, because V8 is slower with floats as indices
   * (docs/decisions/0011).
   */
  readonly packing: "integers" | "numbers";
  readonly numbers: ArrayLike<number>;
}

/** Items that can be read by index. */
export type ItemList = readonly unknown[] | Exclude<TypedArray, BigInt64Array | BigUint64Array>;

/**
 * The items by index: lists and arrays of numbers as they are, other iterables read to their end.
 * @throws TypeError, RangeError
 */
export function listItems(items: unknown): ItemList {
  if (Array.isArray(items)) {
    if (items.length > MAX_TASKS) tooMany(items.length);
    return items;
  }
  if (isTypedArray(items)) return listElements(items);
  // A string can be iterated, but a caller that passes one means something else.
  const isIterable =
    typeof items === "object" && items !== null && Symbol.iterator in items && !isTypedArrayInName(items);
  if (!isIterable) {
    throw new TypeError(
      "Cannot map the items as they must be a list, a typed array, a Set or another iterable: " +
        `current value is ${quote(items)}`,
    );
  }
  const list: unknown[] = [];
  for (const item of items as Iterable<unknown>) {
    if (list.length === MAX_TASKS) tooMany("more");
    list.push(item);
  }
  return list;
}

function listElements(array: TypedArray): ItemList {
  if (isGone(array)) {
    throw new TypeError(
      "Cannot map the items as their buffer was transferred away or shrunk: pass an array that still has its data",
    );
  }
  const plain = ownView(array);
  if (plain.length > MAX_TASKS) tooMany(plain.length);
  return plain instanceof BigInt64Array || plain instanceof BigUint64Array ? Array.from(plain) : plain;
}

function tooMany(count: number | string): never {
  throw new RangeError(`Cannot map more than ${MAX_TASKS} items in one call: current value is ${count}`);
}

/**
 * @param count how many items there were when the call was made
 * @returns numbers as the very list that was given; copy it before the caller can go on
 * @throws TypeError naming the item that msgpack cannot carry
 */
export function packItems(items: ItemList, count: number, encoder: ValueEncoder): PackedItems {
  if (areNumbers(items, count)) return numberItems(items);
  const offsets = new Float64Array(count + 1);
  let bytes = new Uint8Array(Math.max(1024, count * 16));
  let used = 0;
  const append = (own: OwnValue, i: number): void => {
    const encoded = encoder.write(own, i);
    if (used + encoded.length > bytes.length) {
      const grown = new Uint8Array(Math.max(2 * bytes.length, used + encoded.length));
      grown.set(bytes.subarray(0, used));
      bytes = grown;
    }
    bytes.set(encoded, used);
    used += encoded.length;
    offsets[i + 1] = used;
  };
  // How small arrays travel is known once all items were read. Items before the first array need not wait.
  const waiting: OwnValue[] = [];
  for (let i = 0; i < count; i++) {
    const path = `items[${i}]`;
    const item = items[i];
    if (item === undefined) {
      throw new TypeError(
        `Cannot send ${path} to workers as it must be set (msgpack knows null only): current value is undefined`,
      );
    }
    const own = encoder.read(item, path, i);
    if (waiting.length > 0 || own.arrays.length > 0) waiting.push(own);
    else append(own, i);
  }
  const first = count - waiting.length;
  for (const [i, own] of waiting.entries()) append(own, first + i);
  return { packing: "msgpack", bytes: bytes.subarray(0, used), offsets };
}

/** @param items numbers, and values that `encodeValue` has encoded */
export function packEncoded(items: readonly (number | Uint8Array)[]): PackedItems {
  const { length } = items;
  if (areNumbers(items, length)) return numberItems(items);
  const encoded = items.map((item) => (typeof item === "number" ? encodeNumber(item) : item));
  const offsets = new Float64Array(length + 1);
  for (let i = 0; i < length; i += 1)
    offsets[i + 1] = (offsets[i] as number) + (encoded[i] as Uint8Array).length;
  const bytes = new Uint8Array(offsets[length] as number);
  for (let i = 0; i < length; i += 1) bytes.set(encoded[i] as Uint8Array, offsets[i]);
  return { packing: "msgpack", bytes, offsets };
}

function encodeNumber(value: number): Uint8Array {
  return encodeValue(new OwnValue(value, "item")).slice();
}

function areNumbers(items: ItemList, count: number): items is readonly number[] {
  if (!Array.isArray(items)) return true;
  // A plain loop: `every` skips holes.
  for (let i = 0; i < count; i += 1) if (typeof items[i] !== "number") return false;
  return true;
}

/** Numbers as items. */
export function numberItems(numbers: ArrayLike<number>): NumberItems {
  return { packing: areIntegers(numbers) ? "integers" : "numbers", numbers };
}

function areIntegers(numbers: ArrayLike<number>): boolean {
  for (let i = 0; i < numbers.length; i += 1) {
    if (!Object.is((numbers[i] as number) | 0, numbers[i])) return false;
  }
  return true;
}

/** The same items on memory of their own, in case the caller changes its list. */
export function ownItems(items: PackedItems | undefined): PackedItems | undefined {
  if (items === undefined || items.packing === "msgpack") return items;
  return { packing: items.packing, numbers: Float64Array.from(items.numbers) };
}

/** Bytes that the items take to cross. */
export function itemBytes(items: PackedItems | undefined): number {
  if (items === undefined) return 0;
  if (items.packing !== "msgpack") return items.numbers.length * Float64Array.BYTES_PER_ELEMENT;
  return items.bytes.byteLength + items.offsets.byteLength;
}

/** Reads items on the thread that runs their tasks. */
export function itemReader(items: PackedItems, decoder: ValueDecoder): (index: number) => unknown {
  if (items.packing !== "msgpack") {
    const { packing, numbers } = items;
    return packing === "integers" ? (index) => (numbers[index] as number) | 0 : (index) => numbers[index];
  }
  const { bytes, offsets } = items;
  // `slice` copies out of shared memory, because TextDecoder refuses shared bytes in browsers.
  return (index) => decoder.decode(bytes.slice(offsets[index], offsets[index + 1]));
}
