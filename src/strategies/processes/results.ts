/** The results in a child's report. */
import { ResultTable } from "../../protocol/result-table.js";
import type { Round } from "../../protocol/round.js";
import { packThrown, type Thrown } from "../../protocol/thrown.js";
import { unreadError } from "../../protocol/unread-error.js";
import type { Job } from "../job.js";
import type { Range } from "./messages.js";

/** Enters a result table of the tasks at these positions into that of the job. */
export function enterTable(
  bytes: Uint8Array,
  ranges: readonly Range[],
  { parts }: Job,
  { order, indexAt }: Round,
): void {
  const { results } = parts.block;
  const table = ResultTable.over(
    bytes,
    ranges.reduce((sum, [start, end]) => sum + end - start, 0),
  );
  let at = 0;
  for (const [start, end] of ranges) {
    if (order === undefined) {
      results.copyFrom(table, at, start, end - start);
      at += end - start;
      continue;
    }
    for (let position = start; position < end; position += 1) {
      results.copyFrom(table, at, indexAt(position), 1);
      at += 1;
    }
  }
}

/**
 * Values of tasks that came with a report.
 * @param failures told of those that this thread can't read
 */
export function valuesOf(
  indices: readonly number[],
  read: () => unknown,
  failures: (readonly [number, Thrown])[],
): (readonly [number, unknown])[] {
  if (indices.length === 0) return [];
  try {
    const values = read() as readonly unknown[];
    return indices.map((index, at) => [index, values[at]] as const);
  } catch (reason) {
    for (const index of indices) failures.push([index, packThrown(unreadError(reason))]);
    return [];
  }
}
