import { describe, expect, it } from "vitest";
import { PartialOutcome } from "../../../src/call/partial-results.js";
import type { JobSpec } from "../../../src/protocol/job-spec.js";
import { ResultTable } from "../../../src/protocol/result-table.js";
import type { Job, JobParts } from "../../../src/strategies/job.js";
import { StreamBuffer } from "../../../src/strategies/stream-buffer.js";

const spec: JobSpec = {
  shape: "array",
  tasks: 5,
  length: 48,
  chunkSize: 10,
  inputs: { names: null, arrays: [0] },
  outputs: null,
  args: null,
  shared: null,
};

/** Task 0 gave a number, 1 text, 2 failed, 3 was posted by a worker that died, 4 has not run. */
function failed(
  more: { spec?: JobSpec; arrays?: JobParts["arrays"]; streamBuffer?: JobParts["streamBuffer"] } = {},
) {
  const results = new ResultTable(new Float64Array(5), new Uint8Array(5));
  results.write(0, 1.5);
  for (const i of [1, 2, 3]) results.markElsewhere(i);
  const received = new Map<number, unknown>([[1, "text"]]);
  const parts = { spec, arrays: [new Uint8Array(48)], block: { results }, streamBuffer: undefined, ...more };
  const job = { parts, received, failure: { index: 2, thrown: undefined } } as unknown as Job;
  return { job, results };
}

const indices = ({ unfinished }: PartialOutcome): number[] => unfinished.map(({ index }) => index);

describe("what had ended", () => {
  it("are the tasks whose results are here; all others are unfinished, with their ranges", () => {
    const partial = new PartialOutcome(failed().job, undefined);
    expect([...partial.values]).toEqual([
      [0, 1.5],
      [1, "text"],
    ]);
    expect(partial.unfinished).toEqual([
      { index: 2, start: 20, end: 30 },
      { index: 3, start: 30, end: 40 },
      { index: 4, start: 40, end: 48 },
    ]);
  });

  it("does not change with the memory that it was copied from", () => {
    const { job, results } = failed();
    const partial = new PartialOutcome(job, undefined);
    results.write(0, 7);
    results.write(4, 7);
    expect(partial.values.get(0)).toBe(1.5);
    expect(indices(partial)).toEqual([2, 3, 4]);
  });

  it("leaves out a task that came to its end when its time was up already", () => {
    const { job, results } = failed();
    results.write(2, 7);
    const partial = new PartialOutcome(job, undefined);
    expect([...partial.values.keys()]).toEqual([0, 1]);
    expect(indices(partial)).toEqual([2, 3, 4]);
  });

  it("may be more than a Map holds", { timeout: 60_000 }, () => {
    const tasks = 2 ** 24 + 3;
    const results = new ResultTable(new Float64Array(tasks), new Uint8Array(tasks).fill(1));
    results.write(tasks - 2, true);
    results.clear(5);
    const many = { ...spec, tasks, length: tasks, chunkSize: 1 };
    const parts = {
      spec: many,
      arrays: [new Uint8Array(tasks)],
      block: { results },
      streamBuffer: undefined,
    };
    const job = { parts, received: new Map(), failure: { index: 7, thrown: undefined } } as unknown as Job;
    const { values, unfinished } = new PartialOutcome(job, undefined);
    expect(unfinished.map(({ index }) => index)).toEqual([5, 7]);
    expect(values.size).toBe(tasks - 2);
    expect([4, 5, 7, tasks - 2, tasks, -1, 0.5].map((index) => values.get(index))).toEqual([
      0,
      undefined,
      undefined,
      true,
      undefined,
      undefined,
      undefined,
    ]);
    expect([5, 7, tasks, 6].map((index) => values.has(index))).toEqual([false, false, false, true]);
    let count = 0;
    let last: unknown;
    for (const [index, value] of values) {
      count += 1;
      last = [index, value];
    }
    expect([count, last]).toEqual([tasks - 2, [tasks - 1, 0]]);
    expect(values.keys().next().value).toBe(0);
    let visited = 0;
    values.forEach((value) => {
      if (value === true) visited += 1;
    });
    expect(visited).toBe(1);
  });

  it("of a stream has no values, and the same unfinished tasks", () => {
    const partial = new PartialOutcome(failed({ streamBuffer: new StreamBuffer() }).job, undefined);
    expect(partial.values.size).toBe(0);
    expect(indices(partial)).toEqual([2, 3, 4]);
  });

  it("tells the lengths of a list, and keeps none of its arrays", () => {
    const arrays = [1, 2, 3, 4, 5].map((length) => new Uint8Array(length));
    const list: JobSpec = { ...spec, shape: "list", inputs: { names: null, arrays: [4, 3, 2, 1, 0] } };
    const parts = { spec: list, arrays, sizes: [...arrays] };
    const partial = new PartialOutcome(failed(parts).job, undefined);
    parts.sizes.length = 0;
    expect(partial.unfinished).toEqual([
      { index: 2, start: 0, end: 3 },
      { index: 3, start: 0, end: 2 },
      { index: 4, start: 0, end: 1 },
    ]);
  });
});
