/** Hands the messages of a worker to threads.js, and keeps those that come before it listens. */
import { queueMicrotask } from "./builtins.js";

export type MessageListener = (event: { data: unknown }) => void;

export class EarlyMessages {
  readonly #listeners = new Set<MessageListener>();
  /** Messages from before anyone listened, because threads.js is imported once the worker has started. */
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
   * The worker has ended. `spawn` does not hear of that (master/spawn.ts:94), and its timer would keep a process alive (46-59).
   * A first message makes `spawn` end, and its caller finds that the worker has ended.
   */
  end(): void {
    this.receive({ type: "init", exposed: { type: "module", methods: ["flush"] } });
  }
}
