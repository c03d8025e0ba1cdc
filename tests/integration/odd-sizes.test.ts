/** Shapes of work at their edges: no rows, all rows, one row, a halo beyond the array, sources that behave oddly. */
import { type Executor, ParallelExecutor, type TypedArray } from "sharray";
import { afterAll, describe, expect, test } from "vitest";

const three = Float64Array.of(1, 2, 3);
const hundred = Float64Array.from({ length: 100 }, (_, i) => i);

async function values(stream: AsyncIterable<{ readonly value: unknown }>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const { value } of stream) all.push(value);
  return all;
}

async function failureOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "no failure",
    (error: unknown) => String((error as Error).message),
  );
}

type Case = readonly [call: (executor: Executor) => unknown, expected: unknown];

/** Cases that need memory which workers have in common. */
const PASSES: Readonly<Record<string, Case>> = {
  "no rows, five passes": [
    (executor) => executor.iterateShared(new Float64Array(0), () => {}, { passes: 5 }),
    new Float64Array(0),
  ],
  "one row, five passes": [
    (executor) => executor.iterateShared(Float64Array.of(1), (s, n) => n.fill(s[0]! + 1)[0], { passes: 5 }),
    Float64Array.of(6),
  ],
  "no passes": [(executor) => executor.iterateShared(three, (_, n) => void n.fill(9), { passes: 0 }), three],
  "a tolerance that nothing exceeds": [
    (executor) => {
      const options = { passes: 5, tolerance: Number.POSITIVE_INFINITY };
      return executor.iterateShared(
        three,
        (s, n) => {
          for (let i = 0; i < n.length; i += 1) n[i] = s[i]! + 1;
          return 1e300;
        },
        options,
      );
    },
    Float64Array.of(2, 3, 4),
  ],
  "a residual that is no number goes on": [
    (executor) =>
      executor.iterateShared(
        three,
        (s, n) => {
          for (let i = 0; i < n.length; i += 1) n[i] = s[i]! + 1;
          return Number.NaN;
        },
        { passes: 4, tolerance: 1, chunkSize: 2 },
      ),
    Float64Array.of(5, 6, 7),
  ],
  "a state that is shared, too, shows what it was": [
    (executor) => {
      const state = executor.share(three);
      return executor.iterateShared(
        state,
        (s, n, { shared }) => {
          n.set(s as Float64Array);
          n[0] = n[0]! + shared.state[0]!;
        },
        { passes: 3, shared: { state } },
      );
    },
    Float64Array.of(4, 2, 3),
  ],
  "a halo of passes that is wider than the state": [
    (executor) =>
      executor.iterateShared(three, (s, n) => void n.fill(s.length), { passes: 2, halo: 100, chunkSize: 1 }),
    Float64Array.of(3, 3, 3),
  ],
};

const CASES: Readonly<Record<string, Case>> = {
  "rows of an empty input": [
    (executor) => executor.collectShared(new Float64Array(0), { a: Float64Array }, () => 0),
    { a: new Float64Array(0) },
  ],
  "no row of many": [
    (executor) => executor.collectShared(hundred, Int8Array, () => 0, { chunkSize: 7 }),
    new Int8Array(0),
  ],
  "every row": [
    (executor) =>
      executor.collectShared(
        hundred,
        Float64Array,
        (x, a) => {
          a.set(x as Float64Array);
          return x.length;
        },
        { chunkSize: 7 },
      ),
    hundred,
  ],
  "rows of one chunk, and only in the last one": [
    (executor) =>
      executor.collectShared(
        hundred,
        Float64Array,
        (x, a, { end }) => {
          a[0] = x[0]!;
          return end === 100 ? 1 : 0;
        },
        { chunkSize: 9 },
      ),
    Float64Array.of(99),
  ],
  "rows of 200,000 elements, counted by a promise": [
    async (executor) => {
      const rows = await executor.collectShared(
        three,
        { type: Float64Array, per: 200_000 },
        async (x, a) => {
          a.fill(x[0]!);
          return 1;
        },
        { chunkSize: 1 },
      );
      return [rows.length, rows[0], rows[399_999], rows[599_999]];
    },
    [600_000, 1, 2, 3],
  ],
  "more rows than there is room for": [
    (executor) => failureOf(executor.collectShared(hundred, Float64Array, () => 8, { chunkSize: 7 })),
    expect.stringContaining('an integer from 0 to 7: current value is 8; raise "capacity"'),
  ],
  "a count that is no number": [
    (executor) => failureOf(executor.collectShared(hundred, Float64Array, () => 1n as never)),
    expect.stringContaining("an integer from 0 to 1: current value is 1n"),
  ],
  "a halo that is wider than the array": [
    (executor) =>
      executor.transformShared(
        three,
        Float64Array,
        (view, out, { before, after }) => void out.fill(view.length * 100 + before * 10 + after),
        { halo: 2 ** 40, chunkSize: 1 },
      ),
    Float64Array.of(302, 311, 320),
  ],
  "an output over its input and a halo": [
    (executor) => {
      const x = executor.share(three);
      return failureOf(executor.transformShared(x, x, () => {}, { halo: 1 }));
    },
    expect.stringMatching(/the output .* must not lie over "the array"/),
  ],
  "two outputs in one array": [
    (executor) => {
      const a = executor.allocate(Float64Array, 3);
      return failureOf(executor.transformShared(three, { a, b: a }, () => {}));
    },
    expect.stringMatching(/output "b" as it must not lie over output "a"/),
  ],
  "a source of other kinds each time": [
    (executor) => {
      const source = [
        Float64Array.of(1),
        Int8Array.of(2),
        new Float64Array(0),
        BigInt64Array.of(4n),
      ].values();
      return values(
        executor.streamShared(source as IterableIterator<TypedArray>, (v) => [v.length, Number(v[0])], {
          ordered: true,
        }),
      );
    },
    [
      [1, 1],
      [1, 2],
      [0, Number.NaN],
      [1, 4],
    ],
  ],
  "a source without an end, which is told that nobody reads on": [
    async (executor) => {
      let closed = 0;
      async function* source() {
        try {
          for (let i = 0; ; i += 1) yield Float64Array.of(i);
        } finally {
          closed += 1;
        }
      }
      let last: unknown;
      for await (const { index, value } of executor.streamShared(source(), (v) => v[0], { ordered: true })) {
        last = value;
        if (index === 5) break;
      }
      return [last, closed];
    },
    [5, 1],
  ],
  "a source that fails after two batches": [
    async (executor) => {
      async function* source() {
        yield Float64Array.of(1);
        yield Float64Array.of(2);
        throw new Error("no more");
      }
      const read: unknown[] = [];
      const call = async (): Promise<void> => {
        for await (const { value } of executor.streamShared(source(), (v) => v[0], { ordered: true }))
          read.push(value);
      };
      return [await failureOf(call()), read];
    },
    ["no more", [1, 2]],
  ],
  "a source without return()": [
    async (executor) => {
      const next = async () => ({ value: Float64Array.of(1), done: false }) as const;
      const source = { [Symbol.asyncIterator]: () => ({ next }) };
      for await (const { value } of executor.streamShared(source, (v) => v[0])) return value;
      return "nothing";
    },
    1,
  ],
  "jobs of a key that only a Map tells apart": [
    async (executor) => {
      const jobs = [Number.NaN, null, Number.NaN, null].map((latest, i) =>
        executor.submit(i, (i) => i, { latest, priority: -1 }),
      );
      const outcomes = await Promise.allSettled(jobs);
      return outcomes.map((outcome) =>
        outcome.status === "fulfilled" ? outcome.value : outcome.reason.name,
      );
    },
    ["AbortError", "AbortError", 2, 3],
  ],
  "a job that has ended": [
    async (executor) => {
      const job = executor.submit(1, (x) => x);
      await job;
      job.cancel("too late");
      job.priority = 5;
      return [await job, job.priority];
    },
    [1, 5],
  ],
};

/** Arrays on shared memory, as their contents. */
function plain(result: unknown): unknown {
  if (ArrayBuffer.isView(result)) return (result as Float64Array).slice();
  if (typeof result !== "object" || result === null || Array.isArray(result)) return result;
  return Object.fromEntries(Object.entries(result).map(([key, value]) => [key, plain(value)]));
}

describe.each(["sequential", "threads", "auto", "processes"] as const)("on %s", (strategy) => {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 3 });
  afterAll(() => executor.shutdown());
  const cases = Object.entries(strategy === "processes" ? CASES : { ...PASSES, ...CASES });

  test.each(cases)("%s", async (_, [call, expected]) => {
    const result = plain(await call(executor));
    if (ArrayBuffer.isView(expected)) {
      expect(Object.getPrototypeOf(result)).toBe(Object.getPrototypeOf(expected));
      expect([...(result as Float64Array)]).toEqual([...(expected as Float64Array)]);
    } else expect(result).toEqual(expected);
  });
});
