import { clock } from "../platform/clock.js";
import type { Arena, Region } from "./arena.js";

/**
 * The regions of one job and how many still count on them: the call itself and every worker that was woken. The last
 * one to drop out returns them to the arena, so none is recycled while a worker could touch it.
 */
export class Lease {
  readonly #arena: Arena;
  readonly #regions: Region[] = [];
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
    if (!this.#regions.includes(region)) this.#regions.push(region);
  }

  /** Somebody keeps touching the regions who can't be waited for: none of them is ever used again. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /** The memory of a region of the lease for the user, who sees to its return from now on. */
  lend(region: Region): SharedArrayBuffer {
    const at = this.#regions.indexOf(region);
    if (at !== -1) this.#regions.splice(at, 1);
    if (!this.#isAbandoned) return this.#arena.lend(region);
    this.#arena.forget(region);
    return region.buffer;
  }

  hold(): this {
    this.#holders += 1;
    return this;
  }

  /** @param now as `performance.now()` counts, where that is known: a reading takes 0.06 µs */
  drop(now?: number): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    const since = now ?? clock();
    // The last one first: the arena gives out first what it got last, so a call that repeats finds each in its old place.
    for (let region = this.#regions.pop(); region !== undefined; region = this.#regions.pop()) {
      if (this.#isAbandoned) this.#arena.forget(region);
      else this.#arena.give(region, since);
    }
    this.#onReturned?.(!this.#isAbandoned);
  }
}
