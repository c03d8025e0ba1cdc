/** From a job's data to one function per task: what every strategy runs. */
import type { AnyKernel, KernelContext } from "../kernel/types.js";
import { clearPart } from "../memory/clear.js";
import type { TypedArray } from "../memory/dtypes.js";
import { ValueDecoder } from "../protocol/codec.js";
import { itemReader, type PackedItems } from "../protocol/items.js";
import type { ArrayGroup } from "../protocol/job-fields.js";
import type { JobSpec } from "../protocol/job-spec.js";
import { type PassPlace, passRunner } from "./bind-passes.js";
import { checkCount, rowCopier } from "./collected.js";
import { isThenable } from "./is-thenable.js";
import { rngOf } from "./random/rng.js";
import { checkReturned } from "./returned.js";
import { Scratch } from "./scratch.js";

/** A job bound to the arrays and the kernel of one thread. */
export interface BoundTasks {
  /** Runs one task. Returns or throws what the kernel does. */
  readonly run: (index: number) => unknown;
  /** Plain buffers that the kernel sees but does not own. */
  readonly borrowed: ReadonlySet<ArrayBufferLike>;
}

// A kernel on the calling thread may replace these functions.
const { max, min } = Math;

type Maker = (values: unknown) => unknown;

type Invoke = (input: unknown, second: unknown, third?: unknown, fourth?: unknown) => unknown;

/** Gives the part of an array or of columns that is rows `start` to `end`. */
type Slicer = (start: number, end: number) => unknown;

const NOTHING_SHARED = Object.freeze({});

/** @param place where this thread is among the passes of the job; `undefined` if the job has one pass */
export function bindTasks(
  spec: JobSpec,
  arrays: readonly TypedArray[],
  items: PackedItems | undefined,
  kernel: AnyKernel,
  aborted: () => boolean,
  place?: PassPlace,
): BoundTasks {
  const borrowed = new Set<ArrayBufferLike>();
  for (const array of arrays) borrowed.add(array.buffer);
  const decoder = new ValueDecoder(arrays, borrowed);
  const args = spec.args === null ? undefined : decoder.decode(spec.args);
  const shared = spec.shared === null ? NOTHING_SHARED : decoder.decode(spec.shared);
  // If a kernel takes values along, this is a function of these, which returns the kernel.
  const invoke = (
    spec.captures === undefined ? kernel : (kernel as Maker)(decoder.decode(spec.captures))
  ) as Invoke;
  const rng = rngOf(spec.seed ?? 0);
  const scratch = new Scratch(borrowed);
  const take = scratch.take as KernelContext["scratch"];
  const contextOf = (
    index: number,
    start: number,
    end: number,
    before = 0,
    after = 0,
  ): KernelContext<unknown, unknown, unknown> => {
    scratch.begin();
    return { index, start, end, before, after, args, shared, aborted, rng, scratch: take };
  };
  if (spec.starts !== undefined) return { run: rowCopier(spec, spec.starts, arrays), borrowed };
  if (place !== undefined) return { run: passRunner(spec, arrays, { invoke, contextOf, place }), borrowed };
  const inputs = spec.inputs.arrays.map((place) => arrays[place] as TypedArray);
  const { first = 0 } = spec;

  const bind = (): ((index: number) => unknown) => {
    const { outputs } = spec;
    const out = outputs === null ? undefined : ownRows(spec, outputSlicer(spec, outputs, arrays));
    const written = outputs === null ? [] : outputs.arrays.map((place) => arrays[place] as TypedArray);
    if (spec.shape === "items") {
      // Items are decoded anew for each task, so inline values are the task's own. A decoder of its own keeps none of them.
      const readOwn = itemReader(items as PackedItems, new ValueDecoder(arrays));
      const read = first === 0 ? readOwn : (index: number) => readOwn(index - first);
      // A single job can't tell with which others it runs.
      if (spec.single === true) return (index) => invoke(read(index), shared, contextOf(0, 0, 1));
      if (out === undefined)
        return (index) => invoke(read(index), shared, contextOf(index, index, index + 1));
      return (index) => {
        const context = contextOf(index, index, index + 1);
        return settleVoid(invoke(read(index), shared, out(index, index + 1), context), written);
      };
    }
    if (spec.shape === "list") {
      const { earlier = 0 } = spec;
      const { names } = spec.inputs;
      if (names !== null) {
        return (index) => {
          const arrays = inputs.slice(index * names.length, (index + 1) * names.length);
          return invoke(
            recordOf(names, arrays),
            contextOf(earlier + index, 0, (arrays[0] as TypedArray).length),
          );
        };
      }
      return (index) => {
        const array = inputs[index] as TypedArray;
        return invoke(array, contextOf(earlier + index, 0, array.length));
      };
    }
    const { chunkSize, length, rowLength = 1, before = 0, after = 0, capacity } = spec;
    const view = spec.shape === "rows" ? () => undefined : slicer(spec.inputs, arrays, () => rowLength);
    return (index) => {
      const start = index * chunkSize;
      const end = min(start + chunkSize, length);
      const first = max(0, start - before);
      const last = min(end + after, length);
      const context = contextOf(index, start, end, start - first, last - end);
      if (out === undefined) return invoke(view(first, last), context);
      if (capacity !== undefined) {
        const rows = out(index * capacity, (index + 1) * capacity);
        return settleCount(invoke(view(first, last), rows, context), capacity);
      }
      return settleVoid(invoke(view(first, last), out(start, end), context), written);
    };
  };

  const run = bind();
  return { run: first === 0 ? run : (index) => run(first + index), borrowed };
}

/** A part of a larger job has outputs of its own, which begin with its own first row. */
function ownRows({ shape, first = 0, chunkSize, capacity }: JobSpec, slice: Slicer): Slicer {
  if (first === 0) return slice;
  const before = first * (capacity ?? (shape === "items" ? 1 : chunkSize));
  return (start, end) => slice(start - before, end - before);
}

function recordOf(names: readonly string[], arrays: readonly TypedArray[]): Record<string, TypedArray> {
  const record: Record<string, TypedArray> = {};
  for (let i = 0; i < names.length; i++) record[names[i] as string] = arrays[i] as TypedArray;
  return record;
}

/** @param per elements per row of each array */
function slicer(group: ArrayGroup, table: readonly TypedArray[], per: (array: number) => number): Slicer {
  const { names } = group;
  const arrays = group.arrays.map((place) => table[place] as TypedArray);
  const pers = arrays.map((_, i) => per(i));
  if (names === null) {
    const array = arrays[0] as TypedArray;
    const width = pers[0] as number;
    return (start, end) => array.subarray(start * width, end * width);
  }
  return (start, end) => {
    const views: Record<string, TypedArray> = {};
    for (let i = 0; i < names.length; i++) {
      const width = pers[i] as number;
      views[names[i] as string] = (arrays[i] as TypedArray).subarray(start * width, end * width);
    }
    return views;
  };
}

/** Views of outputs. They are zero-filled, except for the caller's own, and for room of which a task may use only a part. */
function outputSlicer(
  { per, keeps, capacity, clearOutputs }: JobSpec,
  group: ArrayGroup,
  table: readonly TypedArray[],
): Slicer {
  const width = (i: number): number => per?.[i] ?? 1;
  const slice = slicer(group, table, width);
  if (clearOutputs !== true || capacity !== undefined) return slice;
  const places = group.arrays.map((place, i) => ({ array: table[place] as TypedArray, width: width(i) }));
  const cleared = places.filter((_, i) => keeps?.includes(i) !== true);
  return (start, end) => {
    // Just before the kernel writes them, the elements come into the cache anyway. A task that runs a second time finds what it
    // found the first time.
    for (const { array, width } of cleared) clearPart(array.subarray(start * width, end * width));
    return slice(start, end);
  };
}

/** Only the end of a kernel that writes outputs counts. What it returns does not count, but must not be work of its own. */
function settleVoid(returned: unknown, outputs: readonly TypedArray[]): unknown {
  if (returned === undefined) return undefined;
  if (isThenable(returned)) return returned.then((value) => checkReturned(value, outputs));
  checkReturned(returned, outputs);
  return undefined;
}

function settleCount(returned: unknown, capacity: number): unknown {
  if (isThenable(returned)) return returned.then((value) => checkCount(value, capacity));
  return checkCount(returned, capacity);
}
