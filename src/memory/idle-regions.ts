/** Regions that wait for their next use, by size class. */
import type { Region } from "./region.js";

// A region serves a need of down to half its size. Smaller jobs would hold too large regions.
const LEAST_WASTE = 2;
// If memory is short, a need takes a region of up to this many times its size, instead of new memory.
const MOST_WASTE = 8;

export class IdleRegions {
  readonly #bySize = new Map<number, Region[]>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  put(region: Region): void {
    const size = region.buffer.byteLength;
    this.#bytes += size;
    const idle = this.#bySize.get(size);
    if (idle === undefined) this.#bySize.set(size, [region]);
    else idle.push(region);
  }

  /** Bytes of the needs, given by their classes, for which `take` finds none. */
  lacking(sizes: readonly number[]): number {
    const left = new Map([...this.#bySize].map(([size, { length }]) => [size, length]));
    let bytes = 0;
    for (const size of sizes) {
      const fit = [...left].filter(([of, count]) => count > 0 && of >= size && of <= LEAST_WASTE * size);
      const best = Math.min(...fit.map(([of]) => of));
      if (fit.length === 0) bytes += size;
      else left.set(best, (left.get(best) as number) - 1);
    }
    return bytes;
  }

  /** Whether `take` finds one. */
  has(size: number): boolean {
    return this.#classFor(size, LEAST_WASTE) !== undefined;
  }

  /**
   * Takes the smallest region that serves a need of this class without much waste.
   * @param most bytes that the region has at most
   * @param isExact whether it must be of that very class
   */
  take(size: number, most: number, isExact: boolean): Region | undefined {
    return this.#takeFrom(this.#classFor(size, isExact ? 1 : LEAST_WASTE), most);
  }

  /** Takes one that wastes more, because there is no room for another. @param most bytes that it has at most */
  takeLarge(size: number, most: number): Region | undefined {
    return this.#takeFrom(this.#classFor(size, MOST_WASTE), most);
  }

  /** Takes out regions, the largest first, until at most `keep` bytes are left. */
  *drain(keep: number): Generator<Region> {
    const sizes = [...this.#bySize.keys()].sort((a, b) => b - a);
    for (const size of sizes) {
      const idle = this.#bySize.get(size) as Region[];
      while (idle.length > 0 && this.#bytes > keep) {
        this.#bytes -= size;
        yield idle.pop() as Region;
      }
      if (idle.length === 0) this.#bySize.delete(size);
    }
  }

  /** Takes out regions that have been idle since `oldest` or longer. */
  *drainUnused(oldest: number): Generator<Region> {
    for (const [size, idle] of this.#bySize) {
      // The last region in is the first one out, so the front has waited longest.
      while (idle[0] !== undefined && idle[0].idleSince <= oldest) {
        this.#bytes -= size;
        yield idle.shift() as Region;
      }
      if (idle.length === 0) this.#bySize.delete(size);
    }
  }

  /** The smallest class that serves a need of this class, wastes no more than that, and has an idle region. */
  #classFor(size: number, waste: number): number | undefined {
    // A call that repeats usually gets its own region back.
    if ((this.#bySize.get(size)?.length ?? 0) > 0) return size;
    let best: number | undefined;
    for (const [candidate, { length }] of this.#bySize) {
      if (length === 0 || candidate < size || candidate > waste * size) continue;
      if (best === undefined || candidate < best) best = candidate;
    }
    return best;
  }

  #takeFrom(size: number | undefined, most: number): Region | undefined {
    if (size === undefined || size > most) return undefined;
    // The region that came back last is the likeliest to be in the caches. An empty list stays, because its region comes back.
    const region = (this.#bySize.get(size) as Region[]).pop() as Region;
    this.#bytes -= size;
    return region;
  }
}
