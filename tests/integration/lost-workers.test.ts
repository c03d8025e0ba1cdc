/** Workers that die of a task, again and again, by themselves or by others: what is lost, and what is not. */
import { pathToFileURL } from "node:url";
import type { Worker } from "node:worker_threads";
import { KernelError, ParallelExecutor, type PartialResults, WorkerLostError } from "sharray";
import { describe, expect, test } from "vitest";
import { program } from "./run.js";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const ITEMS = upTo(60);

async function lossOf(call: Promise<unknown>): Promise<WorkerLostError> {
  const error: unknown = await call.then(
    () => {
      throw new Error("the call was to fail");
    },
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkerLostError);
  return error as WorkerLostError;
}

describe.each([1, 2])("a task that ends every worker, on a pool of %i", (maxWorkers) => {
  const on = { strategy: "threads", maxWorkers } as const;

  test.each([0, 1, 2])("is given up after maxRetries (%i) more tries; the others end", async (maxRetries) => {
    await using executor = new ParallelExecutor({ ...on, maxRetries });
    const runs = executor.allocate(Int32Array, ITEMS.length);
    const error = await lossOf(
      executor.map(
        ITEMS,
        (x, _s, { args, index }) => {
          Atomics.add(args.runs as unknown as Int32Array, index, 1);
          if (x === 40) process.exit(7);
          return 2 * x;
        },
        { args: { runs } },
      ),
    );
    expect(error).toMatchObject({ index: 40, start: 40, end: 41, exitCode: 7 });
    expect(error.message).toMatch(/^Task 40 \(elements 40 to 41\) ended its worker .*exit code 7/);
    const { partial } = error;
    expect([...(partial?.values ?? [])]).toEqual(ITEMS.filter((x) => x !== 40).map((x) => [x, 2 * x]));
    expect(partial?.unfinished).toEqual([{ index: 40, start: 40, end: 41 }]);
    expect(partial?.outputs).toBeUndefined();
    // Numbers are there the moment that they are computed: nothing but the task that is to blame ran twice.
    expect([...runs]).toEqual(ITEMS.map((x) => (x === 40 ? maxRetries + 1 : 1)));
    expect(await executor.map(ITEMS, (x) => x)).toEqual(ITEMS);
  });

  test("leaves the outputs of all others", async () => {
    await using executor = new ParallelExecutor(on);
    const x = Float64Array.from(ITEMS);
    const call = executor.transformShared(
      { x },
      { twice: Float64Array, odd: Uint8Array },
      ({ x }, { twice, odd }, { index }) => {
        for (let i = 0; i < x.length; i++) {
          twice[i] = 2 * (x[i] as number);
          odd[i] = (x[i] as number) % 2;
          if (index === 3 && i === 5) process.exit(3);
        }
      },
      { chunkSize: 10 },
    );
    const error = await lossOf(call);
    expect(error).toMatchObject({ index: 3, start: 30, end: 40, exitCode: 3 });
    const partial = error.partial as PartialResults;
    const { twice, odd } = partial.outputs as { twice: Float64Array; odd: Uint8Array };
    const kept = ITEMS.filter((i) => i < 30 || i >= 40);
    expect(kept.map((i) => twice[i])).toEqual(kept.map((i) => 2 * i));
    expect(kept.map((i) => odd[i])).toEqual(kept.map((i) => i % 2));
    expect(partial.unfinished).toEqual([{ index: 3, start: 30, end: 40 }]);
    // Nobody writes into them any more: calls that follow take other memory.
    const before = twice.slice();
    await executor.transformShared(x, Float64Array, (_x, out) => void out.fill(-1), { chunkSize: 10 });
    expect(twice).toEqual(before);
  });

  test("holds up an ordered stream, and the stream goes on when another worker has run it", async () => {
    await using executor = new ParallelExecutor({ ...on, maxRetries: 1 });
    const runs = executor.allocate(Int32Array, 1);
    const stream = executor.streamShared(
      Float64Array.from(ITEMS),
      (x, { index, shared: { runs } }) => {
        if (index % 10 === 0 && Atomics.add(runs, 0, 1) % 3 === 0) process.exit(3);
        return x[0];
      },
      { ordered: true, chunkSize: 1, writable: { runs }, idempotent: true },
    );
    const seen: number[] = [];
    for await (const { index, value } of stream) {
      expect(value).toBe(index);
      seen.push(index);
    }
    expect(seen).toEqual(ITEMS);
  });

  test("that writes to an array of the caller's is not run again, unless it may", async () => {
    await using executor = new ParallelExecutor({ ...on, maxRetries: 3, forceSerialOnFailure: true });
    const run = (out: Float64Array<SharedArrayBuffer>, runs: Int32Array, options: object) =>
      executor.transformShared(
        out,
        out,
        (_x, out, { index, args }) => {
          for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + 1;
          if (index !== 3) return;
          if (Atomics.add(args as unknown as Int32Array, 0, 1) === 0) process.exit(3);
        },
        { chunkSize: 10, args: runs, ...options },
      );
    const out = executor.share(Float64Array.from(ITEMS));
    const runs = executor.allocate(Int32Array, 1);
    const error = await lossOf(run(out, runs, {}));
    expect(error).toMatchObject({ index: 3, start: 30, end: 40, exitCode: 3 });
    expect(error.message).toBe(
      "Task 3 (elements 30 to 40) was interrupted as its worker ended (exit code 3): it writes to arrays of the caller's, " +
        'so it does not run again without "idempotent"',
    );
    expect(runs[0]).toBe(1);
    expect(error.partial?.unfinished).toEqual([{ index: 3, start: 30, end: 40 }]);
    expect(error.partial?.outputs).toBe(out);
    // All others ran once.
    const kept = ITEMS.filter((i) => i < 30 || i >= 40);
    expect(kept.map((i) => out[i])).toEqual(kept.map((i) => i + 1));

    const again = executor.share(Float64Array.from(ITEMS));
    await run(again, executor.allocate(Int32Array, 1), { idempotent: true });
    expect([...again]).toEqual(ITEMS.map((i) => (i < 30 || i >= 40 ? i + 1 : i + 2)));
  });

  test("that writes to a captured array is not run again, unless it may", async () => {
    await using executor = new ParallelExecutor({ ...on, maxRetries: 3 });
    const runs = executor.allocate(Int32Array, ITEMS.length);
    const count = (array: Int32Array, x: number) => {
      array[x]! += 1;
    };
    const run = (options: object) =>
      executor.map(
        ITEMS,
        (x) => {
          count(runs, x);
          if (x === 40 && runs[x] === 1) process.exit(3);
        },
        options,
      );
    const error = await lossOf(run({}));
    expect(error).toMatchObject({ index: 40, start: 40, end: 41, exitCode: 3 });
    expect(error.partial?.unfinished).toEqual([{ index: 40, start: 40, end: 41 }]);
    expect([...runs]).toEqual(ITEMS.map(() => 1));
    runs.fill(0);
    await run({ idempotent: true });
    expect(runs[40]).toBe(2);
  });

  test("that writes to writable arrays is not run again, nor is one whose result was on its way", async () => {
    await using executor = new ParallelExecutor({ ...on, maxRetries: 3 });
    const counts = executor.allocate(Int32Array, ITEMS.length);
    const call = (idempotent: boolean) =>
      executor.map(
        ITEMS,
        (x, { counts }, { index }) => {
          if (Atomics.add(counts, index, 1) === 0 && x === 40) process.exit(7);
          // Results such as these go by message, some of which the lost worker has not sent.
          return { x };
        },
        { writable: { counts }, idempotent },
      );
    const error = await lossOf(call(false));
    expect(error.message).toMatch(/^Task \d+ .* was interrupted as its worker ended \(exit code 7\)/);
    expect([...counts]).toEqual(ITEMS.map(() => 1));
    const unfinished = error.partial?.unfinished.map(({ index }) => index);
    expect(unfinished).toContain(40);
    expect(error.index).toBe(unfinished?.[0]);
    expect([...(error.partial?.values.keys() ?? [])]).toEqual(ITEMS.filter((i) => !unfinished?.includes(i)));

    counts.fill(0);
    expect(await call(true)).toEqual(ITEMS.map((x) => ({ x })));
    expect(counts[40]).toBe(2);
  });

  test("of several the lowest is told, and all are unfinished", async () => {
    await using executor = new ParallelExecutor(on);
    const error = await lossOf(
      executor.map(ITEMS, (x) => {
        if (x === 20 || x === 5 || x === 6 || x === 50) process.exit(x);
        return `${x}`;
      }),
    );
    expect(error).toMatchObject({ index: 5, exitCode: 5 });
    expect(error.partial?.unfinished.map(({ index }) => index)).toEqual([5, 6, 20, 50]);
    expect(error.partial?.values.get(51)).toBe("51");
    expect(error.partial?.values.size).toBe(56);
  });

  test("makes way for a kernel error before it, and goes before one behind it", async () => {
    await using executor = new ParallelExecutor(on);
    const fails = (deadly: number, throwing: number) =>
      executor
        .map(
          ITEMS,
          (x, _s, { args }) => {
            if (x === args.deadly) process.exit(7);
            if (x === args.throwing) throw new RangeError("mine");
            return x;
          },
          { args: { deadly, throwing } },
        )
        .catch((error: unknown) => error);
    const first = await fails(30, 20);
    expect(first).toBeInstanceOf(KernelError);
    expect(first).toMatchObject({ index: 20 });
    const second = await fails(20, 30);
    expect(second).toBeInstanceOf(WorkerLostError);
    expect(second).toMatchObject({ index: 20 });
    expect((second as WorkerLostError).partial?.values.has(19)).toBe(true);
  });

  test("runs on this thread with forceSerialOnFailure, alone", async () => {
    const events: unknown[] = [];
    await using executor = new ParallelExecutor({
      ...on,
      forceSerialOnFailure: true,
      telemetry: (event, payload) => {
        if (event === "parallel_fallback") events.push([payload.from, payload.to, payload.error]);
      },
    });
    const tries = executor.allocate(Int32Array, 1);
    const values = await executor.map(
      ITEMS,
      (x, _s, { args }) => {
        // The first try and one more, as maxRetries is 1; the third one is on this thread.
        if (x === 40 && Atomics.add(args.tries as unknown as Int32Array, 0, 1) < 2) process.exit(7);
        return 2 * x;
      },
      { args: { tries } },
    );
    expect(values).toEqual(ITEMS.map((x) => 2 * x));
    expect(tries[0]).toBe(3);
    expect(events).toEqual([["threads", "sequential", expect.any(WorkerLostError)]]);
  });
});

describe("a kernel that ends its worker in every task", () => {
  test("does not cost a worker for each of them", async () => {
    let started = 0;
    const count = (): void => {
      started += 1;
    };
    process.on("worker", count);
    try {
      await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
      const error = await lossOf(executor.map(upTo(1000), () => process.exit(9)));
      expect(error).toMatchObject({ index: 0, exitCode: 9 });
      expect(error.partial?.values.size).toBe(0);
      expect(error.partial?.unfinished).toHaveLength(1000);
      // Two rounds for each two of four tasks.
      expect(started).toBeLessThanOrEqual(8);
    } finally {
      process.off("worker", count);
    }
  });
});

describe("a worker that ends at its first task", () => {
  // Its exit may come with the very message that it serves. To run the task here would then end the program.
  test("counts as started, even if this thread hears of it late", async () => {
    let goesOn = true;
    const keepBusy = (): void => {
      for (const start = performance.now(); performance.now() - start < 50; );
      if (goesOn) setImmediate(keepBusy);
    };
    for (let i = 0; i < 5; i++) {
      await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1, maxRetries: 0 });
      goesOn = true;
      keepBusy();
      const error = await lossOf(executor.map([0], () => process.exit(7)));
      goesOn = false;
      expect(error).toMatchObject({ index: 0, exitCode: 7 });
    }
  });
});

describe("calls that did nothing", () => {
  test("are not charged with what a task of another call does to their worker", async () => {
    await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1, maxRetries: 0 });
    const state = executor.allocate(Int32Array, 1);
    // Waits in the middle of its first task until the others are queued behind it.
    const deadly = executor
      .map(
        [0],
        (_x, _s, { args }) => {
          while (Atomics.load(args.state as unknown as Int32Array, 0) === 0);
          process.exit(7);
        },
        { args: { state } },
      )
      .catch((error: unknown) => error);
    const others = [1, 2, 3].map((n) =>
      executor.map(ITEMS, (x, _s, { args }) => args.n * x, { args: { n } }),
    );
    Atomics.store(state, 0, 1);
    expect(await deadly).toMatchObject({ index: 0, exitCode: 7 });
    expect(await Promise.all(others)).toEqual([1, 2, 3].map((n) => ITEMS.map((x) => n * x)));
    expect(executor.metrics.snapshot()).toMatchObject({ completed: 3, failures: 1, retries: 0 });
  });
});

describe("the partial results of a kernel's error", () => {
  test.each(["sequential", "threads", "processes"] as const)("have what had ended (%s)", async (strategy) => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers: 1 });
    const values = [1, "text", null, undefined, true, 2n, new Float64Array([7])];
    const call = executor.map(
      upTo(10),
      (_x, _s, { index, args }) => {
        if (index === 7) throw new Error("here");
        return index === 3 ? undefined : index === 6 ? new Float64Array([7]) : args.values[index];
      },
      { args: { values: [1, "text", null, 0, true, 2n] } },
    );
    const error: unknown = await call.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KernelError);
    const { partial } = error as KernelError;
    expect([...(partial?.values ?? [])]).toEqual(values.map((value, i) => [i, value]));
    expect(partial?.unfinished.map(({ index }) => index)).toEqual([7, 8, 9]);
    // Looked at twice it is the same.
    expect(partial?.values).toBe(partial?.values);
    expect(partial?.unfinished).toBe(partial?.unfinished);
  });

  test.each(["sequential", "threads", "processes"] as const)(
    "tell arrays of a list by index and length (%s)",
    async (strategy) => {
      await using executor = new ParallelExecutor({ strategy, maxWorkers: 1 });
      const error: unknown = await executor
        .mapShared([new Uint8Array(3), new Uint8Array(4), new Uint8Array(5)], (x) => {
          if (x.length === 4) throw new Error("here");
          return x.length;
        })
        .catch((thrown: unknown) => thrown);
      expect((error as KernelError).partial?.unfinished).toEqual([
        { index: 1, start: 0, end: 4 },
        { index: 2, start: 0, end: 5 },
      ]);
    },
  );

  test("of a stream are those that the loop had: none is kept", async () => {
    await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      const stream = executor.streamShared(
        Uint8Array.from(ITEMS),
        (x) => {
          if (x[0] === 40) throw new Error("here");
          return x[0];
        },
        { chunkSize: 1 },
      );
      for await (const { index } of stream) seen.push(index);
    };
    const error: unknown = await read().catch((thrown: unknown) => thrown);
    expect(seen.sort((a, b) => a - b)).toEqual(upTo(40));
    const { partial } = error as KernelError;
    expect(partial?.values.size).toBe(0);
    expect(partial?.unfinished.map(({ index }) => index)).toEqual(ITEMS.slice(40));
  });
});

describe("workers that are ended from outside", () => {
  /** The worker threads that are alive, as Node tells of them. */
  async function withWorkers(use: (workers: Set<Worker>) => Promise<void>): Promise<void> {
    const workers = new Set<Worker>();
    const note = (worker: Worker): void => {
      workers.add(worker);
      worker.on("exit", () => workers.delete(worker));
    };
    process.on("worker", note);
    try {
      await use(workers);
    } finally {
      process.off("worker", note);
    }
  }

  test("in the middle of a task have it run again", async () => {
    await withWorkers(async (workers) => {
      await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
      const state = executor.allocate(Int32Array, 1);
      const call = executor.map(
        ITEMS,
        (x, _s, { args }) => {
          const state = args.state as unknown as Int32Array;
          if (x === 40 && Atomics.compareExchange(state, 0, 0, 1) === 0) for (;;);
          return 2 * x;
        },
        { args: { state } },
      );
      while (Atomics.load(state, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
      for (const worker of workers) void worker.terminate();
      expect(await call).toEqual(ITEMS.map((x) => 2 * x));
      expect(executor.metrics.snapshot()).toMatchObject({ completed: 1, retries: 1 });
    });
  });

  test("while they start have the call start others", async () => {
    await withWorkers(async (workers) => {
      await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
      const call = executor.map(ITEMS, (x) => 2 * x);
      while (workers.size < 2) await new Promise((resolve) => setImmediate(resolve));
      for (const worker of workers) void worker.terminate();
      expect(await call).toEqual(ITEMS.map((x) => 2 * x));
    });
  });

  test("before their first task have the next call start others", async () => {
    await withWorkers(async (workers) => {
      await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
      await executor.start();
      for (const worker of [...workers]) await worker.terminate();
      expect(await executor.map(ITEMS, (x) => 2 * x)).toEqual(ITEMS.map((x) => 2 * x));
    });
  });
});

describe("a pool that cannot start", () => {
  const broken = {
    maxWorkers: 1,
    resourceLimits: { maxOldGenerationSizeMb: 3, maxYoungGenerationSizeMb: 1 },
  } as const;

  test("is not tried again at every call: the plan counts how long no worker may be started", async () => {
    await using executor = new ParallelExecutor(broken);
    const x = new Float64Array(10);
    const kernel = (x: { readonly length: number }): number => x.length;
    const spawn = executor.explain(x, kernel).predicted.threads.spawn;
    let plan = executor.explain(x, kernel);
    // Each but the first one waits twice as long as the one before, so that some wait is longer than any stall of this thread.
    for (let i = 0; i < 12 && !plan.reason.includes("died"); i++) {
      // A worker may serve for a moment before it runs out of memory.
      await executor.start().catch(() => {});
      plan = executor.explain(x, kernel);
    }
    expect(plan.strategy).toBe("sequential");
    expect(plan.reason).toMatch(/; workers died, and none is started for \d+(\.\d+)? ms$/);
    expect(plan.predicted.threads.spawn).toBeGreaterThan(spawn + 1);
  });

  test("has its wait ended at once by an abort", async () => {
    await using executor = new ParallelExecutor({ ...broken, strategy: "threads", maxRetries: 1000 });
    const controller = new AbortController();
    const call = executor.map([1], (x) => x, { signal: controller.signal });
    // Once it waits, which the plan of another call shows.
    const waits = (): boolean =>
      executor.explain([new Uint8Array(1)], (x) => x.length, { strategy: "auto" }).reason.includes("died");
    await expect.poll(waits, { timeout: 20_000, interval: 5 }).toBe(true);
    controller.abort("enough");
    await expect(call).rejects.toBe("enough");
  });

  test("rejects and says why, without partial results if no call was made", async () => {
    const kernels = (await import(pathToFileURL(program("kernels.js")).href)) as {
      failingInitializer: () => void;
    };
    const workerInitializer = kernels.failingInitializer;
    await using executor = new ParallelExecutor({ maxWorkers: 1, strategy: "threads", workerInitializer });
    const error = await lossOf(executor.map([1, 2], (x) => x));
    expect(error.message).toBe("Cannot start a worker: no initialisation today");
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error.cause).toMatchObject({ today: false });
    expect([error.index, error.exitCode]).toEqual([undefined, undefined]);
    expect(error.partial?.values.size).toBe(0);
    expect(error.partial?.unfinished).toHaveLength(2);
    // It says so, too, if the pool has to wait before it tries again.
    for (let i = 0; i < 4; i++) expect((await lossOf(executor.start())).partial).toBeUndefined();
  });
});
