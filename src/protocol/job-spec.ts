/** What a job is, as plain data: the same for every strategy, and most of what a worker gets to know of it. */

/** How tasks are cut: one per array of a list, one per chunk of an array or of columns, one per item. */
type Shape = "list" | "array" | "columns" | "items";

/** Named or unnamed arrays, as places in the job's array table. */
export interface ArrayGroup {
  /** Names of the columns; null: a bare array, or a list. */
  readonly names: readonly string[] | null;
  readonly arrays: readonly number[];
}

export interface JobSpec {
  readonly shape: Shape;
  readonly tasks: number;
  /** Elements of the column or array; of no meaning for lists and items. */
  readonly length: number;
  /** Elements per task, at least 1; of no meaning for lists and items. */
  readonly chunkSize: number;
  readonly inputs: ArrayGroup;
  /** Written in place by `transformShared`; null elsewhere. */
  readonly outputs: ArrayGroup | null;
  /** The outputs hold old data: each task clears its range first. */
  readonly clearOutputs: boolean;
  /** Encoded by `ValueEncoder`; null where the caller gave none. */
  readonly args: Uint8Array | null;
  readonly shared: Uint8Array | null;
}

/** The range of elements that a task covers: of its chunk, of its array in a list; an item's is its index. */
export function taskRange(
  spec: JobSpec,
  arrays: readonly { readonly length: number }[],
  index: number,
): readonly [start: number, end: number] {
  if (spec.shape === "items") return [index, index + 1];
  if (spec.shape === "list") return [0, arrays[spec.inputs.arrays[index] as number]?.length ?? 0];
  const start = index * spec.chunkSize;
  return [start, Math.min(start + spec.chunkSize, spec.length)];
}
