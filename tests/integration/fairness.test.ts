import { ParallelExecutor } from "sharray";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
beforeAll(() => executor.start());
afterAll(() => executor.shutdown());

type Args = { readonly ended: ArrayLike<number>; readonly job: number };

/** A millisecond of work, and a count of what has ended. */
const work = (_: unknown, { args }: { args: Args }): void => {
  const until = performance.now() + 1;
  while (performance.now() < until);
  Atomics.add(args.ended as unknown as Int32Array, args.job, 1);
};
/** A millisecond of waiting. */
const wait = async (_: unknown, { args }: { args: Args }): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  Atomics.add(args.ended as unknown as Int32Array, args.job, 1);
};

/** A call that takes 10 s on two workers. */
const LONG = 20_000;
const short = (i: number): Promise<number[]> => executor.map([i, i + 1], (item) => 2 * item);

describe.each([
  ["busy", work],
  ["async", wait],
])("short calls beside a long one whose tasks are %s", (_, kernel) => {
  async function beside(calls: () => Promise<void>): Promise<number> {
    const ended = executor.allocate(Int32Array, 1);
    const controller = new AbortController();
    const { signal } = controller;
    const long = executor.mapShared(new Uint8Array(LONG), kernel, {
      chunkSize: 1,
      args: { ended, job: 0 },
      signal,
    });
    const outcome = long.catch((reason: unknown) => reason);
    while (Atomics.load(ended, 0) < 10) await new Promise((resolve) => setImmediate(resolve));
    await calls();
    const done = Atomics.load(ended, 0);
    controller.abort("seen enough");
    expect(await outcome).toBe("seen enough");
    return done;
  }

  test("all at once are not held up", async () => {
    const done = await beside(async () => {
      const results = await Promise.all(Array.from({ length: 200 }, (_, i) => short(i)));
      expect(results).toEqual(results.map((_, i) => [2 * i, 2 * i + 2]));
    });
    // In turns of 8 ms they take far less than half of it.
    expect(done).toBeLessThan(LONG / 2);
  });

  test("one after the other are not held up", async () => {
    const done = await beside(async () => {
      for (let i = 0; i < 100; i++) expect(await short(i)).toEqual([2 * i, 2 * i + 2]);
    });
    expect(done).toBeLessThan(LONG / 2);
  });
});

test("a short call is not held up by hundreds of long ones, which share the workers", async () => {
  const CALLS = 200;
  const TASKS = 500;
  const ended = executor.allocate(Int32Array, CALLS);
  const x = executor.share(new Uint8Array(TASKS));
  const controller = new AbortController();
  const { signal } = controller;
  const long = Array.from({ length: CALLS }, async (_, job) => {
    await executor.mapShared(x, work, { chunkSize: 1, args: { ended, job }, signal });
  });
  const outcomes = Promise.allSettled(long);
  // In flight among them all, not at their end.
  await short(1);
  await short(2);
  const counts = [...ended];
  controller.abort("seen enough");
  expect((await outcomes).map(({ status }) => status)).toEqual(Array(CALLS).fill("rejected"));
  // Nobody has had his whole queue, and nobody nothing.
  expect(Math.max(...counts)).toBeLessThan(TASKS / 2);
  expect(Math.min(...counts)).toBeGreaterThan(0);
});
