/** Regions that users were given, and which kernels may still reach them. */
import { structuredClone } from "../platform/builtins.js";
import { isSharedBuffer, type TypedArray } from "./dtypes.js";

/** Which kernels may reach an array after their task: none, some in workers, or some on this thread. */
export type Reach = "nobody" | "workers" | "here";

interface Lending {
  readonly id: number;
  readonly bytes: number;
  /** Its arrays that were not released yet. */
  readonly parts: Set<string>;
  reach: Reach;
}

// The most bytes of an ArrayBuffer in Node 20. It weighs enough.
const LARGEST_BALLAST = 2 ** 32;
// Up to this share of the limit lent memory has no ballast. There is room to wait, and ballast makes V8 collect for every 64 MB
// or so (docs/decisions/0003).
const WEIGHTLESS_SHARE = 1 / 32;

export class Lendings {
  readonly #weightless: number;
  readonly #byHandle = new WeakMap<ArrayBufferLike, Lending>();
  readonly #byId = new Map<number, Lending>();
  readonly #ballast = new WeakMap<SharedArrayBuffer, ArrayBuffer>();
  /** How often users dropped regions without releasing them, by their bytes. */
  readonly #dropped = new Map<number, number>();
  #bytes = 0;
  #hasReleased = false;

  constructor(limit: number) {
    this.#weightless = limit * WEIGHTLESS_SHARE;
  }

  /** How often users have dropped regions of this many bytes without releasing them. */
  droppedOf(bytes: number): number {
    return this.#dropped.get(bytes) ?? 0;
  }

  /**
   * @param parts offset and length in bytes of each array that the user gets
   * @param isBrief whether they will be released, so that nothing is left to the collector
   */
  add(
    id: number,
    handle: SharedArrayBuffer,
    parts: readonly (readonly [number, number])[],
    isBrief = false,
  ): void {
    const keys = new Set(parts.map(([offset, length]) => keyOf(offset, length)));
    const lending: Lending = { id, bytes: handle.byteLength, parts: keys, reach: "nobody" };
    this.#byHandle.set(handle, lending);
    this.#byId.set(id, lending);
    this.#bytes += lending.bytes;
    if (this.#bytes > this.#weightless && !isBrief) this.weigh(handle);
  }

  /** The user has dropped it. @returns its bytes; 0 if it was not lent */
  drop(id: number): number {
    const lending = this.#byId.get(id);
    if (lending === undefined) return 0;
    this.#byId.delete(id);
    this.#bytes -= lending.bytes;
    this.#dropped.set(lending.bytes, this.droppedOf(lending.bytes) + 1);
    return lending.bytes;
  }

  /** The first array whose memory was released, and may be somebody else's by now; `undefined` if none was. */
  firstReleased(arrays: readonly TypedArray[]): number | undefined {
    if (!this.#hasReleased) return undefined;
    const index = arrays.findIndex(({ buffer }) => this.#byHandle.get(buffer)?.parts.size === 0);
    return index === -1 ? undefined : index;
  }

  /** A kernel that may leave work behind is given this buffer. */
  note(buffer: ArrayBufferLike, reach: Reach): void {
    const lending = this.#byHandle.get(buffer);
    if (lending !== undefined && lending.reach !== "here") lending.reach = reach;
  }

  /** Whether it is one of the arrays that were lent. */
  isPart(buffer: ArrayBufferLike, byteOffset: number, byteLength: number): boolean {
    return this.#byHandle.get(buffer)?.parts.has(keyOf(byteOffset, byteLength)) === true;
  }

  /**
   * The user needs an array no more.
   * @returns the region's id if that was the last array of its region, else `undefined`
   */
  release(buffer: ArrayBufferLike, byteOffset: number, byteLength: number): number | undefined {
    const lending = this.#byHandle.get(buffer);
    if (lending?.parts.delete(keyOf(byteOffset, byteLength)) !== true || lending.parts.size > 0)
      return undefined;
    this.#byId.delete(lending.id);
    this.#bytes -= lending.bytes;
    this.#hasReleased = true;
    return lending.id;
  }

  /** Which kernels may reach this memory. */
  reachOf(buffer: ArrayBufferLike): Reach {
    return this.#byHandle.get(buffer)?.reach ?? "nobody";
  }

  /**
   * Gives a handle weight in V8's books by an untouched ArrayBuffer of the same size. V8 does not count shared memory when it decides
   * whether to collect, so dropped handles would pile up to the limit. A resizable ArrayBuffer is mapped but never written, so it
   * occupies no memory (docs/decisions/0003).
   */
  weigh(handle: SharedArrayBuffer): void {
    if (this.#ballast.has(handle)) return;
    const size = Math.min(handle.byteLength, LARGEST_BALLAST);
    this.#ballast.set(handle, new ArrayBuffer(size, { maxByteLength: size }));
  }
}

function keyOf(offset: number, length: number): string {
  return `${offset}+${length}`;
}

let sharing: boolean | undefined;

/** Whether the clone of a SharedArrayBuffer is a second handle over the same memory. In WebKit it is a copy. */
export function clonesShare(): boolean {
  sharing ??= probe();
  return sharing;
}

function probe(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  const buffer = new SharedArrayBuffer(1);
  const clone = structuredClone(buffer);
  if (!isSharedBuffer(clone)) return false;
  new Uint8Array(clone)[0] = 1;
  return new Uint8Array(buffer)[0] === 1;
}
