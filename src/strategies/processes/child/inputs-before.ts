/** The inputs of a round as they were before its first task, if the caller wants to hear of changes. */
import type { TypedArray } from "../../../memory/dtypes.js";
import type { Change } from "../../../memory/snapshot.js";
import { sameBytes } from "../../../platform/runtime.js";

export class InputsBefore {
  readonly #arrays: readonly TypedArray[];
  /** Copies, by their places in the table. */
  readonly #before = new Map<number, Uint8Array>();

  /** @param outputs places of those that tasks write */
  constructor(arrays: readonly TypedArray[], outputs: readonly number[], isWanted: boolean) {
    this.#arrays = arrays;
    if (!isWanted) return;
    const written = outputs.map((i) => arrays[i] as TypedArray);
    for (const [i, array] of arrays.entries())
      if (!written.some((output) => overlaps(array, output))) this.#before.set(i, bytesOf(array).slice());
  }

  /** The first difference in the order of the arrays; `undefined` if there is none. Bits are compared. */
  findChange(): Change | undefined {
    for (const [i, before] of this.#before) {
      const array = this.#arrays[i] as TypedArray;
      const now = bytesOf(array);
      if (sameBytes(before, now)) continue;
      const at = before.findIndex((byte, j) => byte !== now[j]);
      return { array: i, index: Math.floor(at / array.BYTES_PER_ELEMENT), length: array.length };
    }
    return undefined;
  }
}

/** Tasks may write in place. */
function overlaps(a: TypedArray, b: TypedArray): boolean {
  return (
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}

function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
