/** Calls that follow each other at once, on workers that wait for them at their doorbells. */
import { ParallelExecutor, type ReadOnly, type TelemetryEvents, WorkerLostError } from "sharray";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { facts } from "./run.js";

let executor: ParallelExecutor;
let executions: TelemetryEvents["parallel_execution"][];

beforeEach(() => {
  executions = [];
  executor = new ParallelExecutor({
    strategy: "threads",
    maxWorkers: 2,
    telemetry: (event, payload) => {
      if (event === "parallel_execution") executions.push(payload);
    },
  });
});

afterEach(() => executor.shutdown());

const items = [3, 1, 2, 5];

/** So often that the kernel is known to be quick, and the workers to be wanted. */
async function warmUp(call: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 20; i++) await call();
}

describe("short calls", () => {
  test("give each its own results", async () => {
    for (let i = 0; i < 2000; i++) {
      const results = await executor.map(items, (item, _, { args }) => item * args, { args: i });
      expect(results).toEqual(items.map((item) => item * i));
    }
    // Most of them were over before a second worker was needed.
    expect(executions.filter(({ workers }) => workers === 1).length).toBeGreaterThan(0);
  });

  // A worker keeps what it knows of a round for the next one in the same memory, if that is the same.
  test("that almost repeat are still told apart", async () => {
    const plus = (item: number) => item + 1;
    const times = (item: number) => 2 * item;
    const length = (item: string) => item.length;
    const x = executor.share(Float64Array.from({ length: 40 }, (_, i) => i));
    const first = (part: ReadOnly<Float64Array>) => part[0];
    const calls: (readonly [() => Promise<unknown>, unknown])[] = [
      [() => executor.map(items, plus), [4, 2, 3, 6]],
      [() => executor.map([...items, 7], plus), [4, 2, 3, 6, 8]],
      [() => executor.map([9, 9], plus), [10, 10]],
      [() => executor.map(items, times), [6, 2, 4, 10]],
      [() => executor.map(["a", "bcd"], length), [1, 3]],
      [() => executor.map(["abcdef", "", "g"], length), [6, 0, 1]],
      [() => executor.mapShared(x, first, { chunkSize: 20 }), [0, 20]],
      [() => executor.mapShared(x, first, { chunkSize: 10 }), [0, 10, 20, 30]],
      [() => executor.mapShared(x.subarray(8), first, { chunkSize: 20 }), [8, 28]],
      [() => executor.mapShared([x.subarray(1), x.subarray(3)], first), [1, 3]],
      [() => executor.map([1, 2], (i, { x }) => x[i], { shared: { x } }), [1, 2]],
      [() => executor.map([1, 2], (i, { x }) => x[i], { shared: { x: x.subarray(5) } }), [6, 7]],
    ];
    for (const [call] of calls) await warmUp(call);
    // Each after each, itself included.
    for (let distance = 0; distance < calls.length; distance++) {
      for (let i = 0; i < calls.length; i++) {
        for (const [call, expected] of [calls[i], calls[(i + distance) % calls.length]] as typeof calls) {
          expect(await call()).toEqual(expected);
        }
      }
    }
  });

  describe.each(["threads", "sequential"] as const)("%s", (strategy) => {
    const call = (signal?: AbortSignal) => executor.map(items, (item) => item, { strategy, signal });

    // Its tasks may all have ended by then.
    test("stop by their signal in the moment after they were made", async () => {
      await warmUp(call);
      for (let i = 0; i < 200; i++) {
        const controller = new AbortController();
        const stopped = call(controller.signal);
        controller.abort(`reason ${i}`);
        await expect(stopped).rejects.toBe(`reason ${i}`);
        expect(await call()).toEqual(items);
      }
      expect(executor.metrics.snapshot()).toMatchObject({ completed: 220, failures: 200 });
    });

    test("end once if the executor cancels them then", async () => {
      await warmUp(call);
      for (let i = 0; i < 200; i++) {
        const cancelled = call();
        executor.cancel("enough");
        const end = await cancelled.catch((reason: unknown) => reason);
        if (end !== "enough") expect(end).toEqual(items);
        expect(await call()).toEqual(items);
      }
      // A worker may be at a task that nobody waits for.
      await expect.poll(() => executor.memory().bytesInUse).toBe(0);
    });
  });

  // Progress is told when whoever made the call has its promise.
  test.each(["threads", "sequential"] as const)(
    "tell their progress after they were made: %s",
    async (strategy) => {
      const call = (onProgress?: () => void) => executor.map(items, (item) => item, { strategy, onProgress });
      await warmUp(call);
      for (let i = 0; i < 100; i++) {
        let isMade = false;
        const told: boolean[] = [];
        const made = call(() => void told.push(isMade));
        isMade = true;
        expect(await made).toEqual(items);
        expect(told).toEqual([true]);
      }
    },
  );

  // The program's own class of promises is not the one that async functions return.
  test("run in a program that has its own Promise", async () => {
    const { Promise: own } = globalThis;
    globalThis.Promise = class Other<T> extends own<T> {};
    try {
      for (const strategy of ["threads", "sequential", "auto"] as const) {
        const call = () => executor.map(items, (item) => item + 1, { strategy });
        for (let i = 0; i < 50; i++) expect(await call()).toEqual([4, 2, 3, 6]);
        const later = executor.map(items, async (item) => item, { strategy });
        expect(await later).toEqual(items);
        await expect(executor.map([1], () => Promise.reject(new Error("no")), { strategy })).rejects.toThrow(
          "no",
        );
      }
    } finally {
      globalThis.Promise = own;
    }
  });

  // Each may be over before the event loop has had a turn.
  test("leave the event loop its turns", async () => {
    const call = () => executor.map(items, (item) => item);
    await warmUp(call);
    for (let i = 0; i < 20; i++) {
      let isFired = false;
      setTimeout(() => {
        isFired = true;
      }, 5);
      while (!isFired) expect(await call()).toEqual(items);
    }
  });

  // A worker that has sent messages must not leave in silence: the round would be over without them.
  test("lose no value that comes by message", async () => {
    const x = executor.share(Float64Array.from({ length: 64 }, (_, i) => i));
    for (let i = 0; i < 1000; i++) {
      const seen: number[] = [];
      const stream = executor.streamShared(x, (part) => part[0] as number, { chunkSize: 16 });
      for await (const { index, value } of stream) seen[index] = value;
      expect(seen).toEqual([0, 16, 32, 48]);
      const texts = await executor.mapShared(x, (part) => `from ${part[0]}`, { chunkSize: 16 });
      expect(texts).toEqual(["from 0", "from 16", "from 32", "from 48"]);
    }
  });

  test("fail with the first error, each time", async () => {
    const call = (failing: number) =>
      executor.map(
        items,
        (item, _, { index, args }) => {
          if (index >= args) throw new RangeError(`task ${index}`);
          return item;
        },
        { args: failing },
      );
    await warmUp(() => call(4));
    for (let i = 0; i < 200; i++) {
      await expect(call(2)).rejects.toMatchObject({ index: 2, cause: { message: "task 2" } });
      expect(await call(4)).toEqual(items);
    }
  });

  test("return all their memory", async () => {
    const call = () => executor.map(items, (item) => item + 1);
    const before = executor.memory().bytesInUse;
    for (let i = 0; i < 500; i++) await call();
    await expect.poll(() => executor.memory().bytesInUse).toBe(before);
    // Each call takes two regions; those of late workers are back before long.
    expect(executor.memory().regions).toBeLessThan(200);
  });

  test("run side by side, in any number", async () => {
    await warmUp(() => executor.map(items, (item, _, { args }) => item - args, { args: 0 }));
    for (let round = 0; round < 20; round++) {
      const calls = Array.from({ length: 50 }, (_, i) =>
        executor.map(items, (item, _, { args }) => item - args, { args: i }),
      );
      const results = await Promise.all(calls);
      results.forEach((values, i) => {
        expect(values).toEqual(items.map((item) => item - i));
      });
    }
  });
});

test("a call that was expected to be short, and is not, gets all workers", async () => {
  const call = (ms: number) =>
    executor.map(
      items,
      (item, _, { args }) => {
        const until = Date.now() + args;
        while (Date.now() < until);
        return item;
      },
      { args: ms },
    );
  await warmUp(() => call(0));
  executions.length = 0;
  expect(await call(50)).toEqual(items);
  expect(executions).toMatchObject([{ workers: 2, items: 4 }]);
});

describe("the rehearsal of start()", () => {
  test("is reported to no listener, and leaves no memory in use", async () => {
    const call = (options?: { strategy: "sequential" }) => executor.map(items, (item) => item + 1, options);
    await call({ strategy: "sequential" });
    await executor.start();
    expect(executions).toHaveLength(1);
    expect(executor.metrics.snapshot()).toMatchObject({ submitted: 1, completed: 1 });
    // A worker may be about to leave the last call.
    await expect.poll(() => executor.memory().bytesInUse).toBe(0);
    expect(await call()).toEqual([4, 2, 3, 6]);
    expect(executor.metrics.snapshot()).toMatchObject({ submitted: 2, completed: 2 });
    const [before, after] = executions;
    expect(after?.job).toBe((before?.job as number) + 1);
  });

  test("gives way to calls, and to the end", async () => {
    const started = executor.start();
    const results = await Promise.all([1, 2, 3].map((i) => executor.map(items, (item) => item, { args: i })));
    expect(results).toEqual([items, items, items]);
    await started;
    const other = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
    const starting = other.start();
    starting.catch(() => {});
    await other.shutdown();
    await expect(other.map(items, (item) => item)).rejects.toThrow("shut down");
  });
});

describe("a worker that waits at its bell", () => {
  test("fires its timers", async () => {
    const fired = executor.allocate(Int32Array, 1);
    await executor.map(
      [0],
      (_, { fired }) => {
        setTimeout(() => Atomics.add(fired as Int32Array, 0, 1), 5);
      },
      { shared: { fired } },
    );
    // It never has anything else to do than to wait for the next of these.
    while (Atomics.load(fired, 0) === 0) await executor.map(items, (item) => item);
    expect(fired[0]).toBe(1);
  });

  test("runs asynchronous kernels beside other calls", async () => {
    await warmUp(() => executor.map(items, (item) => item));
    let isDone = false;
    const slow = executor
      .map(items, async (item) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return item + 1;
      })
      .finally(() => {
        isDone = true;
      });
    while (!isDone) expect(await executor.map(items, (item) => item)).toEqual(items);
    expect(await slow).toEqual(items.map((item) => item + 1));
  });

  test("takes a new kernel and new memory", async () => {
    const kernels = Array.from(
      { length: 50 },
      (_, i) => new Function(`return (part) => part[0] + ${i}`)() as (part: ReadOnly<Float64Array>) => number,
    );
    for (const [i, kernel] of kernels.entries()) {
      const x = executor.share(Float64Array.of(i, 0));
      expect(await executor.mapShared(x, kernel, { chunkSize: 1 })).toEqual([2 * i, i]);
    }
  });

  test("goes back to sleep, and is woken by message then", async () => {
    const call = () => executor.map(items, (item) => item);
    await warmUp(call);
    // Longer than it waits at most.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await call()).toEqual(items);
  });
});

describe("a short call whose worker dies", () => {
  const call = (dies: number) =>
    executor.map(
      items,
      (item, _, { index, args }) => {
        if (index === args) process.exit(3);
        return item;
      },
      { args: dies },
    );

  test("fails when it dies of it each time, and the next one works", async () => {
    await warmUp(() => call(-1));
    const error = await call(2).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect(error).toMatchObject({ exitCode: 3 });
    expect(await call(-1)).toEqual(items);
  });

  test("beside others, which lose nothing", async () => {
    await warmUp(() => call(-1));
    const [lost, ...others] = await Promise.allSettled([
      call(0),
      ...Array.from({ length: 20 }, () => call(-1)),
    ]);
    expect(lost.status).toBe("rejected");
    for (const other of others) expect(other).toEqual({ status: "fulfilled", value: items });
  });
});

test("a short call can be aborted, and the next one works", async () => {
  const call = (signal?: AbortSignal) =>
    executor.map(
      items,
      (item, _, { args, aborted }) => {
        const until = Date.now() + (args === 1 ? 10_000 : 0);
        while (Date.now() < until && !aborted());
        return item;
      },
      { args: signal === undefined ? 0 : 1, ...(signal === undefined ? {} : { signal }) },
    );
  await warmUp(() => call());
  const controller = new AbortController();
  setTimeout(() => controller.abort("enough"), 5);
  await expect(call(controller.signal)).rejects.toBe("enough");
  expect(await call()).toEqual(items);
});

test("a worker that loads a kernel keeps the order in which wake-ups came", async () => {
  const later = Array.from({ length: 30 }, (_, i) => 3 * i);
  expect(await facts("loading.mjs")).toEqual([2, 3, ...later]);
});
