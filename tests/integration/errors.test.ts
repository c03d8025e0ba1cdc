import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { getEventListeners } from "node:events";
import { KernelCaptureError, KernelError, ParallelExecutor, SharrayError } from "sharray";
import { afterAll, describe, expect, test } from "vitest";

const executor = new ParallelExecutor({ maxWorkers: 2 });
afterAll(() => executor.shutdown());

async function failure(call: Promise<unknown>): Promise<KernelError> {
  const error: unknown = await call.then(
    () => {
      throw new Error("the call was to fail");
    },
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KernelError);
  return error as KernelError;
}

describe.each(["sequential", "threads", "processes"] as const)("%s", (strategy) => {
  const on = { strategy };

  test("KernelError tells task and range, its cause what was thrown", async () => {
    const error = await failure(
      executor.mapShared(
        new Float64Array(100),
        function check(_x, { index }) {
          if (index !== 2) return 1;
          const error = new RangeError("too big", { cause: new TypeError("inner") });
          throw Object.assign(error, { limit: 5, where: { column: "x" } });
        },
        { ...on, chunkSize: 30 },
      ),
    );
    expect(error).toBeInstanceOf(SharrayError);
    expect(error).toMatchObject({
      code: "SHARRAY_KERNEL",
      name: "KernelError",
      index: 2,
      start: 60,
      end: 90,
    });
    expect(error.message).toBe("Task 2 (elements 60 to 90) failed: RangeError: too big");
    const cause = error.cause as RangeError & { limit: number; where: unknown };
    expect(cause).toBeInstanceOf(RangeError);
    expect(cause.limit).toBe(5);
    expect(cause.where).toEqual({ column: "x" });
    expect(cause.cause).toBeInstanceOf(TypeError);
    expect((cause.cause as Error).message).toBe("inner");
    expect(cause.stack).toMatch(/at check \(.*errors\.test\.ts:\d+:\d+\)/);
  });

  test("an own error class keeps its name and its built-in base", async () => {
    const error = await failure(
      executor.map(
        [1],
        () => {
          class SingularMatrixError extends RangeError {}
          throw new SingularMatrixError("det = 0");
        },
        on,
      ),
    );
    expect(error.cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).name).toBe("SingularMatrixError");
  });

  test("lists tell the array's range", async () => {
    const arrays = [new Int8Array(3), new Int8Array(5)];
    const error = await failure(
      executor.mapShared(
        arrays,
        (x) => {
          if (x.length === 5) throw new Error("no");
        },
        on,
      ),
    );
    expect(error).toMatchObject({ index: 1, start: 0, end: 5 });
  });

  test("the first failure by index is reported, whichever is faster", async () => {
    for (let round = 0; round < 20; round++) {
      const error = await failure(
        executor.map(
          [0, 1, 2, 3, 4, 5, 6, 7],
          async (i) => {
            // The lower the index the later it fails.
            if (i >= 2) {
              await new Promise((resolve) => setTimeout(resolve, i === 2 ? 8 : 0));
              throw new Error(`item ${i}`);
            }
            return i;
          },
          on,
        ),
      );
      expect(error.index).toBe(2);
      expect((error.cause as Error).message).toBe("item 2");
    }
  });

  test.each([
    [
      "a string",
      () => {
        throw "text";
      },
      "text",
    ],
    [
      "undefined",
      () => {
        throw undefined;
      },
      undefined,
    ],
    ["null", () => Promise.reject(null), null],
    [
      "an object",
      () => {
        throw { code: 5 };
      },
      { code: 5 },
    ],
    [
      "a function",
      () => {
        throw function oops() {};
      },
      "[function oops]",
    ],
  ])("thrown: %s", async (_name, kernel, expected) => {
    const error = await failure(executor.map([0], kernel as () => never, on));
    expect(error.cause).toEqual(expected);
  });

  test("frozen, circular and hostile errors arrive", async () => {
    const kernels = [
      () => {
        throw Object.freeze(new Error("frozen"));
      },
      () => {
        const e: Error & { self?: unknown } = new Error("ring");
        e.self = e;
        e.cause = e;
        throw e;
      },
      () => {
        throw Object.assign(new Error("field"), { fn: () => 1 });
      },
      () => {
        throw new Proxy(
          {},
          {
            get: () => {
              throw new Error("trap");
            },
          },
        );
      },
      () => {
        throw new AggregateError([new TypeError("a"), "b"], "many");
      },
    ];
    const causes: unknown[] = [];
    for (const kernel of kernels)
      causes.push((await failure(executor.map([0], kernel as () => never, on))).cause);
    expect((causes[0] as Error).message).toBe("frozen");
    expect((causes[1] as Error).message).toBe("ring");
    expect((causes[2] as { fn: unknown }).fn).toBe("[function fn]");
    expect(causes[3]).toBe("[a value that cannot be shown]");
    expect(causes[4]).toBeInstanceOf(AggregateError);
    expect((causes[4] as AggregateError).errors[0]).toBeInstanceOf(TypeError);
    expect((causes[4] as AggregateError).errors[1]).toBe("b");
  });

  test("after an error the executor works, and its memory is back", async () => {
    await using own = new ParallelExecutor({ maxWorkers: 2, strategy });
    const call = own.mapShared([new Float64Array(100_000)], () => {
      throw new Error("x");
    });
    await failure(call);
    expect(await own.mapShared([new Float64Array([3])], (x) => x[0]!)).toEqual([3]);
    await expect.poll(() => own.memory().bytesInUse).toBe(0);
  });

  // The kernel tells by a word of shared memory: processes have their own test.
  const tells = strategy !== "processes";
  test.runIf(tells)(
    "abort: the call rejects with the reason, the kernel sees it, the executor goes on",
    async () => {
      const seen = executor.allocate(Int32Array, 1);
      const controller = new AbortController();
      const call = executor.map(
        Array.from({ length: 1000 }, (_, i) => i),
        async (_i, _s, { args, aborted }) => {
          Atomics.add(args.seen as unknown as Int32Array, 0, 1);
          while (!aborted()) await new Promise((resolve) => setTimeout(resolve, 0));
        },
        { ...on, args: { seen }, signal: controller.signal },
      );
      const ended = expect(call).rejects.toBe("enough");
      while (Atomics.load(seen, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
      controller.abort("enough");
      await ended;
      expect(await executor.map([1], (i) => i, on)).toEqual([1]);
      expect(Atomics.load(seen, 0)).toBeLessThanOrEqual(2);
    },
  );

  test("a signal that is aborted already stops the call before it starts", async () => {
    const before = executor.memory();
    const signal = AbortSignal.abort(new Error("before"));
    await expect(executor.map([1], (i) => i, { ...on, signal })).rejects.toThrow("before");
    expect(executor.memory()).toEqual(before);
  });

  test("executor.cancel() stops every call in progress", async () => {
    const forever = async () => {
      await new Promise(() => {});
    };
    await using own = new ParallelExecutor({ maxWorkers: 1, strategy });
    const calls = [own.map([1, 2], forever), own.map([1], forever)].map((call) =>
      call.catch((e: unknown) => e),
    );
    own.cancel("stop");
    expect(await Promise.all(calls)).toEqual(["stop", "stop"]);
    await own.shutdown();
  });
});

test("captured variables that are not to be copied are found before anything happens", async () => {
  await using own = new ParallelExecutor({ maxWorkers: 2, strategy: "threads", captures: "error" });
  const rate = 3;
  const offset = 1;
  const call = own.mapShared([new Float64Array(1)], (x) => x[0]! * rate + offset);
  await expect(call).rejects.toBeInstanceOf(KernelCaptureError);
  await expect(call).rejects.toMatchObject({ code: "SHARRAY_KERNEL_CAPTURE", variables: ["rate", "offset"] });
  expect(own.memory().regions).toBe(0);
  expect(own.metrics.snapshot().submitted).toBe(0);
});

test("the errors of both strategies are the same", async () => {
  const kernel = (i: number) => {
    if (i === 3) throw Object.assign(new URIError("same"), { n: i });
    return i;
  };
  const [a, b] = [
    await failure(executor.map([1, 2, 3, 4], kernel, { strategy: "sequential" })),
    await failure(executor.map([1, 2, 3, 4], kernel, { strategy: "threads" })),
  ];
  expect({ ...a, message: a.message }).toEqual({ ...b, message: b.message });
  expect(a.cause).toEqual(b.cause);
});

test("a short call does not wait for a long one that shares its workers", async () => {
  await using own = new ParallelExecutor({ maxWorkers: 2, strategy: "threads" });
  const release = own.allocate(Int32Array, 1);
  const long = own.map(
    [0],
    (_i, _s, { args }) => {
      while (Atomics.load(args.release as unknown as Int32Array, 0) === 0);
      return "long";
    },
    { args: { release } },
  );
  // Text travels by message, so its results are only here when a worker has sent them.
  const short = await own.map(
    Array.from({ length: 30 }, (_, i) => i),
    (i) => {
      const until = performance.now() + 1;
      while (performance.now() < until);
      return `${i}`;
    },
  );
  expect(short).toHaveLength(30);
  Atomics.store(release, 0, 1);
  expect(await long).toEqual(["long"]);
});

test("aborting a call that waits ends no worker that is busy with another", { timeout: 30_000 }, async () => {
  await using own = new ParallelExecutor({ maxWorkers: 1, strategy: "threads" });
  const runs = own.allocate(Int32Array, 1);
  const busy = own.map(
    [0],
    (_i, _s, { args }) => {
      Atomics.add(args.runs as unknown as Int32Array, 0, 1);
      // Longer than the grace time of the aborted call.
      const until = performance.now() + 2500;
      while (performance.now() < until);
      return 1;
    },
    { args: { runs } },
  );
  while (Atomics.load(runs, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
  const controller = new AbortController();
  const waiting = own.map([0], (i) => i, { signal: controller.signal });
  controller.abort("never mind");
  await expect(waiting).rejects.toBe("never mind");
  expect(await busy).toEqual([1]);
  expect(Atomics.load(runs, 0)).toBe(1);
  expect(own.metrics.snapshot().retries).toBe(0);
});

test("a call that waits for a worker never starts once it is aborted, and leaves no listener", async () => {
  await using own = new ParallelExecutor({ maxWorkers: 1, strategy: "threads" });
  const state = own.allocate(Int32Array, 2);
  const busy = own.map(
    [0],
    (_i, _s, { args }) => {
      const state = args.state as unknown as Int32Array;
      while (Atomics.load(state, 0) === 0);
      return 1;
    },
    { args: { state } },
  );
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = [1, 2, 3].map((n) => {
    const kernel = (_i: number, _s: unknown, { args }: { args: { state: unknown } }) =>
      Atomics.add(args.state as Int32Array, 1, 1);
    return own.map([n], kernel, { args: { state }, signal }).catch((error: unknown) => error);
  });
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  const reason = { why: "enough" };
  controller.abort(reason);
  for (const error of await Promise.all(waiting)) expect(error).toBe(reason);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  Atomics.store(state, 0, 1);
  expect(await busy).toEqual([1]);
  // The worker has come past them by then.
  expect(await own.map([7], (x) => x)).toEqual([7]);
  expect(Atomics.load(state, 1)).toBe(0);
});

test("calls that end leave no listener on their signal", async () => {
  const { signal } = new AbortController();
  await executor.map([1], (x) => x, { signal });
  await failure(
    executor.map(
      [1],
      () => {
        throw new Error("x");
      },
      { signal },
    ),
  );
  for await (const _ of executor.streamShared([new Uint8Array(1), new Uint8Array(1)], (x) => x.length, {
    signal,
  }))
    break;
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

describe("a loop over a stream that is left early", () => {
  // So slow that most of it is left.
  const later = (): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(1), 1));

  test.each(["sequential", "threads", "processes"] as const)("is no failure (%s)", async (strategy) => {
    const heard: string[] = [];
    const channels = ["parallel_failure", "parallel_left", "parallel_execution"].map((name) => {
      const note = (): void => void heard.push(name);
      subscribe(`sharray:${name}`, note);
      return () => unsubscribe(`sharray:${name}`, note);
    });
    await using own = new ParallelExecutor({ strategy, maxWorkers: 2 });
    for await (const _ of own.streamShared(new Uint8Array(1000), later, { chunkSize: 1 })) break;
    expect(own.metrics.snapshot()).toMatchObject({ submitted: 1, completed: 0, failures: 0, left: 1 });
    expect(heard).toEqual(["parallel_left"]);
    // A signal of the caller's is another thing.
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      const { signal } = controller;
      for await (const _ of own.streamShared(new Uint8Array(1000), later, { chunkSize: 1, signal }))
        controller.abort("mine");
    };
    await expect(read()).rejects.toBe("mine");
    expect(own.metrics.snapshot()).toMatchObject({ submitted: 2, failures: 1, left: 1 });
    for (const end of channels) end();
  });
});

describe("shutdown with a deadline", () => {
  const forever = async (): Promise<void> => new Promise(() => {});

  test.each(["sequential", "threads", "processes"] as const)(
    "aborts what is running then (%s)",
    async (strategy) => {
      const own = new ParallelExecutor({ strategy, maxWorkers: 1 });
      const call = own.map([1, 2], forever).catch((error: unknown) => error);
      await own.shutdown({ deadline: 20 });
      const error = (await call) as DOMException;
      expect([error.name, error.message]).toEqual([
        "AbortError",
        "The call was aborted as shutdown() was given a deadline of 20 ms, which is over",
      ]);
    },
  );

  test("may be brought forward by a further call, and not put off", async () => {
    const own = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
    const call = own.map([1, 2], forever).catch((error: unknown) => error);
    const ends = [own.shutdown(), own.shutdown({ deadline: 30 }), own.shutdown({ deadline: 3_600_000 })];
    await Promise.all(ends);
    expect(((await call) as Error).message).toContain("30 ms");
  });

  test("does nothing to calls that end before it, and leaves no timer", async () => {
    const own = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
    const call = own.map([1, 2], (x) => x);
    const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    await own.shutdown({ deadline: 3_600_000 });
    expect(await call).toEqual([1, 2]);
    const after = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    expect(after).toBeLessThanOrEqual(before);
  });

  test("the end of an `await using` block aborts what nobody waits for", async () => {
    let call: Promise<unknown> | undefined;
    const leave = async (): Promise<void> => {
      await using own = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
      call = own.map([1], forever).catch((error: unknown) => error);
      throw new RangeError("mine");
    };
    await expect(leave()).rejects.toThrow("mine");
    expect(await call).toMatchObject({
      name: "AbortError",
      message: "The call was still running at the end of its executor's block",
    });
  });
});

test("many calls may share a signal; one that aborts while the call is planned counts", async () => {
  const warnings: string[] = [];
  const note = (warning: Error): void => void warnings.push(warning.name);
  process.on("warning", note);
  const { signal } = new AbortController();
  const calls = Array.from({ length: 30 }, (_, i) => executor.map([i], async (x) => x, { signal }));
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 30 }, (_, i) => [i]));
  // Warnings come in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  expect(warnings).toEqual([]);

  const controller = new AbortController();
  await using own = new ParallelExecutor({ telemetry: () => controller.abort("while planned") });
  await expect(own.map([1], (x) => x, { signal: controller.signal })).rejects.toBe("while planned");
});

test("a stream that is first read after shutdown is refused", async () => {
  const own = new ParallelExecutor({ maxWorkers: 1, strategy: "threads" });
  const stream = own.streamShared([new Float64Array(1)], (x) => x.length);
  await own.shutdown();
  const read = async (): Promise<void> => {
    for await (const _ of stream);
  };
  await expect(read()).rejects.toMatchObject({ code: "SHARRAY_EXECUTOR_CLOSED" });
});

test("idle memory is freed without a pool, too", async () => {
  await using own = new ParallelExecutor({ strategy: "sequential", idleTimeout: 20 });
  await own.mapShared([new Float64Array(10)], (x) => x.length);
  expect(own.memory().bytesIdle).toBeGreaterThan(0);
  await expect.poll(() => own.memory().regions).toBe(0);
});
