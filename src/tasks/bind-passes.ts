/** `iterateShared`: tasks of pass after pass, each of which reads one state and writes the other. */
import { quote } from "../errors.js";
import type { TypedArray } from "../memory/dtypes.js";
import type { ArrayGroup } from "../protocol/job-fields.js";
import type { JobSpec } from "../protocol/job-spec.js";
import { stateOf } from "../protocol/pass-order.js";
import { isThenable } from "./is-thenable.js";
import { checkReturned } from "./returned.js";

/** Where a thread is among the passes. */
export interface PassPlace {
  readonly order: { readonly pass: number };
  /** Tells that a task of this pass, from 1, returned more than the tolerance. */
  exceed(pass: number): void;
}

type Context = { pass?: number };

interface PassParts {
  readonly invoke: (state: unknown, next: unknown, context: unknown) => unknown;
  readonly contextOf: (index: number, start: number, end: number, before: number, after: number) => unknown;
  readonly place: PassPlace;
}

// A kernel on the calling thread may replace these functions.
const { max, min } = Math;

/**
 * Tasks over the input in the first pass, and over what the pass before has written in each later one. Both states begin as a
 * copy of the input, which the tasks of the first pass make. So elements that no pass writes stay as they are in the input.
 * @returns runs the task of a chunk; its value is the number of passes that its chunk has been through
 */
export function passRunner(
  spec: JobSpec,
  table: readonly TypedArray[],
  { invoke, contextOf, place }: PassParts,
): (chunk: number) => unknown {
  const { chunkSize, length, rowLength = 1, before = 0, after = 0, passes = 1, tolerance, inputs } = spec;
  const { names } = inputs;
  const places = (spec.outputs as ArrayGroup).arrays;
  const columns = inputs.arrays.length;
  const arraysAt = (group: readonly number[]): TypedArray[] => group.map((at) => table[at] as TypedArray);
  const given = arraysAt(inputs.arrays);
  const states =
    passes > 1 ? [places.slice(0, columns), places.slice(columns)].map(arraysAt) : [arraysAt(places)];
  const written = states.flat();
  const rangeOf = (chunk: number, reach: boolean): readonly [start: number, end: number] => {
    const start = chunk * chunkSize;
    const end = min(start + chunkSize, length);
    return reach ? [max(0, start - before), min(end + after, length)] : [start, end];
  };
  const viewsOf = (arrays: readonly TypedArray[], reach: boolean): ChunkViews =>
    new ChunkViews(names, arrays, rowLength, spec.tasks, (chunk) => rangeOf(chunk, reach));
  const read = { given: viewsOf(given, true), states: states.map((arrays) => viewsOf(arrays, true)) };
  const next = states.map((arrays) => viewsOf(arrays, false));

  const layOut = (chunk: number): void => {
    const [start, end] = rangeOf(chunk, false);
    for (const [i, array] of given.entries()) {
      const own = array.subarray(start * rowLength, end * rowLength) as Float64Array;
      for (const state of states) (state[i] as Float64Array).set(own, start * rowLength);
    }
  };

  const settle = (returned: unknown, pass: number): number => {
    if (tolerance === undefined) {
      if (returned !== undefined) checkReturned(returned, written);
    } else if (typeof returned !== "number") {
      throw new TypeError(
        'Cannot compare what the kernel returned with "tolerance" as it must be a number: ' +
          `current value is ${quote(returned)}; return how far the state is from its end, or leave "tolerance" out`,
      );
    } else if (!(returned <= tolerance)) {
      // NaN, too: it is no sign of an end.
      place.exceed(pass + 1);
    }
    return pass + 1;
  };

  return (chunk) => {
    const { pass } = place.order;
    if (pass === 0) layOut(chunk);
    if (passes === 0) return 1;
    const [start, end] = rangeOf(chunk, false);
    const [first, last] = rangeOf(chunk, true);
    const context = contextOf(chunk, start, end, start - first, last - end) as Context;
    context.pass = pass;
    const state = pass === 0 ? read.given : (read.states[stateOf(pass - 1)] as ChunkViews);
    const target = next[stateOf(pass)] as ChunkViews;
    const returned = invoke(state.at(chunk), target.at(chunk), context);
    return isThenable(returned) ? returned.then((value) => settle(value, pass)) : settle(returned, pass);
  };
}

// Views of more chunks than this would take more memory than the time to make them is worth: 55 ns each.
const MOST_KEPT = 1024;

/** Views of a chunk, made once for all passes. */
class ChunkViews {
  readonly #names: readonly string[] | null;
  readonly #arrays: readonly TypedArray[];
  readonly #rowLength: number;
  readonly #rangeOf: (chunk: number) => readonly [start: number, end: number];
  readonly #kept: (readonly TypedArray[] | undefined)[] | undefined;

  constructor(
    names: readonly string[] | null,
    arrays: readonly TypedArray[],
    rowLength: number,
    chunks: number,
    rangeOf: (chunk: number) => readonly [start: number, end: number],
  ) {
    this.#names = names;
    this.#arrays = arrays;
    this.#rowLength = rowLength;
    this.#rangeOf = rangeOf;
    this.#kept = chunks > MOST_KEPT ? undefined : new Array(chunks);
  }

  at(chunk: number): unknown {
    const views = this.#viewsAt(chunk);
    const names = this.#names;
    if (names === null) return views[0];
    // A record of the task's own: a kernel may change it.
    const record: Record<string, TypedArray> = {};
    for (let i = 0; i < names.length; i += 1) record[names[i] as string] = views[i] as TypedArray;
    return record;
  }

  #viewsAt(chunk: number): readonly TypedArray[] {
    const kept = this.#kept?.[chunk];
    if (kept !== undefined) return kept;
    const [start, end] = this.#rangeOf(chunk);
    const views = this.#arrays.map((array) => array.subarray(start * this.#rowLength, end * this.#rowLength));
    if (this.#kept !== undefined) this.#kept[chunk] = views;
    return views;
  }
}
