/** What a pass came to. */
import type { TypedArray } from "../memory/dtypes.js";
import type { JobSpec } from "../protocol/job-spec.js";
import { stateAfter } from "../protocol/pass-order.js";
import type { OutputRequest } from "./request.js";

export interface Outcome {
  /** One per task; none if there are outputs. */
  readonly values: unknown[];
  readonly outputs: readonly TypedArray[];
}

/** The outcome of a round of single jobs. Each job has its own. */
export const SETTLED: Outcome = { values: [], outputs: [] };

/** Outputs as the call names them. @param names `null` for one bare array */
export function named(
  names: readonly string[] | null,
  arrays: readonly TypedArray[],
): TypedArray | Record<string, TypedArray> {
  if (names === null) return arrays[0] as TypedArray;
  return Object.fromEntries(names.map((name, i) => [name, arrays[i] as TypedArray]));
}

/**
 * What a failed call has in its outputs, as the call names them.
 * @param lend makes them the user's
 * @param passes that had ended, of `iterateShared`
 * @returns `undefined` if that means nothing
 */
export function partialOutputs(
  { inputs, capacity, passes: most }: JobSpec,
  outputs: OutputRequest | null,
  lend: () => readonly TypedArray[],
  passes: number | undefined,
): ReturnType<typeof named> | undefined {
  // Rows with gaps between them are of no use.
  if (outputs === null || capacity !== undefined) return undefined;
  if (most === undefined) return named(outputs.names, lend());
  if (passes === undefined || passes === 0) return undefined;
  return named(inputs.names, stateAfter(passes, inputs.arrays.length, lend()));
}
