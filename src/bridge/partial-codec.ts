/** Packs what had ended when a call failed, for the way from the host to the client. The outputs are the client's own. */
import type { PartialResults, TaskRange } from "../errors.js";

export interface PackedPartial {
  readonly indices: Float64Array;
  /** As many as indices. */
  readonly values: readonly unknown[];
  /** Tasks among them whose values came in messages of their own, or could not be read. */
  readonly apart: readonly number[];
  /** Index, start and end of each task. */
  readonly unfinished: Float64Array;
  readonly passes: number | undefined;
}

/** What the client adds. */
export interface PartialRest {
  readonly outputs: PartialResults["outputs"];
  /** Values that came in messages of their own. */
  readonly received: ReadonlyMap<number, unknown>;
  rangeOf(index: number): TaskRange;
}

const RANGE_FIELDS = 3;
const NO_REST: PartialRest = {
  outputs: undefined,
  received: new Map(),
  rangeOf: (index) => ({ index, start: index, end: index + 1 }),
};

/** @param apart tasks whose values go in messages of their own */
export function packPartial(
  { values, unfinished, passes }: PartialResults,
  apart: readonly number[] = [],
): PackedPartial {
  const ranges = new Float64Array(RANGE_FIELDS * unfinished.length);
  for (const [i, { index, start, end }] of unfinished.entries())
    ranges.set([index, start, end], RANGE_FIELDS * i);
  const own = new Set(apart);
  const sent = [...values].map(([index, value]) => (own.has(index) ? null : value));
  return { indices: Float64Array.from(values.keys()), values: sent, apart, unfinished: ranges, passes };
}

export function unpackPartial(
  { indices, values, apart, unfinished, passes }: PackedPartial,
  { outputs, received, rangeOf }: PartialRest = NO_REST,
): PartialResults {
  const ended = new Map(values.map((value, i) => [indices[i] as number, value]));
  const ranges: TaskRange[] = [];
  for (let at = 0; at < unfinished.length; at += RANGE_FIELDS) {
    const [index = 0, start = 0, end = 0] = unfinished.subarray(at, at + RANGE_FIELDS);
    ranges.push({ index, start, end });
  }
  for (const index of apart) {
    if (received.has(index)) ended.set(index, received.get(index));
    else if (ended.delete(index)) ranges.push(rangeOf(index));
  }
  if (apart.length > 0) ranges.sort((a, b) => a.index - b.index);
  return { values: ended, outputs, unfinished: ranges, passes };
}
