/** A scenario as a list of tasks, for peers and for one thread: what is sent to a worker, what comes back. */
import type { TypedArray } from "../../../dist/index.js";
import { type KernelName, kernels } from "./kernels/index.js";
import type { Prepared, Scenario } from "./scenarios.js";

export interface Task {
  readonly kernel: KernelName;
  readonly parameters: readonly unknown[];
  /** Rows of the output that the worker makes and sends back, if it does not write to a shared one. */
  readonly output?: number;
}

export type Results = readonly (number | TypedArray)[];

export interface Tasks {
  readonly tasks: readonly Task[];
  /** Makes of the tasks' results what the engine's call gives. */
  readonly gather: (results: Results) => unknown;
}

/** What a worker does with a task. */
export function runTask({ kernel, parameters, output }: Task): unknown {
  const run = kernels[kernel] as (...parameters: unknown[]) => unknown;
  if (output === undefined) return run(...parameters);
  const made = new Float64Array(output);
  run(...parameters, made);
  return made;
}

/**
 * @param way "shared": views of the whole payload on shared memory, and an output there, written in place. "cloned": copies of
 *   a task's own rows, because cloning a view would clone its whole buffer. "here": for this thread
 */
export function tasksOf(
  { call, kernel }: Scenario,
  { arrays, units }: Prepared,
  chunk: number,
  way: "shared" | "cloned" | "here",
): Tasks {
  const ranges = Array.from({ length: Math.ceil(units / chunk) }, (_, i) => [
    i * chunk,
    Math.min(units, (i + 1) * chunk),
  ]) as [number, number][];
  const rows = (array: TypedArray, start: number, end: number): TypedArray =>
    way === "cloned" ? array.slice(start, end) : array.subarray(start, end);
  switch (call) {
    case "map":
      return {
        tasks: ranges.map(([start]) => ({ kernel, parameters: [start, arrays, { args: { chunk } }] })),
        gather: (results) => results,
      };
    case "mapShared":
      return {
        tasks: Object.values(arrays).map((array) => ({ kernel, parameters: [array] })),
        gather: (results) => results,
      };
    case "reduceShared":
      return {
        tasks: ranges.map(([start, end]) => ({
          kernel,
          parameters: [rows(arrays["x"] as TypedArray, start, end)],
        })),
        gather: (results) => (results as number[]).reduce((a, b) => a + b),
      };
    case "transformShared": {
      const out = new Float64Array(
        way === "shared" ? new SharedArrayBuffer(8 * units) : new ArrayBuffer(8 * units),
      );
      const tasks = ranges.map(([start, end]) => {
        const views = Object.fromEntries(
          Object.entries(arrays).map(([name, array]) => [name, rows(array, start, end)]),
        );
        return way === "cloned"
          ? { kernel, parameters: [views], output: end - start }
          : { kernel, parameters: [views, out.subarray(start, end)] };
      });
      const gather = (results: Results): unknown => {
        if (way === "cloned") ranges.forEach(([start], i) => void out.set(results[i] as Float64Array, start));
        return out;
      };
      return { tasks, gather };
    }
  }
}
