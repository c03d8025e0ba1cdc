/** Values that came by message, by the indices of their tasks. */

/** What is read of them. */
export interface Values {
  has(index: number): boolean;
  get(index: number): unknown;
}

// V8 keeps a list as one block of memory if none of its gaps is longer.
const CHUNK = 1024;

/** A `Map` holds 2^24 values at most. A call may have 2^26 tasks, and each of them a value. */
export class Received implements Values {
  /** Lists with holes: a task without a value has none in them. */
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
