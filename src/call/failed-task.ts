/** What is kept of a task that failed, to run it again under a debugger. */
import { type KernelError, type PartialResults, quote, type TaskTimeoutError } from "../errors.js";
import type { AnyKernel } from "../kernel/types.js";
import { elementBytes, type TypedArray, viewOf } from "../memory/dtypes.js";
import type { Columns } from "../memory/inputs.js";
import { ArrayTable } from "../protocol/array-table.js";
import type { PackedItems } from "../protocol/items.js";
import { stateOf } from "../protocol/pass-order.js";
import { bindTasks } from "../tasks/bind-tasks.js";
import type { Request } from "./request.js";

interface FailedTask {
  readonly request: Request;
  readonly index: number;
  /** The task's item at its place; `undefined` if the call has no items. */
  readonly items: PackedItems | undefined;
}

const failed = new WeakMap<object, FailedTask>();

/**
 * Keeps what it takes to run the task again, as long as the error is kept: the caller's arrays, and the task's item.
 * @param index of the task in its request
 * @param items as the job had them
 */
export function keepFailed(
  error: KernelError | TaskTimeoutError,
  index: number,
  request: Request,
  items: PackedItems | undefined,
): void {
  failed.set(error, { request: withOwnArrays(request, index), index, items: items && itemOf(items, index) });
}

/** The same with copies of what the task reads, if that is about to be used for other batches of a source. */
function withOwnArrays(request: Request, index: number): Request {
  const { sourced, spec, table } = request;
  if (sourced === undefined) return request;
  const arrays = [...sourced.given, ...table.arrays.slice(sourced.given.length)];
  const own = new ArrayTable();
  const columns = spec.inputs.names?.length ?? 1;
  const read = spec.inputs.arrays.slice(index * columns, (index + 1) * columns);
  for (const [i, array] of arrays.entries()) own.add(read.includes(i) ? array.slice() : array);
  return { ...request, table: own, sourced: undefined };
}

/** A copy of one item, at its place. */
function itemOf(items: PackedItems, index: number): PackedItems {
  if (items.packing !== "msgpack") {
    return {
      packing: items.packing,
      numbers: { length: index + 1, [index]: items.numbers[index] as number },
    };
  }
  const { bytes, offsets } = items;
  const own = bytes.slice(offsets[index], offsets[index + 1]);
  const ownOffsets = new Float64Array(index + 2);
  ownOffsets[index + 1] = own.length;
  return { packing: "msgpack", bytes: own, offsets: ownOffsets };
}

/**
 * Runs the task on this thread, by the very function that the caller passed. Outputs are new arrays; those of the caller's own
 * are copies.
 * @returns, throws what the kernel does
 * @throws TypeError if nothing is kept for the error
 */
export function runFailed(error: unknown): unknown {
  const task = failed.get(error as object);
  const fn = task?.request.fn;
  if (task === undefined || fn === undefined) {
    throw new TypeError(
      "Cannot replay the error as it must be a KernelError or TaskTimeoutError of a call that this thread has made: " +
        `current value is ${quote(error)}`,
    );
  }
  const { request, index, items } = task;
  if (request.spec.passes !== undefined) return runInPass(request, index, fn, error as KernelError);
  const { outputs } = request;
  const arrays = [...request.table.arrays];
  const spec = { ...request.spec, captures: undefined };
  if (outputs !== null) {
    const places = outputs.arrays.map(({ kind, length, own }) => {
      const output = viewOf(kind, new SharedArrayBuffer(length * elementBytes(kind)), 0, length);
      if (own === undefined) return arrays.push(output) - 1;
      (output as Float64Array).set(own.given as Float64Array);
      arrays[own.place] = output;
      return own.place;
    });
    spec.outputs = { names: outputs.names, arrays: places };
  }
  return bindTasks(spec, arrays, items, fn, () => false).run(index);
}

/** Runs over the state that the task's pass has read, which the error has. The state of the next pass is a copy of it. */
function runInPass({ spec, table }: Request, index: number, fn: AnyKernel, error: KernelError): unknown {
  const pass = error.pass as number;
  const { inputs } = spec;
  const { outputs } = error.partial as PartialResults;
  const given = inputs.arrays.map((place) => table.arrays[place] as TypedArray);
  const state =
    pass === 0
      ? given
      : inputs.names === null
        ? [outputs]
        : inputs.names.map((name) => (outputs as Columns)[name]);
  const arrays = [...table.arrays];
  const places = [0, 1].flatMap((which) =>
    state.map(
      (array) =>
        arrays.push(
          pass === 0 || which === stateOf(pass) ? (array as Float64Array).slice() : (array as TypedArray),
        ) - 1,
    ),
  );
  const own = {
    ...spec,
    captures: undefined,
    passes: Math.max(2, spec.passes as number),
    outputs: { names: null, arrays: places },
  };
  const place = { order: { pass }, exceed: () => {} };
  return bindTasks(own, arrays, undefined, fn, () => false, place).run(index);
}
