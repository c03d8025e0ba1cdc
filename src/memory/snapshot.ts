/**
 * A copy of what a job's kernel may read, taken before its first task, and the first difference from it afterwards. It compares bits,
 * not values: another NaN or the other zero is a change.
 */
import { sameBytes } from "../platform/runtime.js";
import type { Arena } from "./arena.js";
import { bytesIn, isShared, isSharedBuffer, type TypedArray } from "./dtypes.js";
import { copySpans, type PlacementPlan, placedAt, planSpans } from "./placement.js";
import type { ArrayName, Extent, Span } from "./presence.js";
import type { Region } from "./region.js";

/** The first element that has changed. */
export interface Change {
  /** The array, as its place in the table. */
  readonly array: number;
  /** The element in that array. */
  readonly index: number;
  /** Elements of that array. */
  readonly length: number;
}

// Bytes. A comparison runs at 1 to 3 GB/s, so a block takes at most 1 ms.
const BLOCK = 1024 * 1024;

/** Where the snapshot has an array, whose own buffer may be gone later. */
interface Recorded {
  readonly span: Span;
  /** Bytes of the snapshot. */
  readonly start: number;
  readonly end: number;
  readonly elementBytes: number;
}

export class Snapshot {
  /** Bytes of the region that it takes. */
  readonly bytes: number;
  /** `undefined` for arrays that are not looked at. */
  readonly #recorded: readonly (Recorded | undefined)[];
  /** The spans of the placement come first, with the same targets. So the snapshot begins as the placed region does. */
  readonly #spans: readonly Span[];
  readonly #ranOn = new Set<Region | undefined>();
  #region: Region | undefined;
  #isTaken = false;

  /**
   * Plans the snapshot, and copies nothing yet.
   * @param arrays the arrays; `undefined` for those that may change
   * @param placement how the plain arrays are placed
   */
  constructor(arrays: readonly (TypedArray | undefined)[], placement: PlacementPlan) {
    // Shared memory is never transferred away or shrunk, so no error calls these by a name.
    const unnamed = new Map<TypedArray, ArrayName>();
    for (const array of arrays) if (array !== undefined && isShared(array)) unnamed.set(array, "");
    const shared = planSpans(unnamed, placement.bytesNeeded);
    this.bytes = shared.end;
    this.#spans = [...placement.spans, ...shared.spans];
    this.#recorded = arrays.map((array) => {
      if (array === undefined) return undefined;
      const extent = (placement.extentOf.get(array) ?? shared.extentOf.get(array)) as Extent;
      const start = placedAt(extent);
      const { span, byteLength } = extent;
      return { span, start, end: start + byteLength, elementBytes: array.BYTES_PER_ELEMENT };
    });
  }

  /** @returns its region, which the caller gives back @throws MemoryLimitError */
  prepare(arena: Arena): Region {
    this.#region = arena.take(this.bytes);
    return this.#region;
  }

  /** Copies the arrays. Further calls do nothing. */
  async take(pause: () => Promise<void> | undefined): Promise<void> {
    if (this.#isTaken) return;
    this.#isTaken = true;
    await copySpans(this.#spans, this.#region as Region, pause);
  }

  /** Notes that tasks run on the arrays. @param placed region of the plain ones; `undefined` if they stay where they are */
  ranOn(placed: Region | undefined): void {
    this.#ranOn.add(placed);
  }

  /** The first difference in the order of the arrays, wherever tasks ran on them; `undefined` if there is none. */
  async findChange(pause: () => Promise<void> | undefined): Promise<Change | undefined> {
    let first: Change | undefined;
    for (const placed of this.#ranOn) {
      const change = await this.#changeIn(placed, pause);
      if (first === undefined || (change !== undefined && isBefore(change, first))) first = change;
    }
    return first;
  }

  async #changeIn(
    placed: Region | undefined,
    pause: () => Promise<void> | undefined,
  ): Promise<Change | undefined> {
    const region = this.#region as Region;
    /** The first difference in a part of a span, given as bytes of the snapshot. */
    const differenceIn = (span: Span, start: number, end: number): Promise<number | undefined> => {
      const offset = span.start - span.target;
      const isPlaced = placed !== undefined && !isSharedBuffer(span.buffer);
      const was: Part = { buffer: region.buffer, start, end };
      if (isPlaced) return firstDifference(was, { buffer: placed.buffer, start, end }, pause);
      return firstDifference(was, { buffer: span.buffer, start: start + offset, end: end + offset }, pause);
    };
    const changed = new Set<Span>();
    for (const span of this.#spans) {
      const { start, end, target } = span;
      if ((await differenceIn(span, target, target + end - start)) !== undefined) changed.add(span);
    }
    if (changed.size === 0) return undefined;
    for (const [array, recorded] of this.#recorded.entries()) {
      if (recorded === undefined) continue;
      const { span, start, end, elementBytes } = recorded;
      const byte = changed.has(span) ? await differenceIn(span, start, end) : undefined;
      if (byte === undefined) continue;
      return { array, index: Math.floor(byte / elementBytes), length: (end - start) / elementBytes };
    }
    return undefined;
  }
}

/** Whether `a` comes first in the order of the arrays. */
export function isBefore(a: Change, b: Change): boolean {
  return a.array === b.array ? a.index < b.index : a.array < b.array;
}

interface Part {
  readonly buffer: ArrayBufferLike;
  readonly start: number;
  readonly end: number;
}

/** @returns offset of the first byte that differs, or that is missing now; `undefined` if there is none */
async function firstDifference(
  was: Part,
  is: Part,
  pause: () => Promise<void> | undefined,
): Promise<number | undefined> {
  const bytes = is.end - is.start;
  for (let start = 0; start < bytes; start += BLOCK) {
    const pausing = pause();
    if (pausing !== undefined) await pausing;
    // Views of one block each, because an array of bytes has at most 4 GiB on Node 20.
    const length = Math.min(BLOCK, bytes - start);
    // The rest may be missing, because the buffer may have been transferred away or shrunk.
    const left = Math.max(0, Math.min(length, bytesIn(is.buffer) - is.start - start));
    const before = new Uint8Array(was.buffer, was.start + start, left);
    const now = left === 0 ? before : new Uint8Array(is.buffer, is.start + start, left);
    if (!sameBytes(before, now)) {
      let at = 0;
      while (before[at] === now[at]) at += 1;
      return start + at;
    }
    if (left < length) return start + left;
  }
  return undefined;
}
