/** What a pass came to. */
import type { TypedArray } from "../memory/dtypes.js";

export interface Outcome {
  /** One per task; none if there are outputs. */
  readonly values: unknown[];
  readonly outputs: readonly TypedArray[];
}

/** Of a round of single jobs, each of which has its own. */
export const SETTLED: Outcome = { values: [], outputs: [] };

/** Outputs as the call names them. @param names `null`: one bare array */
export function named(
  names: readonly string[] | null,
  arrays: readonly TypedArray[],
): TypedArray | Record<string, TypedArray> {
  if (names === null) return arrays[0] as TypedArray;
  return Object.fromEntries(names.map((name, i) => [name, arrays[i] as TypedArray]));
}
