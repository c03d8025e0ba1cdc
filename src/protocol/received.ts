/** Values that came by message, by the indices of their tasks. */

/** Values by index, for reading. */
export interface Values {
  has(index: number): boolean;
  get(index: number): unknown;
}

// V8 keeps a list as one block of memory if it has no longer gaps.
const CHUNK = 1024;

/** Values of up to 2^26 tasks. A `Map` would hold 2^24 at most. */
export class Received implements Values {
  /** Lists with holes: a task without a value has no element. */
  readonly #chunks: unknown[][] = [];

  has(index: number): boolean {
    const chunk = this.#chunks[Math.floor(index / CHUNK)];
    return chunk !== undefined && index % CHUNK in chunk;
  }

  get(index: number): unknown {
    return this.#chunks[Math.floor(index / CHUNK)]?.[index % CHUNK];
  }

  set(index: number, value: unknown): void {
    const at = Math.floor(index / CHUNK);
    let chunk = this.#chunks[at];
    if (chunk === undefined) {
      chunk = [];
      this.#chunks[at] = chunk;
    }
    chunk[index % CHUNK] = value;
  }
}
