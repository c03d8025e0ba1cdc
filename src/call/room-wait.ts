import { type Stoppable, stopOnAbort } from "./abort-and-progress.js";

/** A call that waits for memory, and can be stopped meanwhile. */
export class RoomWait implements Stoppable {
  /** Resolves when the wait is over, however it ended. */
  readonly over: Promise<void>;
  readonly #stopped: Promise<never>;
  readonly #unwatch: readonly (() => void)[];
  #end!: () => void;
  #reject!: (reason: unknown) => void;

  /** @param signals stop it */
  constructor(signals: readonly (AbortSignal | undefined)[]) {
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#stopped = new Promise((_resolve, reject) => {
      this.#reject = reject;
    });
    // Whether anybody waits just now or not.
    this.#stopped.catch(() => {});
    const given = signals.filter((signal) => signal !== undefined);
    this.#unwatch = given.map((signal) => stopOnAbort(this, signal));
  }

  stop(reason: unknown): void {
    this.#reject(reason);
  }

  /** @throws the reason for which it was stopped */
  until<T>(made: Promise<T>): Promise<T> {
    return Promise.race([this.#stopped, made]);
  }

  end(): void {
    for (const end of this.#unwatch) end();
    this.#end();
  }
}
