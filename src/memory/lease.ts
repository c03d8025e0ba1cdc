import type { Arena, Region } from "./arena.js";

/**
 * The regions of one job and how many still count on them: the call itself and every worker that was woken. The last
 * one to drop out returns them to the arena, so none is recycled while a worker could touch it.
 */
export class Lease {
  readonly #arena: Arena;
  readonly #regions = new Set<Region>();
  #holders = 1;

  /** Held once, by whoever makes it. */
  constructor(arena: Arena) {
    this.#arena = arena;
  }

  add(region: Region): void {
    this.#regions.add(region);
  }

  /** Takes a region out of the lease: somebody else sees to its return. */
  remove(region: Region): void {
    this.#regions.delete(region);
  }

  hold(): void {
    this.#holders += 1;
  }

  drop(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    for (const region of this.#regions) this.#arena.give(region);
    this.#regions.clear();
  }
}
