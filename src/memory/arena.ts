/**
 * The arena: pooled SharedArrayBuffers. Fresh memory costs a page fault per 4 KiB. A copy into a region that was used before is
 * 6 to 8 times as fast (docs/decisions/0003). Between `take` and `give` a region is the engine's. After `lend` it is the
 * user's: handles of it may be anywhere, so the arena never uses it again and the garbage collector frees it. By `release` the
 * user says that there are no handles.
 */
import { MemoryLimitError } from "../errors.js";
import { structuredClone } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";
import { newMemory } from "../platform/runtime.js";
import { isSharedBuffer } from "./dtypes.js";
import { Garbage } from "./garbage.js";
import { IdleRegions } from "./idle-regions.js";
import { Ledger } from "./ledger.js";
import { clonesShare, Lendings, type Reach } from "./lendings.js";
import { type Excess, LEAVE_MS } from "./limits.js";
import { LiveLeases } from "./live-leases.js";
import { type HandleHolders, MappedMemory } from "./mapped-memory.js";
import { nextMemoryId, type Region, sizeClass, sizeClasses } from "./region.js";
import { TrimTimer } from "./trim-timer.js";
import type { MemoryUsage } from "./usage.js";

const NOBODY: HandleHolders = { forget: () => false, collect: () => Promise.resolve() };

export class Arena {
  /** The regions that users were given. */
  readonly lendings: Lendings;
  /** The calls that use memory of this arena or of users. */
  readonly leases = new LiveLeases();
  readonly #ledger: Ledger;
  readonly #holders: HandleHolders;
  readonly #idle = new IdleRegions();
  readonly #trimTimer: TrimTimer;
  /** Regions that kernels on workers may still reach. They are idle once the workers have let go of them. */
  readonly #quarantined = new Map<number, Region>();
  readonly #mapped: MappedMemory;
  readonly #garbage: Garbage;
  #isRetired = false;

  /**
   * @param holders who else has handles
   * @param idleTimeout milliseconds after which a region that nobody needed goes; `undefined` if it stays
   */
  constructor(limit: number, holders: HandleHolders = NOBODY, idleTimeout?: number) {
    this.#ledger = new Ledger(limit);
    this.#holders = holders;
    this.#trimTimer = new TrimTimer(idleTimeout, (oldest) => {
      this.#drop(this.#idle.drainUnused(oldest));
      return this.#idle.bytes > 0;
    });
    this.#mapped = new MappedMemory(holders, (id) => {
      const bytes = this.lendings.drop(id);
      if (bytes > 0) this.#ledger.letGo(bytes);
    });
    this.#garbage = new Garbage(this.#mapped, holders);
    this.lendings = new Lendings(limit);
  }

  /**
   * A region of at least `bytes` bytes. Its content is arbitrary if it is `recycled`, else zero.
   * @param isLent whether it will be the user's, perhaps for long; then it is not much larger than what is needed
   * @throws MemoryLimitError over the limit, or if the system has no more memory
   */
  take(bytes: number, excess: Excess = "nothing", isLent = false): Region {
    const size = sizeClass(bytes);
    const most = this.#mostInUse(excess) - this.#ledger.inUse;
    const region = this.#idle.take(size, most, isLent) ?? this.#create(size, bytes, most, excess, isLent);
    region.uses += 1;
    this.#ledger.took(region.buffer.byteLength);
    return region;
  }

  /** Takes a region back. The caller vouches that no thread touches it any more. */
  give(region: Region, now = clock()): void {
    this.#ledger.returned(region.buffer.byteLength);
    this.#keep(region, now);
  }

  /** No worker can reach this memory any more. */
  unheld(id: number): void {
    this.#mapped.unheld(id);
    const region = this.#quarantined.get(id);
    if (region === undefined) return;
    this.#quarantined.delete(id);
    this.#ledger.gained();
    this.#keep(region, clock());
  }

  /**
   * Hands a region to the user.
   * @param parts the arrays that the user gets: offset and length in bytes
   * @param isBrief whether the engine itself is the user, and releases them at once
   */
  lend(region: Region, parts: readonly (readonly [number, number])[], isBrief = false): SharedArrayBuffer {
    const { byteLength } = region.buffer;
    if (!isSharedBuffer(region.buffer)) {
      this.#ledger.letGo(byteLength);
      return region.buffer;
    }
    // A clone is a second handle over the same memory. It tells a released array from the one that gets the memory afterwards. No
    // array of fresh memory was released before.
    const handle = region.recycled && clonesShare() ? structuredClone(region.buffer) : region.buffer;
    if (handle !== region.buffer) this.#mapped.addHandle(region.id, handle);
    this.lendings.add(region.id, handle, parts, isBrief);
    return handle;
  }

  /** The user needs an array no more. Its memory is used again once no call uses it, and once the arrays beside it are released. */
  release(buffer: SharedArrayBuffer, byteOffset: number, byteLength: number): void {
    const id = this.lendings.release(buffer, byteOffset, byteLength);
    if (id === undefined) return;
    const region: Region = { id, buffer, recycled: true, uses: 0, idleSince: 0 };
    const reuse = (): void => this.giveAfter(region, clonesShare() ? this.lendings.reachOf(buffer) : "here");
    const unused = this.leases.unused(buffer);
    if (unused === undefined) reuse();
    else void unused.then(reuse);
  }

  /** Takes a region back that kernels may still reach. @param reach which kernels */
  giveAfter(region: Region, reach: Reach, now = clock()): void {
    // A kernel of this thread may reach it as long as this thread lives. Only the collector knows better.
    if (reach === "here") this.#ledger.letGo(region.buffer.byteLength);
    else if (reach === "workers") this.#quarantine(region, now);
    else this.give(region, now);
  }

  /** The id of the memory behind any SharedArrayBuffer, the user's own included. */
  identify(buffer: SharedArrayBuffer): number {
    return this.#mapped.identify(buffer);
  }

  /** @throws MemoryLimitError unless regions for all these needs may be taken, once idle ones have given way */
  reserve(needs: readonly number[], excess: Excess = "nothing"): void {
    let size = 0;
    for (const need of needs) if (need > 0) size += sizeClass(need);
    if (this.#ledger.inUse + size > this.#mostInUse(excess)) throw this.#refusal(sum(needs), size);
  }

  /** Whether a region for this need is within the limit. */
  fits(bytes: number): boolean {
    return this.#ledger.inUse + sizeClass(bytes) <= this.#ledger.limit;
  }

  /** Whether `take` finds a region that was used before. */
  recycles(bytes: number): boolean {
    return this.#idle.has(sizeClass(bytes));
  }

  /** Whether much of the limit is in use, some of which returns soon. */
  get isTight(): boolean {
    return this.#ledger.isTight && this.leases.haveClosed(clock() - LEAVE_MS);
  }

  /** Whether regions for all these needs could be taken now. */
  hasRoom(needs: readonly number[]): boolean {
    const sizes = sizeClasses(needs);
    if (this.#ledger.inUse + sum(sizes) > this.#ledger.limit) return false;
    return this.#mapped.bytes + this.#idle.lacking(sizes) <= this.#ledger.mostMapped;
  }

  /** Has the garbage of this thread and of its workers collected. */
  collect(): Promise<void> {
    return this.#garbage.collect();
  }

  /** The same, but what was touched in this turn stays. @returns resolves when the workers have collected theirs */
  collectNow(): Promise<void> {
    return this.#garbage.collectNow();
  }

  /** Lets idle regions go, the largest first, until at most `keep` bytes are idle. */
  trim(keep = 0): void {
    this.#drop(this.#idle.drain(keep));
  }

  /** From now on keeps nothing for later: idle regions go, and so do those that come back. */
  retire(): void {
    this.#isRetired = true;
    this.#trimTimer.stop();
    this.trim();
  }

  usage(): MemoryUsage {
    const { regions, inUse: bytesInUse, peak: bytesPeak, limit } = this.#ledger;
    const { bytes: bytesIdle } = this.#idle;
    const bytesUncollected = Math.max(0, this.#mapped.bytes - bytesInUse - bytesIdle);
    return { regions, bytesInUse, bytesIdle, bytesUncollected, bytesPeak, limit };
  }

  #keep(region: Region, now: number): void {
    region.recycled = true;
    region.idleSince = now;
    this.#idle.put(region);
    if (this.#isRetired) this.trim();
    else this.#trimTimer.start();
  }

  #drop(idle: Iterable<Region>): void {
    for (const { buffer } of idle) {
      this.#ledger.dropped();
      this.lendings.weigh(buffer);
    }
  }

  #mostInUse(excess: Excess): number {
    return this.#ledger.mostInUse(excess, () => this.leases.haveClosed(0));
  }

  /** Takes back a region that kernels may still reach in workers. Its memory is used again once the workers have let go of it. */
  #quarantine(region: Region, now: number): void {
    if (!this.#holders.forget(region.id)) {
      this.give(region, now);
      return;
    }
    this.#ledger.letGo(region.buffer.byteLength);
    this.#quarantined.set(region.id, region);
  }

  #create(size: number, bytes: number, most: number, excess: Excess, isLent: boolean): Region {
    if (size > most) throw this.#refusal(bytes, size);
    const mapped = this.#mapped.bytes + size;
    if (!isLent && mapped > this.#ledger.limit) {
      const large = this.#idle.takeLarge(size, most);
      if (large !== undefined) return large;
    }
    if (excess === "nothing" && mapped > this.#ledger.mostMapped) {
      throw this.#refusal(bytes, size, this.usage().bytesUncollected);
    }
    let buffer: SharedArrayBuffer;
    try {
      buffer = newMemory(size);
    } catch {
      throw this.#refusal(bytes, size);
    }
    const region: Region = { id: nextMemoryId(), buffer, recycled: false, uses: 0, idleSince: 0 };
    this.#mapped.add(region.id, buffer);
    this.#ledger.gained();
    return region;
  }

  #refusal(bytes: number, size: number, uncollected?: number): MemoryLimitError {
    return new MemoryLimitError(bytes, size, this.#ledger.inUse, this.#ledger.limit, uncollected);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
