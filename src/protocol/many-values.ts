/** More values than a `Map` holds, by the indices of their tasks. */

/** The most entries that V8 keeps in a `Map`. */
export const MOST_IN_MAP = 2 ** 24;

type Entry = [index: number, value: unknown];

export class ManyValues implements ReadonlyMap<number, unknown> {
  readonly size: number;
  readonly #length: number;
  readonly #has: (index: number) => boolean;
  readonly #valueAt: (index: number) => unknown;

  /** @param length one more than the last index may be */
  constructor(
    size: number,
    length: number,
    has: (index: number) => boolean,
    valueAt: (index: number) => unknown,
  ) {
    this.size = size;
    this.#length = length;
    this.#has = has;
    this.#valueAt = valueAt;
  }

  has(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && index < this.#length && this.#has(index);
  }

  get(index: number): unknown {
    return this.has(index) ? this.#valueAt(index) : undefined;
  }

  forEach(visit: (value: unknown, index: number, values: ReadonlyMap<number, unknown>) => void): void {
    for (const [index, value] of this) visit(value, index, this);
  }

  *keys(): MapIterator<number> {
    for (let index = 0; index < this.#length; index++) if (this.#has(index)) yield index;
  }

  *values(): MapIterator<unknown> {
    for (const index of this.keys()) yield this.#valueAt(index);
  }

  *entries(): MapIterator<Entry> {
    for (const index of this.keys()) yield [index, this.#valueAt(index)];
  }

  [Symbol.iterator](): MapIterator<Entry> {
    return this.entries();
  }
}
