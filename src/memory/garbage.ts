import { collectGarbage } from "../platform/collector.js";
import { nextTurn } from "../platform/runtime.js";
import type { HandleHolders, MappedMemory } from "./mapped-memory.js";

/** Has the garbage of this thread and of those that hold handles collected, so that the system gets its memory back. */
export class Garbage {
  readonly #mapped: MappedMemory;
  readonly #holders: HandleHolders;
  #collecting: Promise<void> | undefined;

  constructor(mapped: MappedMemory, holders: HandleHolders) {
    this.#mapped = mapped;
    this.#holders = holders;
  }

  /** Collects once for all who ask meanwhile. */
  collect(): Promise<void> {
    this.#collecting ??= this.#collect().finally(() => {
      this.#collecting = undefined;
    });
    return this.#collecting;
  }

  async #collect(): Promise<void> {
    // V8 keeps what was touched in this turn of the event loop to its end.
    await nextTurn();
    await this.collectNow();
  }

  /** The same, but what was touched in this turn stays. @returns resolves when the workers have collected theirs */
  collectNow(): Promise<void> {
    collectGarbage();
    this.#mapped.sweep();
    return this.#holders.collect();
  }
}
