/**
 * Values that cross threads as msgpack: `args`, `shared`, items. A typed array in a value crosses as its place in the job's array
 * table. A small plain array travels inline.
 *
 * Every thread decodes the same bytes, the caller's thread too. So a kernel can't tell where it runs.
 */
import { isShared, isTypedArray, type TypedArray } from "../memory/dtypes.js";
import { assertThere } from "../memory/presence.js";
import { isWasmModule } from "../memory/wasm-modules.js";
import type { ArrayTable, Tasks } from "./array-table.js";
import { decodeValue, encodeValue } from "./msgpack.js";
import { OwnValue, type SentArray } from "./own-value.js";

/**
 * Plain arrays of at least this many bytes are placed in a region. Smaller ones cost less inside msgpack. Views of one buffer count
 * together, so that windows of a large buffer are not copied one by one.
 */
export const INLINE_LIMIT = 64 * 1024;

// Up to this many bytes a copy costs less than an entry of the array table (docs/decisions/0011).
const TINY = 256;

/** Encodes a caller's values: `args`, or all items of a call. */
export class ValueEncoder {
  readonly #table: ArrayTable;
  readonly #inlineBelow: number;
  readonly #everyTask: Tasks;
  /** Bytes of the small plain arrays, by their buffers. */
  #smallBytes: Map<ArrayBufferLike, number> | undefined;

  /**
   * @param table notes the arrays that cross by reference
   * @param inlineBelow plain arrays of fewer bytes travel inline; 0 if none does
   * @param tasks how many the call has
   */
  constructor(table: ArrayTable, inlineBelow: number, tasks: number) {
    this.#table = table;
    this.#inlineBelow = inlineBelow;
    this.#everyTask = [0, Math.max(0, tasks - 1)];
  }

  /**
   * Reads a value. Only this step runs code of the caller's. All values are read before the first one with arrays is written,
   * because how an array travels depends on the others.
   * @param path the name that errors give the value: `args`, `items[3]`
   * @param task the one that sees the value; `undefined` if every task does
   * @throws TypeError with the path of what msgpack cannot carry
   */
  read(value: unknown, path: string, task?: number): OwnValue {
    const own = new OwnValue(value, path);
    for (const sent of own.arrays) {
      const { buffer, byteLength } = sent.view;
      if (isShared(sent.view) || byteLength >= this.#inlineBelow) {
        this.#refer(sent, task);
      } else if (byteLength > TINY) {
        this.#smallBytes ??= new Map();
        this.#smallBytes.set(buffer, (this.#smallBytes.get(buffer) ?? 0) + byteLength);
      }
    }
    return own;
  }

  /**
   * @returns bytes that are overwritten when the next value is written
   * @throws TypeError with the name of an array whose buffer is gone since it was read
   */
  write(own: OwnValue, task?: number): Uint8Array {
    for (const sent of own.arrays) {
      if (sent.place !== undefined) continue;
      const { buffer, byteLength } = sent.view;
      const together = byteLength > TINY ? (this.#smallBytes?.get(buffer) ?? 0) : 0;
      if (together >= this.#inlineBelow) this.#refer(sent, task);
      else assertThere(sent.view, sent.path);
    }
    return encodeValue(own);
  }

  /** Reads and writes the only value of this encoder. */
  encode(value: unknown, path: string): Uint8Array {
    return this.write(this.read(value, path));
  }

  #refer(sent: SentArray, task: number | undefined): void {
    const { given, view, path } = sent;
    sent.place = this.#table.add(given, path, task === undefined ? this.#everyTask : [task, task], view);
  }
}

/** Decodes what a `ValueEncoder` made. */
export class ValueDecoder {
  readonly #arrays: readonly TypedArray[];
  readonly #inlined: Set<ArrayBufferLike> | undefined;

  /** @param inlined takes the buffers of inline arrays, which a result must not give away */
  constructor(arrays: readonly TypedArray[], inlined?: Set<ArrayBufferLike>) {
    this.#arrays = arrays;
    this.#inlined = inlined;
  }

  /**
   * @returns the value with frozen objects, so that a kernel can't keep state in them. Lists are this decoder's own copies and not
   * frozen, because V8 reads frozen ones 4 to 7 times slower
   */
  decode(bytes: Uint8Array): unknown {
    return freezeObjects(decodeValue(bytes, this.#arrays, this.#inlined));
  }
}

function freezeObjects(value: unknown): unknown {
  if (typeof value !== "object" || value === null || isTypedArray(value) || isWasmModule(value)) return value;
  // V8 takes the decoder's own lists for lists with holes, which makes reading them slower.
  if (Array.isArray(value)) return [...value.map(freezeObjects)];
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) record[key] = freezeObjects(record[key]);
  return Object.freeze(record);
}
