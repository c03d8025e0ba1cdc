import fc from "fast-check";
import { KernelError, ParallelExecutor } from "sharray";
import { afterAll, expect, test } from "vitest";

/** Where calls have run. */
const places = new Set<string>();
const pools = [1, 2, 3].map((maxWorkers) => {
  return new ParallelExecutor({
    maxWorkers,
    telemetry: (event, payload) => {
      if (event === "parallel_execution") places.add(payload.strategy);
    },
  });
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.shutdown()));
});

// From Node 24 on.
const { Float16Array } = globalThis as {
  Float16Array?: { from(values: ArrayLike<number>): Float32Array };
};
const halves = Float16Array && fc.float32Array({ maxLength: 300 }).map((array) => Float16Array.from(array));
const array = fc.oneof(
  fc.float64Array({ maxLength: 300 }),
  fc.float32Array({ maxLength: 300 }),
  fc.int32Array({ maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }),
  fc.uint8ClampedArray({ maxLength: 300 }),
  fc.int16Array({ maxLength: 300 }),
  ...(halves === undefined ? [] : [halves]),
);
const shape = fc.record({
  array,
  from: fc.nat(20),
  chunkSize: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
  shared: fc.boolean(),
  failAt: fc.option(fc.nat(40), { nil: undefined }),
  weight: fc.double({ noDefaultInfinity: false }),
});

/** What a call came to, in a form in which -0 and 0, and NaN and NaN, compare as they should. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await call };
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    const cause = error.cause as Error & { sum?: number };
    return { message: error.message, index: error.index, start: error.start, end: error.end, sum: cause.sum };
  }
}

/** Results of several sorts: numbers, objects with arrays of their own, text. */
const mixed = (
  x: { readonly length: number; slice(start: number, end: number): unknown; readonly [i: number]: number },
  { index, start, args }: { index: number; start: number; args: { failAt: number; weight: number } },
) => {
  let sum = args.weight;
  for (let i = 0; i < x.length; i++) sum += Number(x[i]) * args.weight;
  if (index === args.failAt) throw Object.assign(new RangeError(`at ${start}`), { sum });
  return index % 3 === 0 ? sum : index % 3 === 1 ? { sum, head: x.slice(0, 2) } : `${sum}`;
};

/** What a stream gives, each result once, in the order of its tasks. */
async function inOrder<T>(stream: AsyncIterable<{ index: number; value: T }>): Promise<T[]> {
  const values = new Map<number, T>();
  for await (const { index, value } of stream) {
    expect(values.has(index)).toBe(false);
    values.set(index, value);
    // Now and then the loop is slow.
    if (index % 7 === 3) await new Promise((resolve) => setImmediate(resolve));
  }
  return Array.from({ length: values.size }, (_, index) => values.get(index) as T);
}

test("all strategies, with any number of workers, agree bit for bit", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(shape, async ({ array, from, chunkSize, shared, failAt, weight }) => {
      const view = array.subarray(Math.min(from, array.length));
      const options = {
        args: { failAt: failAt ?? -1, weight },
        ...(chunkSize === undefined ? {} : { chunkSize }),
      };
      const calls = (pool: ParallelExecutor, strategy: "sequential" | "threads" | "processes") => {
        const x = shared ? pool.share(view) : view;
        const on = { ...options, strategy };
        return Promise.all([
          outcome(pool.mapShared(x, mixed, on)),
          outcome(inOrder(pool.streamShared(x, mixed, on))),
          outcome(
            pool.transformShared(
              { x },
              { y: Float64Array, n: Uint16Array },
              ({ x }, { y, n }, { index, args }) => {
                if (index === args.failAt) throw new Error("transform");
                // Every third element stays as it was: zero.
                for (let i = 0; i < x.length; i++) if (i % 3 > 0) y[i] = Number(x[i]) / args.weight;
                n[0] = index;
              },
              on,
            ),
          ),
          outcome(
            pool.reduceShared(
              x,
              (x) => {
                let sum = 0;
                for (const value of x) sum += Number(value);
                return sum;
              },
              (a, b) => a + b,
              {
                ...on,
                initial: 0.1,
              },
            ),
          ),
          outcome(
            pool.map(
              Array.from(view as ArrayLike<number>),
              (item, { x }, { args }) => {
                return item * args.weight + Number(x[0] ?? 0);
              },
              { args: options.args, strategy, shared: { x } },
            ),
          ),
        ]);
      };
      // Lists, arrays, Sets and generators of the same items bring the same, integers and others.
      const seen = (item: number) => [item, Object.is(item, -0), item | 0, item + 0.5];
      const values = Array.from(view as ArrayLike<number>);
      const listed = await pools[0]!.map(values, seen, { strategy: "sequential" });
      for (const strategy of ["sequential", "threads", "processes"] as const) {
        for (const items of [values, view as Iterable<number> & object, values.values()]) {
          expect(await pools[1]!.map(items, seen, { strategy })).toStrictEqual(listed);
        }
        const distinct = [...new Set(values)];
        const once = await pools[1]!.map(new Set(values), seen, { strategy });
        expect(once).toStrictEqual(await pools[0]!.map(distinct, seen, { strategy: "sequential" }));
      }
      const expected = await calls(pools[0]!, "sequential");
      expect(expected[1]).toStrictEqual(expected[0]);
      for (const strategy of ["threads", "processes"] as const) {
        for (const pool of pools) expect(await calls(pool, strategy)).toStrictEqual(expected);
      }
    }),
    { numRuns: 60 },
  );
  expect(places).toEqual(new Set(["sequential", "threads", "processes"]));
});
