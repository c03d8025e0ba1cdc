/** The items of `map`, packed so that a worker decodes only those it claims. */
import type { ValueDecoder, ValueEncoder } from "./codec.js";

/** Packed items: plain numbers as they are, everything else as msgpack. */
export type PackedItems =
  | { readonly packing: "numbers"; readonly numbers: ArrayLike<number> }
  | {
      readonly packing: "msgpack";
      readonly bytes: Uint8Array;
      /** Item `i` is bytes `offsets[i]` to `offsets[i + 1]`. */
      readonly offsets: Float64Array;
    };

/**
 * @returns numbers as the very list that was given: to be copied before the caller can go on
 * @throws TypeError naming the item that msgpack cannot carry
 */
export function packItems(items: readonly unknown[], encoder: ValueEncoder): PackedItems {
  if (areNumbers(items)) return { packing: "numbers", numbers: items };
  const count = items.length;
  const offsets = new Float64Array(count + 1);
  let bytes = new Uint8Array(Math.max(1024, count * 16));
  let used = 0;
  for (let i = 0; i < count; i++) {
    const path = `items[${i}]`;
    if (items[i] === undefined) {
      throw new TypeError(
        `Cannot send ${path} to workers as it must be set (msgpack knows null only): current value is undefined`,
      );
    }
    const encoded = encoder.encode(items[i], path);
    if (used + encoded.length > bytes.length) {
      const grown = new Uint8Array(Math.max(2 * bytes.length, used + encoded.length));
      grown.set(bytes.subarray(0, used));
      bytes = grown;
    }
    bytes.set(encoded, used);
    used += encoded.length;
    offsets[i + 1] = used;
  }
  return { packing: "msgpack", bytes: bytes.subarray(0, used), offsets };
}

function areNumbers(items: readonly unknown[]): items is readonly number[] {
  // A plain loop: `every` skips holes.
  for (let i = 0; i < items.length; i += 1) if (typeof items[i] !== "number") return false;
  return true;
}

/** The same on memory of their own, for when the caller may change its list. */
export function ownItems(items: PackedItems | undefined): PackedItems | undefined {
  if (items?.packing !== "numbers") return items;
  return { packing: "numbers", numbers: Float64Array.from(items.numbers) };
}

/** Bytes that the items take on their way. */
export function itemBytes(items: PackedItems | undefined): number {
  if (items === undefined) return 0;
  if (items.packing === "numbers") return items.numbers.length * Float64Array.BYTES_PER_ELEMENT;
  return items.bytes.byteLength + items.offsets.byteLength;
}

/** Reads items where they are run. */
export function itemReader(items: PackedItems, decoder: ValueDecoder): (index: number) => unknown {
  if (items.packing === "numbers") {
    const { numbers } = items;
    return (index) => numbers[index];
  }
  const { bytes, offsets } = items;
  // `slice` copies out of shared memory: TextDecoder refuses shared bytes in browsers.
  return (index) => decoder.decode(bytes.slice(offsets[index], offsets[index + 1]));
}
