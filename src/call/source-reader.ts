/** Reads a source step by step, and closes it. */
import { ConfigurationError } from "../errors.js";
import { soon } from "../platform/runtime.js";
import type { GivenOptions } from "./types.js";

type Source = Partial<AsyncIterable<unknown> & Iterable<unknown>>;

/** Whether it gives arrays one after the other, rather than being them. */
export function isSource(input: unknown): input is object {
  if (typeof input !== "object" || input === null || Array.isArray(input) || ArrayBuffer.isView(input)) {
    return false;
  }
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = input as Source;
  return typeof later === "function" || typeof now === "function";
}

/** @throws ConfigurationError for options that cut arrays */
export function checkSourceOptions(options: GivenOptions): void {
  for (const name of ["chunkSize", "rowLength", "halo"] as const) {
    const value = (options as GivenOptions | undefined)?.[name];
    if (value === undefined) continue;
    throw new ConfigurationError(
      name,
      value,
      "left out: what a source gives is not cut; let it give lists of views",
    );
  }
}

export class SourceReader {
  readonly #source: Source;
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  #isReading = false;
  #hasEnded = false;

  constructor(source: object) {
    this.#source = source;
  }

  /** The next step. @throws what the source throws */
  async next(): Promise<IteratorResult<unknown>> {
    this.#isReading = true;
    try {
      this.#iterator ??= this.#source[Symbol.asyncIterator]?.() ?? this.#source[Symbol.iterator]?.();
      const step: unknown = await this.#iterator?.next();
      if (typeof step !== "object" || step === null) {
        throw new TypeError(
          `Cannot read the source as next() must give an object: current value is ${String(step)}`,
        );
      }
      const { done, value } = step as IteratorResult<unknown>;
      this.#hasEnded = done === true;
      // Iterables may hold promises.
      return done === true ? { done, value: undefined } : { done: false, value: await value };
    } catch (error) {
      this.#hasEnded = true;
      throw error;
    } finally {
      this.#isReading = false;
    }
  }

  /**
   * Tells the source that nobody reads on, and waits for its end, as a loop would. Does not wait for one that has been asked
   * for a batch and has not given it within a turn of the event loop. That may take for ever.
   * @throws what the source throws
   */
  async close(): Promise<void> {
    if (this.#hasEnded || this.#iterator === undefined) return;
    this.#hasEnded = true;
    const closing = Promise.resolve(this.#iterator.return?.());
    closing.catch(() => {});
    if (this.#isReading) await new Promise<void>((resolve) => soon(resolve));
    if (!this.#isReading) await closing;
  }
}
