/** Memory that the pool's workers must let go and still hold. */
import { waitFor } from "../../platform/wait-for.js";
import type { WorkerKnowledge } from "./worker-knowledge.js";

// A worker that is idle, or between two slices of tasks, collects within some 10 ms. On a loaded machine it takes up to a
// second.
const COLLECT_MS = 5000;
// Small pieces take little memory, but each is a mapping of its own.
const MOST_PIECES = 1000;

/** A worker that knows memory. */
interface Holder {
  readonly knowledge: WorkerKnowledge;
  /** Whether the pool has ended it, so that it need not collect. */
  readonly isTerminated: boolean;
}

export class HeldMemory {
  /** Workers that have not ended, also those that are about to. */
  readonly #holders: ReadonlySet<Holder>;
  readonly #mostGarbage: number;
  readonly #onUnheld: (memory: number) => void;

  /**
   * @param mostGarbage bytes of memory that a worker may have as garbage before it has to collect it
   * @param onUnheld told when no worker can reach a memory any more
   */
  constructor(holders: ReadonlySet<Holder>, mostGarbage: number, onUnheld: (memory: number) => void) {
    this.#holders = holders;
    this.#mostGarbage = mostGarbage;
    this.#onUnheld = onUnheld;
  }

  /**
   * Tells every worker, with its next wake-up, to let memory go. Workers whose garbage has become much are told at once.
   * @returns whether any of them may still reach it
   */
  forget(memory: number): boolean {
    let isHeld = false;
    for (const { knowledge } of this.#holders) {
      knowledge.memory.forget(memory);
      isHeld ||= knowledge.memory.holds(memory);
    }
    if (isHeld && this.#isFull) void this.collect();
    return isHeld;
  }

  /** Has workers collect the memory that they were to let go. Does not wait for workers that are busy for long. */
  async collect(): Promise<void> {
    const full = [...this.#holders].filter(({ knowledge, isTerminated }) => {
      return !isTerminated && knowledge.memory.garbageBytes > 0;
    });
    if (full.length === 0) return;
    await waitFor(Promise.all(full.map(({ knowledge }) => knowledge.memory.collect())), COLLECT_MS);
  }

  /** A worker can't reach this memory any more. */
  gone(memory: readonly number[]): void {
    for (const id of memory) {
      if (![...this.#holders].some(({ knowledge }) => knowledge.memory.holds(id))) this.#onUnheld(id);
    }
  }

  get #isFull(): boolean {
    for (const { knowledge } of this.#holders) {
      const { garbageBytes, garbageCount } = knowledge.memory;
      if (garbageBytes > this.#mostGarbage || garbageCount > MOST_PIECES) return true;
    }
    return false;
  }
}
