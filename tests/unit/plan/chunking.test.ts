import fc from "fast-check";
import { expect, it } from "vitest";
import { chunkCount, defaultChunkSize } from "../../../src/plan/chunking.js";
import { type JobSpec, taskRange } from "../../../src/protocol/job-spec.js";

function specOf(length: number, chunkSize: number): JobSpec {
  return {
    shape: "array",
    tasks: chunkCount(length, chunkSize),
    length,
    chunkSize,
    inputs: { names: null, arrays: [0] },
    outputs: null,
    args: null,
    shared: null,
  };
}

it("chunks are a partition: no gap, no overlap, none empty", () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.integer({ min: 1, max: 6000 }), (length, chunkSize) => {
      const spec = specOf(length, chunkSize);
      let at = 0;
      for (let index = 0; index < spec.tasks; index++) {
        const [start, end] = taskRange(spec, [], index);
        expect(start).toBe(at);
        expect(end).toBeGreaterThan(start);
        if (index < spec.tasks - 1) expect(end - start).toBe(chunkSize);
        else expect(end - start).toBeLessThanOrEqual(chunkSize);
        at = end;
      }
      expect(at).toBe(length);
    }),
  );
});

it("the default follows the length alone: at most 128 chunks up to 8 Mi elements, then chunks of 64 Ki", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), (length) => {
      const size = defaultChunkSize(length);
      expect(Number.isInteger(size)).toBe(true);
      expect(size).toBeGreaterThanOrEqual(1);
      expect(size).toBeLessThanOrEqual(65_536);
      if (length <= 128 * 65_536) expect(chunkCount(length, size)).toBeLessThanOrEqual(128);
      else expect(size).toBe(65_536);
    }),
  );
  expect([0, 1, 128, 129, 1000, 128 * 65_536, 2 ** 33].map((length) => defaultChunkSize(length))).toEqual([
    1, 1, 1, 2, 8, 65_536, 65_536,
  ]);
});

it("chunks of rows have no more elements than others", () => {
  expect(defaultChunkSize(128 * 100, 640)).toBe(100);
  expect(defaultChunkSize(128 * 100, 1000)).toBe(65);
  expect(defaultChunkSize(128 * 100, 100_000)).toBe(1);
});

it("ranges of rows are told in elements", () => {
  const spec = { ...specOf(7, 2), rowLength: 10 };
  expect([0, 3].map((index) => taskRange(spec, [], index))).toEqual([
    [0, 20],
    [60, 70],
  ]);
});

it("an empty column has no chunk", () => {
  expect(chunkCount(0, defaultChunkSize(0))).toBe(0);
});

it("tasks over lists and items have ranges of their own", () => {
  const list: JobSpec = { ...specOf(0, 1), shape: "list", tasks: 2, inputs: { names: null, arrays: [1, 0] } };
  const arrays = [{ length: 5 }, { length: 7 }];
  expect(taskRange(list, arrays, 0)).toEqual([0, 7]);
  expect(taskRange(list, arrays, 1)).toEqual([0, 5]);
  const items: JobSpec = { ...specOf(9, 1), shape: "items" };
  expect(taskRange(items, [], 4)).toEqual([4, 5]);
});
