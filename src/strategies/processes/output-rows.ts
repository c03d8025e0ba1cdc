import type { JobSpec } from "../../protocol/job-spec.js";

/** The elements of an output that neighbouring tasks may write. @param output its place among the outputs */
export function outputRange(
  { shape, capacity, chunkSize, length, per }: JobSpec,
  output: number,
  first: number,
  end: number,
): readonly [start: number, end: number] {
  const width = per?.[output] ?? 1;
  if (shape === "items") return [first * width, end * width];
  if (capacity !== undefined) return [first * capacity * width, end * capacity * width];
  return [first * chunkSize * width, Math.min(end * chunkSize, length) * width];
}
