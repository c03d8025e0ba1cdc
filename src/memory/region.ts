/** Regions: the pieces of shared memory that the arena gives out. */

/** Bytes of a cache line. Placed arrays start on one, so that two workers never write the same line. */
export const ALIGNMENT = 64;

/** One pooled SharedArrayBuffer. */
export interface Region {
  /** Names the memory in messages; unique within the process, never used again. */
  readonly id: number;
  /** The engine's own handle. */
  readonly buffer: SharedArrayBuffer;
  /** Whether the memory was used before. If not, it is all zero. */
  recycled: boolean;
  /** Take counter. If it is exactly one higher than at your previous take, nobody used the region in between. */
  uses: number;
  /** When it was last given back, as `clock` counts. */
  idleSince: number;
}

// One page, the least that the system gives out.
const SMALLEST = 4096;
const STEPS_PER_DOUBLING = 4;

/**
 * Rounds a need up to its size class, both in bytes. There are four classes per doubling, so at most a quarter is unused. The system
 * gives that tail no memory until it is touched.
 */
export function sizeClass(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const step = 2 ** (Math.ceil(Math.log2(bytes)) - 1) / STEPS_PER_DOUBLING;
  return Math.ceil(bytes / step) * step;
}

/** The classes of all needs. A need of no bytes has none. */
export function sizeClasses(needs: readonly number[]): number[] {
  return needs.filter((bytes) => bytes > 0).map(sizeClass);
}

let lastId = 0;

/** A new name for a piece of shared memory, unique in the process. */
export function nextMemoryId(): number {
  lastId += 1;
  return lastId;
}
