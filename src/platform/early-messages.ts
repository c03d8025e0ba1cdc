/** Messages of a worker on their way to threads.js. */
import { queueMicrotask } from "./builtins.js";

export type MessageListener = (event: { data: unknown }) => void;

export class EarlyMessages {
  readonly #listeners = new Set<MessageListener>();
  /** From before anyone listened: threads.js is imported when the worker has started. */
  readonly #early: unknown[] = [];

  add(listener: MessageListener): void {
    this.#listeners.add(listener);
    for (const data of this.#early.splice(0)) queueMicrotask(() => listener({ data }));
  }

  remove(listener: MessageListener): void {
    this.#listeners.delete(listener);
  }

  receive(data: unknown): void {
    if (this.#listeners.size === 0) this.#early.push(data);
    for (const listener of [...this.#listeners]) listener({ data });
  }

  /**
   * The worker has ended. `spawn` hears of no such thing (master/spawn.ts:94), and its timer would keep a process alive
   * for its whole length (46-59). A first message lets it end; whoever awaits it finds the worker ended.
   */
  end(): void {
    this.receive({ type: "init", exposed: { type: "module", methods: ["flush"] } });
  }
}
