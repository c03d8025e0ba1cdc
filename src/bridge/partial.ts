/** What had ended when a call failed, on its way from the host to the client. Its outputs are the client's own. */
import type { PartialResults, TaskRange } from "../errors.js";

export interface PackedPartial {
  readonly indices: Float64Array;
  /** As many as indices. */
  readonly values: readonly unknown[];
  /** Index, start and end of each task. */
  readonly unfinished: Float64Array;
}

const RANGE_FIELDS = 3;

export function packPartial({ values, unfinished }: PartialResults): PackedPartial {
  const ranges = new Float64Array(RANGE_FIELDS * unfinished.length);
  for (const [i, { index, start, end }] of unfinished.entries())
    ranges.set([index, start, end], RANGE_FIELDS * i);
  return { indices: Float64Array.from(values.keys()), values: [...values.values()], unfinished: ranges };
}

export function unpackPartial(
  { indices, values, unfinished }: PackedPartial,
  outputs: PartialResults["outputs"],
): PartialResults {
  const ranges: TaskRange[] = [];
  for (let at = 0; at < unfinished.length; at += RANGE_FIELDS) {
    const [index = 0, start = 0, end = 0] = unfinished.subarray(at, at + RANGE_FIELDS);
    ranges.push({ index, start, end });
  }
  return {
    values: new Map(values.map((value, i) => [indices[i] as number, value])),
    outputs,
    unfinished: ranges,
  };
}
