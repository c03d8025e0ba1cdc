import { quote } from "../errors.js";
import { clock } from "../platform/clock.js";
import type { Arena } from "./arena.js";
import type { TypedArray } from "./dtypes.js";
import type { Reach } from "./lendings.js";
import type { LiveLease } from "./live-leases.js";
import { type ArrayName, nameText } from "./presence.js";
import type { Region } from "./region.js";

const NO_ARRAYS: readonly never[] = [];

/** The arrays of a call, with the names that errors give them. */
interface NamedArrays {
  readonly arrays: readonly TypedArray[];
  readonly sightings: readonly { readonly name: ArrayName }[];
}

/**
 * A lease over memory of the user's. From here on a `release` of that memory waits for the call.
 * @throws TypeError with the name of an array that was released before
 */
export function leaseOver(arena: Arena, { arrays, sightings }: NamedArrays): Lease {
  assertNotReleased(arena, arrays, sightings);
  return new Lease(arena, arrays);
}

/** @throws TypeError with the name of an array that was released before */
export function assertNotReleased(
  arena: Arena,
  arrays: NamedArrays["arrays"],
  sightings: NamedArrays["sightings"],
): void {
  const released = arena.lendings.firstReleased(arrays);
  if (released === undefined) return;
  const { name } = sightings[released] as { readonly name: ArrayName };
  throw new TypeError(
    `Cannot read ${quote(nameText(name))} as its memory must be the caller's: it was given back with release()`,
  );
}

/**
 * The regions of one job, and a count of their holders: the call, its run, and every woken worker. The last one to drop out
 * returns them to the arena. So no region is used again while a worker could touch it.
 */
export class Lease implements LiveLease {
  readonly #arena: Arena;
  readonly #regions: Region[] = [];
  /** The regions that kernels get to see. */
  #seen: Region[] | undefined;
  #arrays: readonly TypedArray[];
  readonly #onReturned: ((isSafe: boolean) => void) | undefined;
  #holders = 1;
  #reach: Reach = "nobody";
  #closingSince: number | undefined;
  #returned: Promise<void> | undefined;
  #tellReturned: (() => void) | undefined;

  /**
   * A lease begins with one holder, the code that makes it.
   * @param arrays memory of the user's that the job uses
   * @param onReturned called once the last holder has dropped out. `isSafe` says whether memory that is not the arena's may be
   *   used again, too
   */
  constructor(
    arena: Arena,
    arrays: readonly TypedArray[] = NO_ARRAYS,
    onReturned?: (isSafe: boolean) => void,
  ) {
    this.#arena = arena;
    this.#arrays = arrays;
    this.#onReturned = onReturned;
    if (arrays.length > 0) arena.leases.opened(this);
  }

  /** @param isSeen whether kernels get to see it */
  add(region: Region, isSeen = false): void {
    if (!this.#regions.includes(region)) this.#regions.push(region);
    if (!isSeen) return;
    this.#seen ??= [];
    this.#seen.push(region);
  }

  /** The job's kernel may leave work behind that reaches what the kernel was given. */
  reachedBy(reach: Reach): void {
    if (this.#reach === "here" || this.#reach === reach) return;
    this.#reach = reach;
    for (const { buffer } of this.#arrays) this.#arena.lendings.note(buffer, reach);
  }

  /**
   * Hands a region of the lease to the user, who decides from now on when it returns.
   * @param length in bytes
   * @param isBrief see `Arena.lend`
   */
  lend(region: Region, length: number, isBrief = false): SharedArrayBuffer {
    const at = this.#regions.indexOf(region);
    if (at !== -1) this.#regions.splice(at, 1);
    const buffer = this.#arena.lend(region, [[0, length]], isBrief);
    if (this.#reach !== "nobody") this.#arena.lendings.note(buffer, this.#reach);
    return buffer;
  }

  hold(): this {
    this.#holders += 1;
    return this;
  }

  /** The call could not begin. Its regions return, because nobody has seen them. */
  empty(): void {
    for (const region of this.#regions.splice(0)) this.#arena.give(region);
    this.#seen = undefined;
  }

  /** The call is over, and drops out. */
  close(now = clock()): void {
    if (this.#holders > 1) {
      this.#closingSince = now;
      this.#arena.leases.opened(this);
    }
    this.drop(now);
  }

  /** @param now as `clock` counts, if the caller has it: this saves a reading of the clock */
  drop(now?: number): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    const since = now ?? clock();
    // The last region first. The arena gives out first what it got last, so a call that repeats finds each in its old place.
    for (let region = this.#regions.pop(); region !== undefined; region = this.#regions.pop()) {
      this.#arena.giveAfter(region, this.#seen?.includes(region) === true ? this.#reach : "nobody", since);
    }
    this.#seen = undefined;
    if (this.#arrays.length > 0 || this.#closingSince !== undefined) this.#arena.leases.returned(this);
    this.#arrays = NO_ARRAYS;
    this.#tellReturned?.();
    this.#onReturned?.(this.#reach === "nobody");
  }

  get closingSince(): number | undefined {
    return this.#closingSince;
  }

  uses(buffer: ArrayBufferLike): boolean {
    return this.#arrays.some((array) => array.buffer === buffer);
  }

  returned(): Promise<void> {
    this.#returned ??= new Promise((resolve) => {
      this.#tellReturned = resolve;
    });
    return this.#returned;
  }
}
