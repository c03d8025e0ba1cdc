/** The calling thread's event loop has its turns, however many calls run there at a time. */
import { ParallelExecutor } from "sharray";
import { afterAll, describe, expect, test } from "vitest";

const executors: ParallelExecutor[] = [];
afterAll(() => Promise.all(executors.map((executor) => executor.shutdown())));

type Args = { readonly ran: ArrayLike<number> };

/** 5 ms of work, and a count of what has begun. */
const work = (item: number, _: unknown, { args }: { args: Args }): number => {
  Atomics.add(args.ran as unknown as Int32Array, 0, 1);
  const until = performance.now() + 5;
  while (performance.now() < until);
  return item;
};

describe.each(["sequential", "auto"] as const)("strategy %s", (strategy) => {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
  executors.push(executor);

  test("a timer that aborts fires between calls that were made at once, and what waits never runs", async () => {
    const CALLS = 200;
    const ran = executor.allocate(Int32Array, 1);
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 1);
    const outcomes = await Promise.allSettled(
      Array.from({ length: CALLS }, (_, i) => executor.map([i], work, { args: { ran }, signal })),
    );
    const kept = outcomes.filter(({ status }) => status === "fulfilled");
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toBe(reason);
    }
    expect(kept.length).toBeLessThan(CALLS / 2);
    // Those that were waiting for their turn when it came.
    await new Promise((resolve) => setImmediate(resolve));
    expect(ran[0]).toBe(kept.length);
  });

  test("calls that wait end in the order in which they were made", async () => {
    const ran = executor.allocate(Int32Array, 1);
    const order: number[] = [];
    const calls = Array.from({ length: 10 }, async (_, i) => {
      const [value] = await executor.map([i], work, { args: { ran }, strategy: "sequential" });
      order.push(value as number);
    });
    await Promise.all(calls);
    expect(order).toEqual(Array.from({ length: 10 }, (_, i) => i));
  });

  test("a loop of calls that promises drive lets timers fire", async () => {
    let isDue = false;
    setTimeout(() => {
      isDue = true;
    }, 1);
    for (let calls = 0; !isDue && calls < 500_000; calls++) await executor.map([1], (x) => x + 1);
    expect(isDue).toBe(true);
  });

  test("streams that run at the same time let timers fire", async () => {
    const STREAMS = 60;
    const TASKS = 2;
    const ran = executor.allocate(Int32Array, 1);
    const controller = new AbortController();
    const { signal } = controller;
    setTimeout(() => controller.abort(), 1);
    const loops = Array.from({ length: STREAMS }, async () => {
      const stream = executor.streamShared(
        Array.from({ length: TASKS }, () => new Uint8Array(1)),
        (_, { args }: { args: Args }) => {
          Atomics.add(args.ran as unknown as Int32Array, 0, 1);
          const until = performance.now() + 5;
          while (performance.now() < until);
        },
        { args: { ran }, strategy: "sequential", signal },
      );
      for await (const _ of stream);
    });
    const outcomes = await Promise.allSettled(loops);
    expect(outcomes.some(({ status }) => status === "rejected")).toBe(true);
    expect(ran[0]).toBeLessThan(STREAMS * TASKS);
  });
});
