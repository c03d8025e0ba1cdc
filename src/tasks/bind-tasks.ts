/** From a job's data to one function per task: what every strategy runs. */
import type { AnyKernel, KernelContext } from "../kernel/types.js";
import { clearPart } from "../memory/clear.js";
import type { TypedArray } from "../memory/dtypes.js";
import { ValueDecoder } from "../protocol/codec.js";
import { itemReader, type PackedItems } from "../protocol/items.js";
import type { ArrayGroup } from "../protocol/job-fields.js";
import { type JobSpec, taskRange } from "../protocol/job-spec.js";
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

type Maker = (values: unknown) => unknown;

type Invoke = (input: unknown, second: unknown, third?: unknown) => unknown;

/** Gives the part of an array or of columns that is elements `start` to `end`. */
type Slicer = (start: number, end: number) => unknown;

const NOTHING_SHARED = Object.freeze({});

export function bindTasks(
  spec: JobSpec,
  arrays: readonly TypedArray[],
  items: PackedItems | undefined,
  kernel: AnyKernel,
  aborted: () => boolean,
): BoundTasks {
  const borrowed = new Set<ArrayBufferLike>();
  for (const array of arrays) borrowed.add(array.buffer);
  const decoder = new ValueDecoder(arrays, borrowed);
  const args = spec.args === null ? undefined : decoder.decode(spec.args);
  const shared = spec.shared === null ? NOTHING_SHARED : decoder.decode(spec.shared);
  // A kernel that takes values along is a function of these, which returns it.
  const invoke = (
    spec.captures === undefined ? kernel : (kernel as Maker)(decoder.decode(spec.captures))
  ) as Invoke;
  const rng = rngOf(spec.seed ?? 0);
  const scratch = new Scratch(borrowed);
  const contextOf = (index: number, start: number, end: number): KernelContext<unknown> => {
    scratch.begin();
    return { index, start, end, args, aborted, rng, scratch: scratch.take as KernelContext["scratch"] };
  };
  const inputs = spec.inputs.arrays.map((place) => arrays[place] as TypedArray);

  const bind = (): ((index: number) => unknown) => {
    if (spec.shape === "items") {
      // Decoded anew for each task, so what comes inline is the task's own; a decoder of their own keeps none of it.
      const read = itemReader(items as PackedItems, new ValueDecoder(arrays));
      return (index) => invoke(read(index), shared, contextOf(index, index, index + 1));
    }
    if (spec.shape === "list") {
      return (index) => {
        const array = inputs[index] as TypedArray;
        return invoke(array, contextOf(index, 0, array.length));
      };
    }
    const { chunkSize, length, outputs } = spec;
    const view = slicer(spec.inputs, arrays);
    if (outputs === null) {
      return (index) => {
        const start = index * chunkSize;
        const end = Math.min(start + chunkSize, length);
        return invoke(view(start, end), contextOf(index, start, end));
      };
    }
    const out = slicer(outputs, arrays);
    const written = outputs.arrays.map((place) => arrays[place] as TypedArray);
    const clear = spec.clearOutputs ? written : [];
    return (index) => {
      const [start, end] = taskRange(spec, arrays, index);
      // Here, just before the kernel writes them, the elements come into the cache anyway; and a task that runs a
      // second time finds what it found the first time.
      for (const array of clear) clearPart(array.subarray(start, end));
      return settleVoid(invoke(view(start, end), out(start, end), contextOf(index, start, end)), written);
    };
  };

  return { run: bind(), borrowed };
}

function slicer(group: ArrayGroup, table: readonly TypedArray[]): Slicer {
  const { names } = group;
  const arrays = group.arrays.map((place) => table[place] as TypedArray);
  if (names === null) {
    const array = arrays[0] as TypedArray;
    return (start, end) => array.subarray(start, end);
  }
  return (start, end) => {
    const views: Record<string, TypedArray> = {};
    for (let i = 0; i < names.length; i++) {
      views[names[i] as string] = (arrays[i] as TypedArray).subarray(start, end);
    }
    return views;
  };
}

/** What a transform kernel returns is of no interest as long as it is no work of its own, its end is. */
function settleVoid(returned: unknown, outputs: readonly TypedArray[]): unknown {
  if (returned === undefined) return undefined;
  if (isThenable(returned)) return returned.then((value) => checkReturned(value, outputs));
  checkReturned(returned, outputs);
  return undefined;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
