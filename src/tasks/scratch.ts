/** `context.scratch`: work arrays that a thread keeps from one task of a call to the next. */
import { quote } from "../errors.js";
import { kindOfConstructor, type TypedArray, type TypedArrayConstructor } from "../memory/dtypes.js";

export class Scratch {
  readonly #borrowed: Set<ArrayBufferLike>;
  /** In the order in which a task asks for them. */
  readonly #arrays: TypedArray[] = [];
  #used = 0;

  /** @param borrowed takes the buffers of the arrays, which results must not give away */
  constructor(borrowed: Set<ArrayBufferLike>) {
    this.#borrowed = borrowed;
  }

  /** A task begins: all arrays are free again. */
  begin(): void {
    this.#used = 0;
  }

  /** @throws TypeError, RangeError */
  readonly take = (kind: TypedArrayConstructor, length: number): TypedArray => {
    kindOfConstructor(kind, "the scratch array");
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new RangeError(
        `Cannot take a scratch array: length must be an integer of at least 0, got ${quote(length)}`,
      );
    }
    const place = this.#used++;
    let array = this.#arrays[place];
    if (array?.constructor !== kind || array.length < length) {
      if (array !== undefined) this.#borrowed.delete(array.buffer);
      array = new kind(length) as TypedArray;
      this.#arrays[place] = array;
      this.#borrowed.add(array.buffer);
    }
    return array.length === length ? array : array.subarray(0, length);
  };
}
