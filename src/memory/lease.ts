import type { Arena, Region } from "./arena.js";

/**
 * The regions of one job and how many still count on them: the call itself and every worker that was woken. The last
 * one to drop out returns them to the arena, so none is recycled while a worker could touch it.
 */
export class Lease {
  readonly #arena: Arena;
  readonly #regions = new Set<Region>();
  #holders = 1;
  #isAbandoned = false;

  /** Held once, by whoever makes it. */
  constructor(arena: Arena) {
    this.#arena = arena;
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

  hold(): void {
    this.#holders += 1;
  }

  drop(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    for (const region of this.#regions) {
      if (this.#isAbandoned) this.#arena.forget(region);
      else this.#arena.give(region);
    }
    this.#regions.clear();
  }
}
