/**
 * The arena: pooled SharedArrayBuffers.
 *
 * Why pooled: the first touch of a fresh buffer costs a page fault per 4 KiB, which makes a copy into it 6-8 times as
 * slow as one into memory that was used before (64 MB: 31-48 ms against 5.7 ms, Node 20); and many short-lived
 * SharedArrayBuffers inflate the process (nodejs/node#34703).
 *
 * Who may hold a region:
 * - the engine, between `take` and `give`, for what a job placed;
 * - the user, after `lend`: the user gets a second handle over the same memory. When that handle is unreachable the
 *   region returns by itself, and until then it can't be recycled, whatever happens to the executor.
 */
import { MemoryLimitError } from "../errors.js";
import { clock } from "../platform/clock.js";
import { newMemory, unref } from "../platform/runtime.js";
import { isSharedBuffer } from "./dtypes.js";

/** Placed arrays start on cache-line boundaries, so that two workers never write the same line. */
export const ALIGNMENT = 64;

/** One pooled SharedArrayBuffer. */
export interface Region {
  /** Names the memory in messages; unique within the process, never used again. */
  readonly id: number;
  /** The engine's own handle. */
  readonly buffer: SharedArrayBuffer;
  /** False: the memory is as the system gave it, all zero. */
  recycled: boolean;
  /** How often it was taken: whoever took it the last time but none finds it as it was. */
  uses: number;
  /** When it was last given back, as `performance.now()` counts. */
  idleSince: number;
}

/** What `executor.memory()` tells. All figures but `regions` are bytes. */
export interface MemoryUsage {
  /** Regions that exist, in use or idle. */
  readonly regions: number;
  /** Held by running jobs or by arrays of the user. */
  readonly bytesInUse: number;
  /** Kept for the next call. */
  readonly bytesIdle: number;
  /** The most that was ever in use at once. */
  readonly bytesPeak: number;
  /** `maxSharedBytes`. */
  readonly limit: number;
}

// The most that Node 20 makes an ArrayBuffer of; it weighs enough.
const LARGEST_BALLAST = 2 ** 32;
// Ballast has V8 collect for every 64 MB or so that are lent, which takes 5 to 15 ms of a small heap and far more of a large
// one. As long as what is lent is no more than this share of the limit, dropped or not, there is room to wait.
const WEIGHTLESS_SHARE = 1 / 32;
// One page: the smallest amount the system gives out.
const SMALLEST = 4096;
// A region may serve a need of down to half its size; more would let small jobs hold big regions.
const STEPS_PER_DOUBLING = 4;

let lastId = 0;

/** Names a piece of shared memory, process-wide. */
function nextMemoryId(): number {
  lastId += 1;
  return lastId;
}

/**
 * Rounds a need up to its size class: four classes per doubling, so at most a quarter is unused; the system gives
 * that tail no memory until it is touched.
 */
export function sizeClass(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const step = 2 ** (Math.ceil(Math.log2(bytes)) - 1) / STEPS_PER_DOUBLING;
  return Math.ceil(bytes / step) * step;
}

export class Arena {
  readonly #limit: number;
  readonly #idleTimeout: number | undefined;
  #recycles: boolean;
  #trimTimer: ReturnType<typeof setTimeout> | undefined;
  /** Tells whoever keeps handles elsewhere (workers) that this memory is gone for good. */
  readonly #onGone: (id: number) => void;
  readonly #idle = new Map<number, Region[]>();
  readonly #idOfHandle = new WeakMap<SharedArrayBuffer, number>();
  readonly #ballast = new WeakMap<SharedArrayBuffer, ArrayBuffer>();
  readonly #lent = new FinalizationRegistry<Region>((region) => {
    this.#bytesLent -= region.buffer.byteLength;
    this.give(region);
  });
  readonly #foreign = new FinalizationRegistry<number>((id) => this.#onGone(id));
  #regions = 0;
  #bytesInUse = 0;
  #bytesIdle = 0;
  #bytesLent = 0;
  #bytesPeak = 0;

  /**
   * @param idleTimeout milliseconds after which a region that nobody needed goes; undefined: it stays
   * @param recycles keep regions for the next call; false: to measure what that gains
   */
  constructor(limit: number, onGone: (id: number) => void, idleTimeout?: number, recycles = true) {
    this.#limit = limit;
    this.#onGone = onGone;
    this.#idleTimeout = idleTimeout;
    this.#recycles = recycles;
  }

  /**
   * A region of at least `bytes` bytes, its content undefined where `recycled`.
   * @param mayExceed the limit does not count: more is at stake than the memory
   * @throws MemoryLimitError over the limit, or when the system has no more memory
   */
  take(bytes: number, mayExceed = false): Region {
    const size = sizeClass(bytes);
    const region = this.#takeIdle(size) ?? this.#create(size, bytes, mayExceed);
    region.uses += 1;
    this.#bytesInUse += region.buffer.byteLength;
    this.#bytesPeak = Math.max(this.#bytesPeak, this.#bytesInUse);
    return region;
  }

  /** Takes a region back. The caller vouches that no thread touches it any more. */
  give(region: Region, now = clock()): void {
    const size = region.buffer.byteLength;
    region.recycled = true;
    region.idleSince = now;
    this.#bytesInUse -= size;
    this.#bytesIdle += size;
    const idle = this.#idle.get(size);
    if (idle === undefined) this.#idle.set(size, [region]);
    else idle.push(region);
    if (this.#recycles) this.#scheduleTrim();
    else this.trim();
  }

  /** Lets a region that was taken go for good: its memory is freed when nobody can reach it. */
  forget(region: Region): void {
    this.#regions -= 1;
    this.#bytesInUse -= region.buffer.byteLength;
    this.#onGone(region.id);
  }

  /** Hands a region to the user: the returned handle owns it from now on. */
  lend(region: Region): SharedArrayBuffer {
    if (!isSharedBuffer(region.buffer)) {
      // A clone would be other memory.
      this.forget(region);
      return region.buffer;
    }
    // A clone is a second handle over the same memory (1.5 µs). The engine keeps the first one, so that the
    // finalizer of the second can still recycle the region.
    const handle = structuredClone(region.buffer);
    this.#idOfHandle.set(handle, region.id);
    this.#lent.register(handle, region);
    this.#bytesLent += region.buffer.byteLength;
    if (this.#bytesLent > this.#limit * WEIGHTLESS_SHARE) this.#weigh(handle);
    return handle;
  }

  #weigh(handle: SharedArrayBuffer): void {
    // V8 does not count shared memory when it decides whether to collect, so dropped handles would pile up to the
    // limit. An untouched ArrayBuffer of the same size weighs as much in V8's books: 200 dropped handles of 64 MB
    // were all kept without it, at most 4 at a time with it. A resizable one is always mapped, never written, so it
    // occupies no memory (1 MB: 22 µs; a plain one comes from the C heap, which clears it: 149 µs).
    const size = Math.min(handle.byteLength, LARGEST_BALLAST);
    this.#ballast.set(handle, new ArrayBuffer(size, { maxByteLength: size }));
  }

  /** The id of the memory behind any SharedArrayBuffer, the user's own included. */
  identify(buffer: SharedArrayBuffer): number {
    const known = this.#idOfHandle.get(buffer);
    if (known !== undefined) return known;
    const id = nextMemoryId();
    this.#idOfHandle.set(buffer, id);
    this.#foreign.register(buffer, id);
    return id;
  }

  /**
   * Makes sure that regions for all these needs can be taken. Idle regions do not count: they give way.
   * @throws MemoryLimitError otherwise
   */
  reserve(needs: readonly number[]): void {
    let size = 0;
    let requested = 0;
    for (const bytes of needs) {
      if (bytes === 0) continue;
      size += sizeClass(bytes);
      requested += bytes;
    }
    if (this.#bytesInUse + size > this.#limit) {
      throw new MemoryLimitError(requested, size, this.#bytesInUse, this.#limit);
    }
  }

  /** Could a region for this need be taken, as far as the limit goes? */
  fits(bytes: number): boolean {
    return this.#bytesInUse + sizeClass(bytes) <= this.#limit;
  }

  /** Would `take` find a region that was used before? */
  recycles(bytes: number): boolean {
    return this.#idleClass(sizeClass(bytes)) !== undefined;
  }

  /** Lets idle regions go, the largest first, until at most `keep` bytes are idle. */
  trim(keep = 0): void {
    const sizes = [...this.#idle.keys()].sort((a, b) => b - a);
    for (const size of sizes) {
      const idle = this.#idle.get(size) as Region[];
      while (idle.length > 0 && this.#bytesIdle > keep) {
        this.#drop(idle.pop() as Region);
      }
      if (idle.length === 0) this.#idle.delete(size);
    }
  }

  /** Keeps nothing for later from now on: idle regions go, and those that come back. */
  retire(): void {
    this.#recycles = false;
    clearTimeout(this.#trimTimer);
    this.trim();
  }

  usage(): MemoryUsage {
    return {
      regions: this.#regions,
      bytesInUse: this.#bytesInUse,
      bytesIdle: this.#bytesIdle,
      bytesPeak: this.#bytesPeak,
      limit: this.#limit,
    };
  }

  #scheduleTrim(): void {
    if (this.#idleTimeout === undefined || this.#trimTimer !== undefined) return;
    this.#trimTimer = setTimeout(() => {
      this.#trimTimer = undefined;
      this.#dropUnused(clock() - (this.#idleTimeout as number));
      if (this.#bytesIdle > 0) this.#scheduleTrim();
    }, this.#idleTimeout);
    unref(this.#trimTimer);
  }

  /** Lets regions go that have been idle since `oldest` or longer. */
  #dropUnused(oldest: number): void {
    for (const [size, idle] of this.#idle) {
      // The last one in is the first one out, so the front has waited longest.
      while (idle[0] !== undefined && idle[0].idleSince <= oldest) this.#drop(idle.shift() as Region);
      if (idle.length === 0) this.#idle.delete(size);
    }
  }

  #drop(region: Region): void {
    this.#regions -= 1;
    this.#bytesIdle -= region.buffer.byteLength;
    this.#onGone(region.id);
  }

  /** The smallest class that serves a need of this class and has an idle region. */
  #idleClass(size: number): number | undefined {
    // As a rule a call that repeats has its own back.
    if ((this.#idle.get(size)?.length ?? 0) > 0) return size;
    let best: number | undefined;
    for (const [candidate, { length }] of this.#idle) {
      if (length === 0 || candidate < size || candidate > 2 * size) continue;
      if (best === undefined || candidate < best) best = candidate;
    }
    return best;
  }

  #takeIdle(size: number): Region | undefined {
    const best = this.#idleClass(size);
    if (best === undefined) return undefined;
    const idle = this.#idle.get(best) as Region[];
    // The one given back last is the likeliest to be in the caches.
    // An empty list stays: the region comes back to it, as a rule.
    const region = idle.pop() as Region;
    this.#bytesIdle -= best;
    return region;
  }

  #create(size: number, bytes: number, mayExceed: boolean): Region {
    if (!mayExceed) this.reserve([bytes]);
    if (this.#bytesInUse + this.#bytesIdle + size > this.#limit) {
      this.trim(this.#limit - this.#bytesInUse - size);
    }
    let buffer: SharedArrayBuffer;
    try {
      buffer = newMemory(size);
    } catch {
      throw new MemoryLimitError(bytes, size, this.#bytesInUse, this.#limit);
    }
    this.#regions += 1;
    const region: Region = { id: nextMemoryId(), buffer, recycled: false, uses: 0, idleSince: 0 };
    this.#idOfHandle.set(buffer, region.id);
    return region;
  }
}
