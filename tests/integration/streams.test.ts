import { KernelError, ParallelExecutor } from "sharray";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { facts } from "./run.js";

// As the README has them.
const LEAST_AHEAD = 4;
const MOST_AHEAD = 1024;

const pools = new Map([1, 2, 3].map((maxWorkers) => [maxWorkers, new ParallelExecutor({ maxWorkers })]));
const executor = pools.get(2) as ParallelExecutor;
beforeAll(async () => {
  await Promise.all([...pools.values()].map((pool) => pool.start()));
});

test("a stream that waits for its loop counts for no utilisation of workers", async () => {
  await using own = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, idleTimeout: 2 ** 31 - 1 });
  const started = own.allocate(Int32Array, 1);
  const slow = (_: unknown, { args }: { args: { started: unknown } }): void => {
    for (const end = performance.now() + 2; performance.now() < end; );
    Atomics.add(args.started as Int32Array, 0, 1);
  };
  const stream = own.streamShared(new Uint8Array(20), slow, { chunkSize: 1, args: { started } });
  const now = performance.now.bind(performance);
  const clock = vi.spyOn(performance, "now");
  try {
    let seen = 0;
    for await (const _ of stream) {
      seen += 1;
      if (seen > 1) continue;
      while (Atomics.load(started, 0) < LEAST_AHEAD * 2) await turn();
      // Workers tell that they leave before they begin tasks of another call; with these each waits for the other.
      const met = own.allocate(Int32Array, 1);
      await own.map(
        [0, 1],
        (_x, _s, { args }) => {
          Atomics.add(args as unknown as Int32Array, 0, 1);
          while (Atomics.load(args as unknown as Int32Array, 0) < 2);
        },
        { args: met },
      );
      // What they told is here by now, but heard only in a turn: the call may have ended without one.
      await turn();
      await turn();
      // An hour passes.
      clock.mockImplementation(() => now() + 3_600_000);
    }
    expect(seen).toBe(20);
    // 40 ms of tasks in two hours of two workers would be 0.0006 %.
    expect(own.metrics.snapshot().workerUtilisationPct).toBeGreaterThan(0.1);
  } finally {
    clock.mockRestore();
  }
});
afterAll(async () => {
  await Promise.all([...pools.values()].map((pool) => pool.shutdown()));
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Counts the tasks that have started. */
const counting = (_: unknown, { index, args }: { index: number; args: { started: unknown } }): number => {
  Atomics.add(args.started as Int32Array, 0, 1);
  return index;
};
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const ascending = (a: number, b: number): number => a - b;

describe.each([
  ["sequential", 1],
  ["threads", 1],
  ["threads", 2],
  ["threads", 3],
] as const)("%s, %i workers", (strategy, maxWorkers) => {
  const pool = pools.get(maxWorkers) as ParallelExecutor;

  test("a slow loop is run ahead of by no more than the least", async () => {
    const started = pool.allocate(Int32Array, 1);
    const options = { strategy, chunkSize: 1, args: { started } };
    const seen: number[] = [];
    for await (const { index } of pool.streamShared(new Uint8Array(60), counting, options)) {
      seen.push(index);
      // Slow whatever the machine: half of what there is room for takes longer than a fast loop needs.
      await pause(5);
      expect(Atomics.load(started, 0) - seen.length).toBeLessThanOrEqual(LEAST_AHEAD * maxWorkers);
    }
    expect(seen.sort(ascending)).toEqual(upTo(60));
  });

  test("a loop that was fast and stops is run ahead of by no more than the most", async () => {
    const started = pool.allocate(Int32Array, 1);
    const tasks = 4 * MOST_AHEAD * maxWorkers + 10_000;
    const options = { strategy, chunkSize: 1, args: { started } };
    let seen = 0;
    for await (const _ of pool.streamShared(new Uint8Array(tasks), counting, options)) {
      seen += 1;
      const ahead = Atomics.load(started, 0) - seen;
      if (ahead > MOST_AHEAD * maxWorkers) expect.fail(`${ahead} tasks ran ahead at ${seen}`);
      if (seen !== 10_000) continue;
      // Others have all the workers' time.
      for (let i = 0; i < 20; i++) await pool.mapShared(new Uint8Array(100), counting, { ...options });
      Atomics.sub(started, 0, 20 * 100);
      expect(Atomics.load(started, 0) - seen).toBeLessThanOrEqual(MOST_AHEAD * maxWorkers);
    }
    expect(seen).toBe(tasks);
    expect(Atomics.load(started, 0)).toBe(tasks);
  });

  test("a loop may await other calls of the same executor", async () => {
    const x = new Uint8Array(40);
    let seen = 0;
    for await (const { index } of pool.streamShared(x, (_, { index }) => index, { strategy, chunkSize: 1 })) {
      seen += 1;
      expect(await pool.map([index], (item) => item, { strategy })).toEqual([index]);
    }
    expect(seen).toBe(40);
  });

  test("two streams are read in turns, and one within the other", async () => {
    const stream = (factor: number) =>
      pool.streamShared(new Uint8Array(50), (_, { index, args }) => index * args, {
        strategy,
        chunkSize: 1,
        args: factor,
      });
    const [a, b] = [stream(1), stream(2)].map((each) => each[Symbol.asyncIterator]());
    const seen: [number[], number[]] = [[], []];
    for (let i = 0; i < 50; i++) {
      seen[0].push((await a?.next())?.value?.value as number);
      seen[1].push((await b?.next())?.value?.value as number);
    }
    expect(await Promise.all([a?.next(), b?.next()])).toEqual(
      Array(2).fill({ done: true, value: undefined }),
    );
    expect(seen[0].sort(ascending)).toEqual(upTo(50));
    expect(seen[1].sort(ascending)).toEqual(upTo(50).map((i) => 2 * i));
    let inner = 0;
    for await (const _ of stream(1)) for await (const __ of stream(3)) inner += 1;
    expect(inner).toBe(2500);
  });

  test("a stream that is left at a closed gate starts no further task, and its memory returns", async () => {
    const started = pool.allocate(Int32Array, 1);
    const before = pool.memory();
    const options = { strategy, chunkSize: 1, args: { started } };
    const stream = pool.streamShared(new Uint8Array(5000), counting, options);
    for await (const _ of stream) {
      while (Atomics.load(started, 0) < LEAST_AHEAD * maxWorkers) await turn();
      break;
    }
    const ran = Atomics.load(started, 0);
    expect(ran).toBeLessThan(5000);
    await pool.mapShared(new Uint8Array(64), () => 0, { strategy, chunkSize: 1 });
    expect(Atomics.load(started, 0)).toBe(ran);
    while (pool.memory().bytesInUse > before.bytesInUse) await turn();
  });

  test("an abort reaches a loop that waits at nothing, and one that does not read", async () => {
    const controller = new AbortController();
    const reason = new RangeError("enough");
    const on = { strategy, chunkSize: 1, signal: controller.signal };
    const stream = pool.streamShared(new Uint8Array(5000), (_, { index }) => index, on);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    controller.abort(reason);
    // What had come is given first.
    await expect(
      (async () => {
        for (let i = 0; i < 5000; i++) await iterator.next();
      })(),
    ).rejects.toBe(reason);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test("shutdown within the loop does not wait for the loop", async () => {
    const own = new ParallelExecutor({ maxWorkers });
    const seen: number[] = [];
    for await (const { index } of own.streamShared(new Uint8Array(200), (_, { index }) => index, {
      strategy,
      chunkSize: 1,
    })) {
      if (seen.push(index) === 1) await own.shutdown();
    }
    expect(seen.sort(ascending)).toEqual(upTo(200));
  });

  test("the failure of the first task that fails comes behind results only", async () => {
    const seen: number[] = [];
    const kernel = (_: unknown, { index }: { index: number }): number => {
      if (index === 30 || index === 32) throw new RangeError(`at ${index}`);
      return index;
    };
    const read = async (): Promise<void> => {
      for await (const { index } of pool.streamShared(new Uint8Array(60), kernel, {
        strategy,
        chunkSize: 1,
      })) {
        seen.push(index);
        await pause(1);
      }
    };
    const error = await read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KernelError);
    expect((error as KernelError).index).toBe(30);
    expect(seen.filter((index) => index < 30).sort(ascending)).toEqual(upTo(30));
  });
});

test("a stream that waits for its loop leaves the workers to others", async () => {
  const one = pools.get(1) as ParallelExecutor;
  const [a, b] = upTo(2).map(() => {
    return one.streamShared(new Uint8Array(500), (_, { index }) => index, {
      strategy: "threads",
      chunkSize: 1,
    });
  });
  for await (const _ of a as NonNullable<typeof a>) {
    // All of it, while the first one waits.
    let seen = 0;
    for await (const __ of b as NonNullable<typeof b>) seen += 1;
    expect(seen).toBe(500);
    break;
  }
});

test("leaving a stream does not wait for the task that runs", async () => {
  const words = executor.allocate(Int32Array, 2);
  const kernel = (_: unknown, { args }: { args: { words: unknown } }): void => {
    Atomics.store(args.words as Int32Array, 0, 1);
    Atomics.wait(args.words as Int32Array, 1, 0, 20_000);
  };
  const stream = executor.streamShared([new Uint8Array(1)], kernel, { strategy: "threads", args: { words } });
  const iterator = stream[Symbol.asyncIterator]();
  const step = iterator.next();
  while (Atomics.load(words, 0) === 0) await turn();
  const done = { done: true, value: undefined };
  expect(await iterator.return?.()).toEqual(done);
  expect(await step).toEqual(done);
  expect(Atomics.load(words, 1)).toBe(0);
  Atomics.store(words, 1, 1);
  Atomics.notify(words, 1);
});

describe("of a stream whose workers end", () => {
  interface Seen {
    readonly seen: readonly unknown[];
    readonly most: number;
    readonly retries: number;
    readonly started: number;
  }

  test("in tasks, the loop gets each result once, and is run ahead of by no more than before", async () => {
    const { seen, most, retries } = await facts<Seen>("streams.mjs", ["dies"]);
    expect(seen).toEqual(upTo(100));
    expect(retries).toBe(1);
    // The task that died has started twice.
    expect(most).toBeLessThanOrEqual(LEAST_AHEAD * 2 + 1);
  });

  test("without work while it waits for its loop, others take over", async () => {
    const { seen, retries, started } = await facts<Seen>("streams.mjs", ["idles"]);
    expect(seen).toEqual(upTo(100));
    expect(retries).toBe(0);
    expect(started).toBeGreaterThan(2);
  });
});

test("a stream whose workers die while it waits for its loop goes on when the pool starts others", async () => {
  const { seen, started } = await facts<{ seen: unknown; started: number }>("streams.mjs", ["dies idle"]);
  expect(seen).toEqual(upTo(24));
  expect(started).toBeGreaterThan(2);
});

test.each(["read no further", "read no further, with progress", "sequential, read no further"])(
  "a stream that is %s lets the process end",
  async (way) => {
    expect(await facts("streams.mjs", [way], { timeout: 30_000 })).toMatchObject({ code: 0, first: [0] });
  },
);
