/**
 * The arena: pooled SharedArrayBuffers.
 *
 * Why pooled: the first touch of a fresh buffer costs a page fault per 4 KiB. A copy into it takes 6-8 times as long as one
 * into memory that was used before (64 MB: 31-48 ms against 5.7 ms, Node 20).
 *
 * Who may hold a region:
 * - the engine, between `take` and `give`, for what a job placed;
 * - the user, after `lend`. What a user was given is never used again, as handles of it may be anywhere: the garbage
 *   collector frees it. `release` is the user's word that there are none.
 */
import { MemoryLimitError } from "../errors.js";
import { clearTimeout, setTimeout, structuredClone } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";
import { collectGarbage } from "../platform/collector.js";
import { newMemory, nextTurn, unref } from "../platform/runtime.js";
import { isSharedBuffer } from "./dtypes.js";
import { IdleRegions } from "./idle-regions.js";
import { clonesShare, Lendings, type Reach } from "./lendings.js";
import { type Excess, LATE_SHARE, LEAVE_MS, SLACK_SHARE, TIGHT_SHARE } from "./limits.js";
import { LiveLeases } from "./live-leases.js";
import { type HandleHolders, MappedMemory } from "./mapped-memory.js";
import { nextMemoryId, type Region, sizeClass, sizeClasses } from "./region.js";
import type { MemoryUsage } from "./usage.js";

const NOBODY: HandleHolders = { forget: () => false, collect: () => Promise.resolve() };

export class Arena {
  /** What users were given. */
  readonly lendings: Lendings;
  /** Who uses memory of this arena and of users. */
  readonly leases = new LiveLeases();
  readonly #limit: number;
  readonly #idleTimeout: number | undefined;
  readonly #holders: HandleHolders;
  #recycles: boolean;
  #trimTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #idle = new IdleRegions();
  /** Regions that kernels on workers may still reach. They are idle once the workers have let go of them. */
  readonly #quarantined = new Map<number, Region>();
  readonly #idOfHandle = new WeakMap<SharedArrayBuffer, number>();
  readonly #mapped: MappedMemory;
  #collecting: Promise<void> | undefined;
  #bytesInUse = 0;
  #bytesPeak = 0;
  /** In use or idle. */
  #regions = 0;

  /**
   * @param holders who else has handles
   * @param idleTimeout milliseconds after which a region that nobody needed goes; undefined: it stays
   * @param recycles keep regions for the next call; false: to measure what that gains
   */
  constructor(limit: number, holders: HandleHolders = NOBODY, idleTimeout?: number, recycles = true) {
    this.#limit = limit;
    this.#holders = holders;
    this.#idleTimeout = idleTimeout;
    this.#recycles = recycles;
    this.#mapped = new MappedMemory(holders, (id) => {
      const bytes = this.lendings.drop(id);
      if (bytes > 0) this.#letGo(bytes);
    });
    this.lendings = new Lendings(limit);
  }

  /**
   * A region of at least `bytes` bytes, its content undefined if `recycled`.
   * @param isLent it will be the user's, perhaps for long, so it must not be much larger than what is needed
   * @throws MemoryLimitError over the limit, or if the system has no more memory
   */
  take(bytes: number, excess: Excess = "nothing", isLent = false): Region {
    const size = sizeClass(bytes);
    const most = this.#mostInUse(excess) - this.#bytesInUse;
    const region = this.#idle.take(size, most, isLent) ?? this.#create(size, bytes, most, excess, isLent);
    region.uses += 1;
    this.#bytesInUse += region.buffer.byteLength;
    this.#bytesPeak = Math.max(this.#bytesPeak, this.#bytesInUse);
    return region;
  }

  /** Takes a region back. The caller vouches that no thread touches it any more. */
  give(region: Region, now = clock()): void {
    this.#bytesInUse -= region.buffer.byteLength;
    this.#keep(region, now);
  }

  /** No worker can reach this memory any more. */
  unheld(id: number): void {
    this.#mapped.unheld(id);
    const region = this.#quarantined.get(id);
    if (region === undefined) return;
    this.#quarantined.delete(id);
    this.#regions += 1;
    this.#keep(region, clock());
  }

  /** Hands a region to the user. @param parts the arrays that the user gets: offset and length in bytes */
  lend(region: Region, parts: readonly (readonly [number, number])[]): SharedArrayBuffer {
    const { byteLength } = region.buffer;
    if (!isSharedBuffer(region.buffer)) {
      this.#letGo(byteLength);
      return region.buffer;
    }
    // A clone is a second handle over the same memory (1.5 µs). It tells an array that was released from one that got the
    // memory afterwards. Of fresh memory there is none that was.
    const handle = region.recycled && clonesShare() ? structuredClone(region.buffer) : region.buffer;
    this.#idOfHandle.set(handle, region.id);
    if (handle !== region.buffer) this.#mapped.addHandle(region.id, handle);
    this.lendings.add(region.id, handle, parts);
    return handle;
  }

  /** The user has done with an array. Its memory is used again once no call uses it, and the arrays beside it are released. */
  release(buffer: SharedArrayBuffer, byteOffset: number, byteLength: number): void {
    const id = this.lendings.release(buffer, byteOffset, byteLength);
    if (id === undefined) return;
    const region: Region = { id, buffer, recycled: true, uses: 0, idleSince: 0 };
    const reuse = (): void => this.giveAfter(region, clonesShare() ? this.lendings.reachOf(buffer) : "here");
    const unused = this.leases.unused(buffer);
    if (unused === undefined) reuse();
    else void unused.then(reuse);
  }

  /** Takes a region back. @param reach which kernels may still reach it */
  giveAfter(region: Region, reach: Reach, now = clock()): void {
    // A kernel of this thread may reach it for as long as this thread lives, unless the collector says otherwise.
    if (reach === "here") this.#letGo(region.buffer.byteLength);
    else if (reach === "workers") this.#quarantine(region, now);
    else this.give(region, now);
  }

  /** The id of the memory behind any SharedArrayBuffer, the user's own included. */
  identify(buffer: SharedArrayBuffer): number {
    const known = this.#idOfHandle.get(buffer);
    if (known !== undefined) return known;
    const id = nextMemoryId();
    this.#idOfHandle.set(buffer, id);
    this.#mapped.addForeign(id, buffer);
    return id;
  }

  /** @throws MemoryLimitError unless regions for all these needs may be taken, once idle ones have given way */
  reserve(needs: readonly number[], excess: Excess = "nothing"): void {
    const size = sum(sizeClasses(needs));
    if (this.#bytesInUse + size > this.#mostInUse(excess)) {
      throw new MemoryLimitError(sum(needs), size, this.#bytesInUse, this.#limit);
    }
  }

  /** Could a region for this need be taken, as far as the limit goes? */
  fits(bytes: number): boolean {
    return this.#bytesInUse + sizeClass(bytes) <= this.#limit;
  }

  /** Would `take` find a region that was used before? */
  recycles(bytes: number): boolean {
    return this.#idle.has(sizeClass(bytes));
  }

  /** Is much of the limit in use, and would some of it return before long? */
  get isTight(): boolean {
    return this.#bytesInUse > this.#limit * TIGHT_SHARE && this.leases.haveClosed(clock() - LEAVE_MS);
  }

  /** Could regions for all these needs be taken now? */
  hasRoom(needs: readonly number[]): boolean {
    const sizes = sizeClasses(needs);
    if (this.#bytesInUse + sum(sizes) > this.#limit) return false;
    return this.#mapped.bytes + this.#idle.lacking(sizes) <= this.#mostMapped;
  }

  /** Has the garbage of this thread and of its workers collected. */
  collect(): Promise<void> {
    this.#collecting ??= this.#collect().finally(() => {
      this.#collecting = undefined;
    });
    return this.#collecting;
  }

  async #collect(): Promise<void> {
    // What was touched in this turn is kept to its end.
    await nextTurn();
    await this.collectNow();
  }

  /** The same, but what was touched in this turn stays. @returns resolves when the workers have collected theirs */
  collectNow(): Promise<void> {
    collectGarbage();
    this.#mapped.sweep();
    return this.#holders.collect();
  }

  /** Lets idle regions go, the largest first, until at most `keep` bytes are idle. */
  trim(keep = 0): void {
    this.#drop(this.#idle.drain(keep));
  }

  /** Keeps nothing for later from now on: idle regions go, and those that come back. */
  retire(): void {
    this.#recycles = false;
    clearTimeout(this.#trimTimer);
    this.trim();
  }

  usage(): MemoryUsage {
    const { bytes: bytesIdle } = this.#idle;
    return {
      regions: this.#regions,
      bytesInUse: this.#bytesInUse,
      bytesIdle,
      bytesUncollected: Math.max(0, this.#mapped.bytes - this.#bytesInUse - bytesIdle),
      bytesPeak: this.#bytesPeak,
      limit: this.#limit,
    };
  }

  #keep(region: Region, now: number): void {
    region.recycled = true;
    region.idleSince = now;
    this.#idle.put(region);
    if (this.#recycles) this.#scheduleTrim();
    else this.trim();
  }

  #drop(idle: Iterable<Region>): void {
    for (const { buffer } of idle) {
      this.#regions -= 1;
      this.lendings.weigh(buffer);
    }
  }

  /** What may be in use. */
  #mostInUse(excess: Excess): number {
    if (excess === "anything") return Infinity;
    return excess === "leaving" && this.leases.haveClosed(0) ? this.#limit * LATE_SHARE : this.#limit;
  }

  /** Takes back a region that kernels may still reach in workers. */
  #quarantine(region: Region, now: number): void {
    if (!this.#holders.forget(region.id)) {
      this.give(region, now);
      return;
    }
    this.#letGo(region.buffer.byteLength);
    this.#quarantined.set(region.id, region);
  }

  /** Lets memory that was taken go for good: the collector frees it when nobody can reach it. */
  #letGo(bytes: number): void {
    this.#regions -= 1;
    this.#bytesInUse -= bytes;
  }

  get #mostMapped(): number {
    return this.#limit * (1 + SLACK_SHARE);
  }

  #scheduleTrim(): void {
    if (this.#idleTimeout === undefined || this.#trimTimer !== undefined) return;
    this.#trimTimer = setTimeout(() => {
      this.#trimTimer = undefined;
      this.#drop(this.#idle.drainUnused(clock() - (this.#idleTimeout as number)));
      if (this.#idle.bytes > 0) this.#scheduleTrim();
    }, this.#idleTimeout);
    unref(this.#trimTimer);
  }

  #create(size: number, bytes: number, most: number, excess: Excess, isLent: boolean): Region {
    if (size > most) throw new MemoryLimitError(bytes, size, this.#bytesInUse, this.#limit);
    if (!isLent && this.#mapped.bytes + size > this.#limit) {
      const large = this.#idle.takeLarge(size, most);
      if (large !== undefined) return large;
    }
    if (excess === "nothing" && this.#mapped.bytes + size > this.#mostMapped) {
      throw new MemoryLimitError(bytes, size, this.#bytesInUse, this.#limit, this.usage().bytesUncollected);
    }
    let buffer: SharedArrayBuffer;
    try {
      buffer = newMemory(size);
    } catch {
      throw new MemoryLimitError(bytes, size, this.#bytesInUse, this.#limit);
    }
    const region: Region = { id: nextMemoryId(), buffer, recycled: false, uses: 0, idleSince: 0 };
    this.#idOfHandle.set(buffer, region.id);
    this.#mapped.add(region.id, buffer);
    this.#regions += 1;
    return region;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
