import type { Stoppable } from "./abort-and-progress.js";

/** A pass that waits for memory, and can be stopped meanwhile. */
export class RoomWait implements Stoppable {
  /** Resolves when the wait is over, however it ended. */
  readonly over: Promise<void>;
  readonly #stopped: Promise<never>;
  #end!: () => void;
  #reject!: (reason: unknown) => void;

  constructor() {
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#stopped = new Promise((_resolve, reject) => {
      this.#reject = reject;
    });
    // Called whether anybody waits just now or not.
    this.#stopped.catch(() => {});
  }

  stop(reason: unknown): void {
    this.#reject(reason);
  }

  /** @throws the reason for which it was stopped */
  until<T>(made: Promise<T>): Promise<T> {
    return Promise.race([this.#stopped, made]);
  }

  end(): void {
    this.#end();
  }
}
