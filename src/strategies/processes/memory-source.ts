/** Where the bytes of a memory that children need come from, and which of them a child has. */
import { contentsNumber } from "../../memory/contents.js";
import type { TypedArray } from "../../memory/dtypes.js";
import { assertWhole, type Span } from "../../memory/presence.js";

/** Bytes of a buffer that belong at `target` of the memory. */
interface Part {
  readonly buffer: ArrayBufferLike;
  readonly start: number;
  readonly target: number;
  readonly bytes: number;
  /** The check before a read; `undefined` if it can't go away. */
  readonly span: Span | undefined;
}

/** A memory as a round uses it. */
export interface MemorySource {
  /** Its number, by which places name it. */
  readonly memory: number;
  readonly size: number;
  /** Names the contents, which stay; `undefined` if they are this round's alone. */
  readonly contents: number | undefined;
  /** Ascending by their targets, without overlap. Bytes between them do not count. */
  readonly parts: readonly Part[];
  /** What the round reads of it, ascending. */
  readonly wanted: readonly Interval[];
}

/** From the first byte to before the last. */
export type Interval = readonly [start: number, end: number];

/** What is in the intervals of `wanted` and in none of `known`; both ascend. */
export function missingOf(wanted: readonly Interval[], known: readonly Interval[]): Interval[] {
  const missing: Interval[] = [];
  for (const [first, last] of wanted) {
    let start = first;
    for (const [from, to] of known) {
      if (to <= start || from >= last) continue;
      if (from > start) missing.push([start, from]);
      start = Math.max(start, to);
    }
    if (start < last) missing.push([start, last]);
  }
  return missing;
}

/** All bytes of both, ascending; those that touch are one. */
export function union(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const all: Interval[] = [];
  for (const [start, end] of [...a, ...b].sort(([a], [b]) => a - b)) {
    const last = all.at(-1);
    if (last !== undefined && start <= last[1]) all[all.length - 1] = [last[0], Math.max(last[1], end)];
    else if (end > start) all.push([start, end]);
  }
  return all;
}

/**
 * Copies bytes of a memory.
 * @param from of the memory
 * @throws TypeError with the name of an array whose buffer has gone
 */
export function copyFrom(
  { parts }: MemorySource,
  from: number,
  bytes: number,
  copy: (bytes: Uint8Array, at: number) => void,
): void {
  const to = from + bytes;
  for (const { buffer, start, target, bytes, span } of parts) {
    const first = Math.max(from, target);
    const last = Math.min(to, target + bytes);
    if (first >= last) continue;
    if (span !== undefined) assertWhole(span);
    copy(new Uint8Array(buffer, start + first - target, last - first), first - from);
  }
}

// Sending a piece costs more than copying this many bytes.
const SMALL_GAP = 4096;

/** The same, with what is between if that is little. */
export function coalesced(intervals: readonly Interval[]): Interval[] {
  const all: Interval[] = [];
  for (const [start, end] of intervals) {
    const last = all.at(-1);
    if (last !== undefined && start - last[1] <= SMALL_GAP) all[all.length - 1] = [last[0], end];
    else all.push([start, end]);
  }
  return all;
}

/** Memory that the user holds, of which a round reads these arrays. */
export function sharedSource(
  memory: number,
  buffer: SharedArrayBuffer,
  arrays: readonly TypedArray[],
): MemorySource {
  const { byteLength: size } = buffer;
  const intervals = arrays.map(
    ({ byteOffset, byteLength }): Interval => [byteOffset, byteOffset + byteLength],
  );
  return {
    memory,
    size,
    contents: contentsNumber(buffer),
    parts: [{ buffer, start: 0, target: 0, bytes: size, span: undefined }],
    wanted: union(intervals, []),
  };
}

/** The caller's plain arrays, as one memory. */
export function plainSource(memory: number, size: number, spans: readonly Span[]): MemorySource {
  const parts = spans.map((span): Part => {
    const { buffer, start, end, target } = span;
    return { buffer, start, target, bytes: end - start, span };
  });
  return { memory, size, contents: undefined, parts, wanted: [[0, size]] };
}
