/**
 * Placement: copies plain arrays into regions, once, and says where they went. Arrays that already stand on shared
 * memory stay where they are.
 */
import { copyBytes } from "../platform/bytes.js";
import { ALIGNMENT, type Arena, type Region } from "./arena.js";
import { isShared, kindOf, type TypedArray } from "./dtypes.js";

/** Where an array stands in shared memory. */
export interface Place {
  readonly kind: number;
  readonly memory: number;
  readonly buffer: SharedArrayBuffer;
  readonly byteOffset: number;
  readonly length: number;
}

/** A run of bytes of one plain buffer that is copied as a whole; overlapping views share one. */
export interface Span {
  readonly buffer: ArrayBufferLike;
  start: number;
  end: number;
  /** Offset within the placed bytes of all spans. */
  target: number;
}

/** What will be copied, worked out before any memory is taken. */
export interface PlacementPlan {
  /** Bytes that will be copied. */
  readonly bytesPlaced: number;
  /** Bytes that are used where they are. */
  readonly bytesShared: number;
  /** Bytes of regions that `place` will take. */
  readonly bytesNeeded: number;
  readonly spans: readonly Span[];
  readonly spanOf: ReadonlyMap<TypedArray, Span>;
}

// A copy runs at 1-11 GB/s, so a piece takes at most 4 ms and the deadline below is kept.
const COPY_PIECE = 4 * 1024 * 1024;

/** Bytes up to the next array's start. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

// Most calls of tiny tasks have no arrays, and their plan is made for nothing.
const NOTHING: PlacementPlan = Object.freeze({
  bytesPlaced: 0,
  bytesShared: 0,
  bytesNeeded: 0,
  spans: Object.freeze([]),
  spanOf: new Map(),
});

/** Plans the placement of a job's arrays; views that overlap or repeat are copied once. */
export function planPlacement(arrays: readonly TypedArray[]): PlacementPlan {
  if (arrays.length === 0) return NOTHING;
  const plain = new Set<TypedArray>();
  const shared = new Set<TypedArray>();
  for (const array of arrays) (isShared(array) ? shared : plain).add(array);
  let bytesShared = 0;
  for (const array of shared) bytesShared += array.byteLength;
  const { spans, spanOf, end } = planSpans(plain, 0);
  let bytesPlaced = 0;
  for (const { start, end } of spans) bytesPlaced += end - start;
  return { bytesPlaced, bytesShared, bytesNeeded: end, spans, spanOf };
}

/**
 * The runs of bytes that the arrays cover.
 * @param at offset of the first one's target; the others follow, each on an aligned one
 * @returns them, which array lies in which, and the offset behind the last one
 */
export function planSpans(
  arrays: ReadonlySet<TypedArray>,
  at: number,
): Pick<PlacementPlan, "spans" | "spanOf"> & { readonly end: number } {
  const byBuffer = new Map<ArrayBufferLike, TypedArray[]>();
  for (const array of arrays) {
    const views = byBuffer.get(array.buffer);
    if (views === undefined) byBuffer.set(array.buffer, [array]);
    else views.push(array);
  }

  const spans: Span[] = [];
  const spanOf = new Map<TypedArray, Span>();
  for (const views of byBuffer.values()) {
    // Within one buffer and one element size, offsets differ by whole elements, so views keep their alignment inside
    // a span that starts aligned.
    if (views.length > 1) {
      views.sort((a, b) => a.BYTES_PER_ELEMENT - b.BYTES_PER_ELEMENT || a.byteOffset - b.byteOffset);
    }
    let span: Span | undefined;
    let elementBytes = 0;
    for (const array of views) {
      const start = array.byteOffset;
      const end = start + array.byteLength;
      if (span === undefined || start >= span.end || array.BYTES_PER_ELEMENT !== elementBytes) {
        span = { buffer: array.buffer, start, end, target: 0 };
        elementBytes = array.BYTES_PER_ELEMENT;
        spans.push(span);
      } else {
        span.end = Math.max(span.end, end);
      }
      spanOf.set(array, span);
    }
  }

  let end = at;
  for (const span of spans) {
    span.target = end;
    end += aligned(span.end - span.start);
  }
  return { spans, spanOf, end };
}

/**
 * Copies the spans of a plan into one region. Yields to the event loop through `pause` whenever it says so.
 * @returns the region, to be given back by the caller
 * @throws MemoryLimitError before anything is copied
 */
export async function place(
  plan: PlacementPlan,
  arena: Arena,
  pause: () => Promise<void> | undefined,
): Promise<Region> {
  const region = arena.take(plan.bytesNeeded);
  try {
    await copySpans(plan.spans, region, pause);
  } catch (error) {
    arena.give(region);
    throw error;
  }
  return region;
}

/** Copies spans to their targets in a region, with pauses. */
export async function copySpans(
  spans: Iterable<Span>,
  region: Region,
  pause: () => Promise<void> | undefined,
): Promise<void> {
  for (const span of spans) {
    const source = new Uint8Array(span.buffer, span.start, span.end - span.start);
    const target = new Uint8Array(region.buffer, span.target, source.length);
    for (let at = 0; at < source.length; at += COPY_PIECE) {
      const pausing = pause();
      if (pausing !== undefined) await pausing;
      copyBytes(target.subarray(at), source.subarray(at, at + COPY_PIECE));
    }
  }
}

/** Copies the spans of a plan at once. For `share`, which is synchronous. */
export function placeNow(plan: PlacementPlan, region: Region): void {
  for (const span of plan.spans) {
    const source = new Uint8Array(span.buffer, span.start, span.end - span.start);
    copyBytes(new Uint8Array(region.buffer, span.target, source.length), source);
  }
}

/** Where an array of the plan stands once it is placed. */
export function placeOf(
  array: TypedArray,
  plan: PlacementPlan,
  region: Region | undefined,
  arena: Arena,
): Place {
  const kind = kindOf(array);
  const span = plan.spanOf.get(array);
  if (span === undefined || region === undefined) {
    const buffer = array.buffer as SharedArrayBuffer;
    const { byteOffset, length } = array;
    return { kind, memory: arena.identify(buffer), buffer, byteOffset, length };
  }
  const byteOffset = span.target + (array.byteOffset - span.start);
  return { kind, memory: region.id, buffer: region.buffer, byteOffset, length: array.length };
}
