/** What kernels find in their context: random numbers and work arrays. */
import { ConfigurationError, ParallelExecutor } from "sharray";
import { afterAll, expect, test } from "vitest";

const executors = [
  new ParallelExecutor({ strategy: "sequential" }),
  ...[1, 2, 3].map((maxWorkers) => new ParallelExecutor({ strategy: "threads", maxWorkers })),
  new ParallelExecutor({ strategy: "processes", maxWorkers: 2 }),
];
afterAll(() => Promise.all(executors.map((executor) => executor.shutdown())));
const x = new Float64Array(10_000);

test("random numbers are the same for any strategy, number of workers and chunking", async () => {
  const seen = new Set<string>();
  for (const executor of executors) {
    for (const chunkSize of [10_000, 4096, 333]) {
      const out = await executor.transformShared(
        x,
        Float64Array,
        (view, out, { start, rng }) => {
          for (let i = 0; i < view.length; i++)
            out[i] = rng(start + i) + 10 * rng(start + i, 5) + rng.normal(start + i);
        },
        { chunkSize, seed: 42 },
      );
      seen.add(out.join());
    }
  }
  expect(seen.size).toBe(1);
});

test("each seed has numbers of its own; 0 is the default", async () => {
  for (const executor of executors) {
    const draw = (options: { seed?: number }) => executor.map([0, 1, 2], (i, _, { rng }) => rng(i), options);
    const [none, zero, one, large] = [{}, { seed: 0 }, { seed: 1 }, { seed: 2 ** 53 - 1 }].map(draw);
    expect(await none).toEqual(await zero);
    const all = [...((await zero) ?? []), ...((await one) ?? []), ...((await large) ?? [])];
    expect(new Set(all).size).toBe(9);
  }
});

test.each([[-1], [0.5], [Number.NaN], [2 ** 53], ["1"]])("a seed of %j is refused", async (seed) => {
  const [executor] = executors as [ParallelExecutor];
  await expect(executor.map([1], (i) => i, { seed: seed as number })).rejects.toThrow(ConfigurationError);
});

test("a scratch array that is returned arrives as it was then", async () => {
  for (const executor of executors) {
    const values = await executor.map([1, 2, 3, 4], (i, _, { scratch }) => {
      const work = scratch(Float64Array, 3);
      work.fill(i);
      return { work, other: scratch(Float64Array, 3) === work };
    });
    expect(values.map(({ work }) => [...work])).toEqual([1, 2, 3, 4].map((i) => [i, i, i]));
    expect(values.every(({ other }) => !other)).toBe(true);
  }
});
