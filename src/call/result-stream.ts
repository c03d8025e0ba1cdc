import { StreamBuffer } from "../strategies/stream-buffer.js";
import type { StreamedResult } from "./types.js";

/** @param onClosing told when the source of the stream is told that nobody reads on */
type Run = (
  streamBuffer: StreamBuffer,
  signal: AbortSignal,
  onClosing: (closing: Promise<void>) => void,
) => Promise<unknown>;

type Step<R> = IteratorResult<StreamedResult<R>, undefined>;

/** Results in the order of their completion, or of their tasks. The call starts with the iteration and is cancelled with it. */
export class ResultStream<R> implements AsyncIterable<StreamedResult<R>> {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<StreamedResult<R>, undefined> {
    return new ResultIterator(this.#run);
  }
}

/**
 * One loop over a stream. This is no async generator: that answers one call after the other, so leaving would wait for the
 * result that was asked for.
 */
class ResultIterator<R> implements AsyncIterableIterator<StreamedResult<R>, undefined> {
  readonly #run: Run;
  readonly #streamBuffer = new StreamBuffer();
  readonly #cancel = new AbortController();
  /** Calls of `next` that wait for their answer. */
  readonly #waiting: ((step: Step<R> | Promise<never>) => void)[] = [];
  #running: Promise<void> | undefined;
  /** The end of the source; `undefined` if there is none, or if it goes on. */
  #closing: Promise<void> | undefined;
  #hasEnded = false;
  /** What the call failed with, until the loop has been told. */
  #failure: { readonly error: unknown } | undefined;

  constructor(run: Run) {
    this.#run = run;
    this.#streamBuffer.onResult = () => this.#answer();
  }

  next(): Promise<Step<R>> {
    if (!this.#hasEnded) this.#running ??= this.#start();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#answer();
    });
  }

  /** @throws what the source fails with when it is told that nobody reads on */
  async return(): Promise<Step<R>> {
    await this.#leave();
    await this.#closing;
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<never> {
    await this.#leave();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #start(): Promise<void> {
    try {
      await this.#run(this.#streamBuffer, this.#cancel.signal, (closing) => {
        this.#closing = closing;
      });
    } catch (error) {
      if (!this.#hasEnded) this.#failure = { error };
    }
    this.#hasEnded = true;
    this.#answer();
  }

  async #leave(): Promise<void> {
    this.#hasEnded = true;
    this.#failure = undefined;
    this.#streamBuffer.drop();
    this.#cancel.abort(new DOMException("The loop over streamShared() was left", "AbortError"));
    this.#answer();
    await this.#running;
  }

  /** Answers those that wait, as far as there are results, and all of them at the end. */
  #answer(): void {
    while (this.#waiting.length > 0) {
      const step = this.#step();
      if (step === undefined) return;
      this.#waiting.shift()?.(step);
    }
  }

  #step(): Step<R> | Promise<never> | undefined {
    const value = this.#streamBuffer.take();
    if (value !== undefined) return { done: false, value: value as StreamedResult<R> };
    if (!this.#hasEnded) return undefined;
    if (this.#failure === undefined) return { done: true, value: undefined };
    const { error } = this.#failure;
    this.#failure = undefined;
    return Promise.reject(error);
  }
}
