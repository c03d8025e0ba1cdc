/** Placement: copies plain arrays into a region, each once, and says where they are. Shared arrays stay where they are. */
import { copyBytes } from "../platform/bytes.js";
import type { Arena } from "./arena.js";
import { elementBytes, isShared, kindOf, type TypedArray } from "./dtypes.js";
import { takeLater } from "./make-room.js";
import { type ArrayName, assertThere, assertWhole, type Extent, type Span } from "./presence.js";
import { ALIGNMENT, type Region } from "./region.js";

/** Where workers find an array. */
export interface ArrayPlace {
  readonly kind: number;
  readonly memory: number;
  readonly byteOffset: number;
  readonly length: number;
}

/** Where an array is in shared memory. */
export interface Place extends ArrayPlace {
  readonly buffer: SharedArrayBuffer;
}

/** What will be copied. The plan is made before any memory is taken. */
export interface PlacementPlan {
  /** Bytes that will be copied. */
  readonly bytesPlaced: number;
  /** Bytes of shared arrays, which stay where they are. */
  readonly bytesShared: number;
  /** Bytes of regions that `place` will take. */
  readonly bytesNeeded: number;
  readonly spans: readonly Span[];
  /** The extent of each plain array. */
  readonly extentOf: ReadonlyMap<TypedArray, Extent>;
}

// Bytes. A copy runs at 1 to 11 GB/s, so a piece takes at most 4 ms.
const COPY_PIECE = 4 * 1024 * 1024;

/** The next offset at which an array may start. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

// The plan of calls without arrays, which most calls of tiny tasks are.
const NOTHING: PlacementPlan = Object.freeze({
  bytesPlaced: 0,
  bytesShared: 0,
  bytesNeeded: 0,
  spans: Object.freeze([]),
  extentOf: new Map(),
});

/**
 * Plans the placement of a job's arrays. Views that overlap or repeat are copied once.
 * @param arrays the engine's own views
 * @param names the names that errors give them
 * @throws TypeError with the name of a plain array whose buffer is gone meanwhile
 */
export function planPlacement(
  arrays: readonly TypedArray[],
  names: readonly { readonly name: ArrayName }[],
): PlacementPlan {
  if (arrays.length === 0) return NOTHING;
  const shared = new Set<TypedArray>();
  let plain: Map<TypedArray, ArrayName> | undefined;
  for (let i = 0; i < arrays.length; i += 1) {
    const array = arrays[i] as TypedArray;
    if (isShared(array)) {
      shared.add(array);
    } else if (plain?.has(array) !== true) {
      const { name } = names[i] as { name: ArrayName };
      assertThere(array, name);
      plain ??= new Map();
      plain.set(array, name);
    }
  }
  let bytesShared = 0;
  for (const array of shared) bytesShared += array.byteLength;
  // Calls that must be short usually have nothing to place.
  if (plain === undefined) {
    const { spans, extentOf } = NOTHING;
    return { bytesPlaced: 0, bytesShared, bytesNeeded: 0, spans, extentOf };
  }
  const { spans, extentOf, end } = planSpans(plain, 0);
  let bytesPlaced = 0;
  for (const { start, end } of spans) bytesPlaced += end - start;
  return { bytesPlaced, bytesShared, bytesNeeded: end, spans, extentOf };
}

/**
 * The runs of bytes that the arrays cover.
 * @param arrays the arrays with their names
 * @param at offset of the first span's target; the others follow at aligned offsets
 * @returns the spans, where each array is in them, and the offset behind the last one
 */
export function planSpans(
  arrays: ReadonlyMap<TypedArray, ArrayName>,
  at: number,
): Pick<PlacementPlan, "spans" | "extentOf"> & { readonly end: number } {
  const byBuffer = new Map<ArrayBufferLike, TypedArray[]>();
  for (const array of arrays.keys()) {
    const views = byBuffer.get(array.buffer);
    if (views === undefined) byBuffer.set(array.buffer, [array]);
    else views.push(array);
  }

  const spans: Span[] = [];
  const extentOf = new Map<TypedArray, Extent>();
  let target = at;
  for (const views of byBuffer.values()) {
    if (views.length > 1) views.sort((a, b) => a.byteOffset - b.byteOffset);
    let span: Span | undefined;
    let unit = 1;
    const close = (): void => {
      if (span === undefined) return;
      // If kinds share a span, its first byte may be between two elements of the largest kind. It is so after the copy, too, and every
      // view keeps its alignment.
      span.target = target + (span.start % unit);
      target = aligned(span.target + span.end - span.start);
    };
    for (const array of views) {
      const { buffer, byteOffset, byteLength, length } = array;
      if (span === undefined || byteOffset >= span.end) {
        close();
        span = { buffer, start: byteOffset, end: byteOffset, target: 0, extents: [] };
        unit = 1;
        spans.push(span);
      }
      span.end = Math.max(span.end, byteOffset + byteLength);
      unit = Math.max(unit, elementBytes(kindOf(array)));
      const extent = { name: arrays.get(array) as ArrayName, span, byteOffset, byteLength, length };
      span.extents.push(extent);
      extentOf.set(array, extent);
    }
    close();
  }
  return { spans, extentOf, end: target };
}

/**
 * Copies the spans of a plan into one region. `pause` says when to yield to the event loop.
 * @returns the region, which the caller gives back
 * @throws MemoryLimitError before anything is copied
 */
export async function place(
  plan: PlacementPlan,
  arena: Arena,
  pause: () => Promise<void> | undefined,
): Promise<Region> {
  const [region] = (await takeLater(arena, [plan.bytesNeeded])) as [Region];
  try {
    await copySpans(plan.spans, region, pause);
  } catch (error) {
    arena.give(region);
    throw error;
  }
  return region;
}

/**
 * Copies spans to their targets in a region, with pauses.
 * @throws TypeError with the name of an array that has lost bytes
 */
export async function copySpans(
  spans: Iterable<Span>,
  region: Region,
  pause: () => Promise<void> | undefined,
): Promise<void> {
  for (const copy of copies(spans, region)) {
    const pausing = pause();
    if (pausing !== undefined) await pausing;
    copy();
  }
}

/** Copies the spans of a plan at once, for `share`. */
export function placeNow(plan: PlacementPlan, region: Region): void {
  for (const copy of copies(plan.spans, region)) copy();
}

/** The copying of spans, piece by piece. */
function* copies(spans: Iterable<Span>, region: Region): Generator<() => void> {
  for (const span of spans) {
    const bytes = span.end - span.start;
    for (let at = 0; at < bytes; at += COPY_PIECE) yield () => copyPiece(span, at, region);
  }
}

function copyPiece(span: Span, at: number, region: Region): void {
  // Before each piece, because the caller may have transferred the buffer away in a pause.
  assertWhole(span);
  const { buffer, start, end, target } = span;
  const length = Math.min(COPY_PIECE, end - start - at);
  copyBytes(new Uint8Array(region.buffer, target + at, length), new Uint8Array(buffer, start + at, length));
}

/** Where an array of the plan is once it is placed. */
export function placeOf(
  array: TypedArray,
  plan: PlacementPlan,
  region: Region | undefined,
  arena: Arena,
): Place {
  const kind = kindOf(array);
  const extent = plan.extentOf.get(array);
  if (extent === undefined || region === undefined) {
    const buffer = array.buffer as SharedArrayBuffer;
    const { byteOffset, length } = array;
    return { kind, memory: arena.identify(buffer), buffer, byteOffset, length };
  }
  return {
    kind,
    memory: region.id,
    buffer: region.buffer,
    byteOffset: placedAt(extent),
    length: extent.length,
  };
}

/** The array's offset among the placed bytes. */
export function placedAt({ span, byteOffset }: Extent): number {
  return span.target + (byteOffset - span.start);
}
