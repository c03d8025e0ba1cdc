import type { Arena, Region } from "./arena.js";

/**
 * The regions of one job and how many still count on them: the call itself and every worker that was woken. The last
 * one to drop out returns them to the arena, so none is recycled while a worker could touch it.
 */
export class Lease {
  readonly #arena: Arena;
  readonly #regions = new Set<Region>();
  readonly #onReturned: ((isSafe: boolean) => void) | undefined;
  #holders = 1;
  #isAbandoned = false;

  /**
   * Held once, by whoever makes it.
   * @param onReturned told when the last one has dropped out, and whether memory that is not the arena's may be used
   *   again, too
   */
  constructor(arena: Arena, onReturned?: (isSafe: boolean) => void) {
    this.#arena = arena;
    this.#onReturned = onReturned;
  }

  add(region: Region): void {
    this.#regions.add(region);
  }

  /** Somebody keeps touching the regions who can't be waited for: none of them is ever used again. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /** The memory of a region of the lease for the user, who sees to its return from now on. */
  lend(region: Region): SharedArrayBuffer {
    this.#regions.delete(region);
    if (!this.#isAbandoned) return this.#arena.lend(region);
    this.#arena.forget(region);
    return region.buffer;
  }

  hold(): this {
    this.#holders += 1;
    return this;
  }

  drop(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    for (const region of this.#regions) {
      if (this.#isAbandoned) this.#arena.forget(region);
      else this.#arena.give(region);
    }
    this.#regions.clear();
    this.#onReturned?.(!this.#isAbandoned);
  }
}
