/** Tasks that take too long: each way in which they can, on every strategy. */
import { KernelError, ParallelExecutor, SharrayError, TaskTimeoutError } from "sharray";
import { describe, expect, test } from "vitest";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const ITEMS = upTo(30);
// No task that is meant to end in time takes a fraction of it, and a task that never ends takes as long as it says.
const TIMEOUT = 400;

async function timeoutOf(call: Promise<unknown>): Promise<TaskTimeoutError> {
  const error: unknown = await call.then(
    () => {
      throw new Error("the call was to fail");
    },
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TaskTimeoutError);
  return error as TaskTimeoutError;
}

const KERNELS: Readonly<Record<string, (x: number) => unknown>> = {
  "never returns": (x: number) => {
    if (x === 10) for (;;);
    return 2 * x;
  },
  "returns a promise that never settles": async (x: number) => {
    if (x === 10) await new Promise(() => {});
    return 2 * x;
  },
  "never returns, async": async (x: number) => {
    if (x === 10) for (;;);
    return 2 * x;
  },
};

describe.each([
  ["sequential", 1],
  ["threads", 1],
  ["threads", 2],
] as const)("%s, %i", (strategy, maxWorkers) => {
  test.each(Object.entries(KERNELS))(
    "a kernel that %s fails its call; the next one works",
    async (_way, kernel) => {
      await using executor = new ParallelExecutor({ strategy, maxWorkers });
      const error = await timeoutOf(executor.map(ITEMS, kernel, { timeout: TIMEOUT }));
      expect(error).toBeInstanceOf(SharrayError);
      expect(error).toMatchObject({ index: 10, start: 10, end: 11, timeout: TIMEOUT });
      expect(error.message).toMatch(/^Task 10 \(elements 10 to 11\) was ended .* within 400 ms/);
      const { partial } = error;
      // Tasks before it are there; those behind it need not have started.
      expect(upTo(10).map((i) => partial?.values.get(i))).toEqual(upTo(10).map((i) => 2 * i));
      expect(partial?.values.has(10)).toBe(false);
      expect(partial?.unfinished).toContainEqual({ index: 10, start: 10, end: 11 });
      expect((partial?.values.size ?? 0) + (partial?.unfinished.length ?? 0)).toBe(ITEMS.length);
      expect(await executor.map(ITEMS, (x) => 3 * x)).toEqual(ITEMS.map((x) => 3 * x));
      expect(executor.metrics.snapshot()).toMatchObject({ failures: 1, completed: 1, retries: 0 });
      await executor.shutdown();
      expect(executor.memory()).toMatchObject({ bytesInUse: 0 });
    },
  );

  test("a kernel that asks learns that nobody waits for it, and what it returns then does not count", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers });
    const state = executor.allocate(Int32Array, 1);
    const error = await timeoutOf(
      executor.map(
        ITEMS,
        async (x, _s, { args, aborted }) => {
          if (x !== 10) return x;
          while (!aborted()) await new Promise((resolve) => setTimeout(resolve, 1));
          Atomics.store(args.state as unknown as Int32Array, 0, 1);
          return -1;
        },
        { timeout: TIMEOUT, args: { state } },
      ),
    );
    expect(error.index).toBe(10);
    expect(error.partial?.values.has(10)).toBe(false);
    await expect.poll(() => Atomics.load(state, 0)).toBe(1);
  });

  test("the outputs of tasks that had ended are on the error", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers });
    const error = await timeoutOf(
      executor.transformShared(
        Float64Array.from(ITEMS),
        Float64Array,
        async (x, out, { index }) => {
          for (let i = 0; i < x.length; i++) out[i] = 2 * (x[i] as number);
          if (index === 1) await new Promise(() => {});
        },
        { chunkSize: 10, timeout: TIMEOUT },
      ),
    );
    expect(error).toMatchObject({ index: 1, start: 10, end: 20 });
    const outputs = error.partial?.outputs as Float64Array;
    expect([...outputs.subarray(0, 10)]).toEqual(upTo(10).map((i) => 2 * i));
    expect(error.partial?.unfinished[0]).toEqual({ index: 1, start: 10, end: 20 });
  });

  test("the executor's taskTimeout holds for calls that set none", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers, taskTimeout: 10 });
    const slow = (x: number): number => {
      const until = performance.now() + (x === 0 ? 150 : 0);
      while (performance.now() < until);
      return x;
    };
    expect(await timeoutOf(executor.map([0, 1], slow))).toMatchObject({ index: 0, timeout: 10 });
    expect(await executor.map([0, 1], slow, { timeout: 60_000 })).toEqual([0, 1]);
  });

  test("many short tasks may take longer together", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers });
    const tasks = upTo(30);
    const spin = (x: number): number => {
      const until = performance.now() + 30;
      while (performance.now() < until);
      return x;
    };
    expect(await executor.map(tasks, spin, { timeout: TIMEOUT })).toEqual(tasks);
  });

  test("a kernel's own error before it goes first", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers });
    const call = executor.map(
      ITEMS,
      (x) => {
        if (x === 4) throw new RangeError("mine");
        if (x === 10) for (;;);
        return x;
      },
      { timeout: TIMEOUT },
    );
    const error: unknown = await call.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KernelError);
    expect(error).toMatchObject({ index: 4 });
  });

  test("an abort ends a call with a time-out at once", async () => {
    await using executor = new ParallelExecutor({ strategy, maxWorkers });
    const controller = new AbortController();
    const call = executor.map(ITEMS, async () => new Promise(() => {}), {
      timeout: 3_600_000,
      signal: controller.signal,
    });
    const reason = new Error("mine");
    setImmediate(() => controller.abort(reason));
    await expect(call).rejects.toBe(reason);
  });
});

test("a kernel's own error goes first if its task comes first, though it fails later than another's time is up", async () => {
  await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
  await executor.start();
  // Which task takes too long; whether it has been told; which one has thrown; where each of the workers is; which are there.
  const state = executor.allocate(Int32Array, 6);
  const workers = executor.allocate(Int32Array, 1);
  const kernel = (
    _x: unknown,
    context: { index: number; args: { state: unknown; workers: unknown }; aborted(): boolean },
  ): void => {
    const { index, args, aborted } = context;
    const state = args.state as Int32Array;
    const self = globalThis as { worker?: number };
    self.worker ??= Atomics.add(args.workers as Int32Array, 0, 1);
    const [mine, others] = self.worker === 0 ? [3, 4] : [4, 3];
    // Else one worker might run all tasks before the other has woken up.
    Atomics.or(state, 5, mine);
    for (const end = performance.now() + 20; Atomics.load(state, 5) !== 7 && performance.now() < end; );
    const before = Atomics.exchange(state, mine, index);
    const late = Atomics.load(state, 0);
    if (late === 0) {
      // The other worker's claim comes between this one and the one before, and has many tasks left.
      const other = Atomics.load(state, others);
      const isNext = other > before && index - other > 10;
      if (!isNext || Atomics.compareExchange(state, 0, 0, index) !== 0) return;
      while (!aborted());
      Atomics.store(state, 1, 1);
      return;
    }
    if (index > late) return;
    // No task for as long as its own time, all of them together for long enough.
    for (const end = performance.now() + 20; Atomics.load(state, 1) === 0 && performance.now() < end; );
    if (Atomics.load(state, 1) === 0) return;
    Atomics.store(state, 2, index);
    throw new RangeError("mine");
  };
  const input = new Uint8Array(20_000);
  const attempt = async (): Promise<unknown> => {
    state.fill(0);
    const call = executor.mapShared(input, kernel, { chunkSize: 1, timeout: 100, args: { state, workers } });
    const error = (await call.catch((thrown: unknown) => thrown)) as KernelError | TaskTimeoutError;
    const [late, , thrown] = state as unknown as [number, number, number];
    if (error instanceof KernelError) {
      expect(error.index).toBe(thrown);
      expect(thrown).toBeLessThan(late);
      expect(error.cause).toMatchObject({ name: "RangeError", message: "mine" });
    } else if (late !== 0) {
      // The other worker stood still.
      expect(error).toBeInstanceOf(TaskTimeoutError);
      expect(error.index).toBeLessThanOrEqual(thrown === 0 ? late : thrown);
    }
    return error;
  };
  // Usually the first one: both workers have to be at work.
  let error: unknown;
  for (let attempts = 0; attempts < 200 && !(error instanceof KernelError); attempts++)
    error = await attempt();
  expect(error).toBeInstanceOf(KernelError);
});

test("a task that is ended harms no other call: what shared its worker runs again", async () => {
  await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxRetries: 0 });
  const stuck = executor
    .map(
      [0, 1],
      () => {
        for (;;);
      },
      { timeout: 50 },
    )
    .catch((error: unknown) => error);
  const others = upTo(5).map((n) => executor.map(ITEMS, (x, _s, { args }) => x + args.n, { args: { n } }));
  expect(await stuck).toMatchObject({ name: "TaskTimeoutError", index: 0 });
  expect(await Promise.all(others)).toEqual(upTo(5).map((n) => ITEMS.map((x) => x + n)));
  expect(executor.metrics.snapshot()).toMatchObject({ completed: 5, failures: 1, retries: 0 });
});

test("a stopped kernel that does not yield harms no other call either", { timeout: 30_000 }, async () => {
  await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxRetries: 0 });
  const running = executor.allocate(Int32Array, 1);
  const controller = new AbortController();
  const stuck = executor
    .map(
      [0, 1],
      (_x, _s, { args }) => {
        Atomics.add(args.running as unknown as Int32Array, 0, 1);
        for (;;);
      },
      { args: { running }, signal: controller.signal },
    )
    .catch((error: unknown) => error);
  const others = upTo(5).map((n) => executor.map(ITEMS, (x, _s, { args }) => x + args.n, { args: { n } }));
  while (Atomics.load(running, 0) < 2) await new Promise((resolve) => setImmediate(resolve));
  controller.abort("enough");
  expect(await stuck).toBe("enough");
  expect(await Promise.all(others)).toEqual(upTo(5).map((n) => ITEMS.map((x) => x + n)));
  expect(executor.metrics.snapshot()).toMatchObject({ completed: 5, failures: 1, retries: 0 });
});

test("auto ends a first task whose time is up before it would be given to the workers", async () => {
  await using executor = new ParallelExecutor({ maxWorkers: 2 });
  const forever = (x: number): number => {
    for (; x < Infinity; );
    return x;
  };
  expect(await timeoutOf(executor.map([0, 1], forever, { timeout: 1 }))).toMatchObject({
    index: 0,
    timeout: 1,
  });
  // And one that has more time than that if it runs then.
  expect(await timeoutOf(executor.map([0, 1], forever, { timeout: TIMEOUT }))).toMatchObject({
    index: 0,
    timeout: TIMEOUT,
  });
});

// A sort of numbers is one call of native code, which an ended worker finishes first. Meanwhile deadlines look at it again and
// again. If each look ended the worker anew, Node would warn of many listeners.
test("a worker that takes long to end is ended once", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => {
    if (warning.name === "MaxListenersExceededWarning") warnings.push(warning);
  };
  process.on("warning", note);
  await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
  const x = executor.share(Float64Array.from({ length: 2_000_000 }, (_, i) => Math.sin(i)));
  await timeoutOf(
    executor.mapShared(
      [x],
      (column) => {
        for (;;) Float64Array.from(column).sort();
      },
      { timeout: 4 },
    ),
  );
  await executor.shutdown();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  expect(warnings).toEqual([]);
});
