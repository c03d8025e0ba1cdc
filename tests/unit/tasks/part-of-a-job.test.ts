/** A part of a larger job: its tasks see what they would see as tasks of the whole. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { AnyKernel, KernelContext } from "../../../src/kernel/types.js";
import type { TypedArray } from "../../../src/memory/dtypes.js";
import { type JobSpec, taskRange } from "../../../src/protocol/job-spec.js";
import { bindTasks } from "../../../src/tasks/bind-tasks.js";

type Context = KernelContext<unknown>;

const never = (): boolean => false;
const numbersOf = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => i + 0.5);

const chunks = fc.record({
  length: fc.integer({ min: 1, max: 60 }),
  chunkSize: fc.integer({ min: 1, max: 9 }),
  before: fc.nat(3),
  after: fc.nat(3),
  from: fc.nat(100),
  per: fc.integer({ min: 1, max: 3 }),
});

it("tasks of a part see the indices, ranges, neighbours and random numbers of the whole", () => {
  const see = (view: Float64Array, { index, start, end, before, after, rng }: Context) => {
    return [index, start, end, before, after, rng(start), ...view];
  };
  fc.assert(
    fc.property(chunks, ({ length, chunkSize, before, after, from }) => {
      const tasks = Math.ceil(length / chunkSize);
      const first = from % tasks;
      const whole: JobSpec = {
        ...{ shape: "array", tasks, length, chunkSize, before, after, seed: 7 },
        ...{ inputs: { names: null, arrays: [0] }, outputs: null, args: null, shared: null },
      };
      const part = { ...whole, tasks: tasks - first, first };
      const run = (spec: JobSpec) =>
        bindTasks(spec, [numbersOf(length)], undefined, see as AnyKernel, never).run;
      const [all, some] = [run(whole), run(part)];
      for (let i = 0; i < tasks - first; i += 1) {
        expect(some(i)).toEqual(all(first + i));
        expect(taskRange(part, [], i)).toEqual(taskRange(whole, [], first + i));
      }
    }),
  );
});

it("a part writes outputs of its own, which begin with its own first row", () => {
  const fill = (view: Float64Array, out: Float64Array, { start }: Context) => {
    for (let i = 0; i < out.length; i += 1) out[i] = start + view.length * i;
  };
  fc.assert(
    fc.property(chunks, ({ length, chunkSize, from, per }) => {
      const tasks = Math.ceil(length / chunkSize);
      const first = from % tasks;
      const written = (begin: number, rows: number): TypedArray => {
        const out = new Float64Array(rows * per);
        const spec: JobSpec = {
          ...{ shape: "array", tasks: tasks - begin, first: begin, length, chunkSize, per: [per] },
          inputs: { names: null, arrays: [0] },
          outputs: { names: null, arrays: [1] },
          ...{ args: null, shared: null },
        };
        const { run } = bindTasks(spec, [numbersOf(length), out], undefined, fill as AnyKernel, never);
        for (let i = 0; i < spec.tasks; i += 1) run(i);
        return out;
      };
      const rows = length - first * chunkSize;
      expect(written(first, rows)).toEqual(written(0, length).slice(first * chunkSize * per));
    }),
  );
});

it("items of a part are its own, and lists are the whole's", () => {
  const see = (value: unknown, _shared: unknown, { index, start }: Context) => [value, index, start];
  const items = { packing: "numbers", numbers: [10, 11] } as const;
  const spec: JobSpec = {
    ...{ shape: "items", tasks: 2, first: 5, length: 9, chunkSize: 1 },
    ...{ inputs: { names: null, arrays: [] }, outputs: null, args: null, shared: null },
  };
  const { run } = bindTasks(spec, [], items, see as AnyKernel, never);
  expect([run(0), run(1)]).toEqual([
    [10, 5, 5],
    [11, 6, 6],
  ]);
  const arrays = [1, 2, 3].map(numbersOf);
  const list: JobSpec = {
    ...spec,
    shape: "list",
    tasks: 1,
    first: 2,
    inputs: { names: null, arrays: [0, 1, 2] },
  };
  const length = (view: Float64Array, { index, end }: Context) => [view.length, index, end];
  expect(bindTasks(list, arrays, undefined, length as AnyKernel, never).run(0)).toEqual([3, 2, 3]);
  expect(taskRange(list, arrays, 0)).toEqual([0, 3]);
});
