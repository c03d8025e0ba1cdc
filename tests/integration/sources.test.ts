/** Streams over sources. What each strategy gives is in shapes.test.ts; here is how sources are read and left. */
import { type KernelError, ParallelExecutor, type Progress, type Telemetry } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { until } from "./bridge.js";
import { facts } from "./run.js";

const executors = {
  sequential: new ParallelExecutor({ strategy: "sequential", maxWorkers: 2 }),
  threads: new ParallelExecutor({ strategy: "threads", maxWorkers: 2 }),
  auto: new ParallelExecutor({ maxWorkers: 2 }),
};
afterAll(() => Promise.all(Object.values(executors).map((each) => each.shutdown())));
const executor = executors.threads;

/** Of large batches: twice the workers run or wait in a pass, and one is being read. */
const MOST_OUT = 2 * 2 + 1;
const LEAST_AHEAD = 4 * 2;

/** What a source has been asked. */
class Asked {
  steps = 0;
  ends = 0;
}

/** Batches of `length` numbers, each of the batch's index. */
async function* batches(count: number, length = 4, asked = new Asked()): AsyncGenerator<Float64Array> {
  try {
    for (let i = 0; i < count; i += 1) {
      asked.steps += 1;
      yield new Float64Array(length).fill(i);
    }
  } finally {
    asked.ends += 1;
  }
}

const first = (x: Pick<Float64Array, number>): number => x[0] as number;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function read<R>(stream: AsyncIterable<{ index: number; value: R }>): Promise<R[]> {
  const values: R[] = [];
  for await (const { index, value } of stream) values[index] = value;
  return values;
}

describe.each(Object.entries(executors))("%s", (_, executor) => {
  test("a slow loop has its source run ahead by no more than the least", async () => {
    const asked = new Asked();
    let taken = 0;
    for await (const _ of executor.streamShared(batches(60, 40_000, asked), first)) {
      taken += 1;
      for (let i = 0; i < 50; i += 1) await turn();
      expect(asked.steps - taken).toBeLessThanOrEqual(LEAST_AHEAD + 1);
    }
    expect(taken).toBe(60);
    expect(asked).toEqual({ steps: 60, ends: 1 });
  });

  test("a loop that is left closes its source", async () => {
    const asked = new Asked();
    for await (const { index } of executor.streamShared(batches(1e9, 4, asked), first))
      if (index === 20) break;
    expect(asked.ends).toBe(1);
  });

  test("a slow source gives each batch to the kernel at once", async () => {
    let next!: (array: Float64Array | undefined) => void;
    async function* source() {
      for (;;) {
        const array = await new Promise<Float64Array | undefined>((resolve) => {
          next = resolve;
        });
        if (array === undefined) return;
        yield array;
      }
    }
    const stream = executor.streamShared(source(), first)[Symbol.asyncIterator]();
    for (let i = 0; i < 5; i += 1) {
      const step = stream.next();
      await until(() => next !== undefined, "the first request");
      await turn();
      next(Float64Array.of(i));
      expect(await step).toEqual({ done: false, value: { index: i, value: i } });
    }
    const last = stream.next();
    await turn();
    next(undefined);
    expect(await last).toEqual({ done: true, value: undefined });
  });

  test("an abort and a left loop do not wait for a source that never answers", async () => {
    const ended: string[] = [];
    const stuck = () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<Float64Array>>(() => {}),
        return: () => {
          ended.push("return");
          return new Promise<IteratorResult<Float64Array>>(() => {});
        },
      }),
    });
    const controller = new AbortController();
    const aborted = read(executor.streamShared(stuck(), first, { signal: controller.signal }));
    await turn();
    controller.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    const left = executor.streamShared(stuck(), first)[Symbol.asyncIterator]();
    const step = left.next();
    await turn();
    await left.return?.();
    expect(await step).toEqual({ done: true, value: undefined });
    expect(ended).toEqual(["return", "return"]);
    const cancelled = read(executor.streamShared(stuck(), first));
    await turn();
    executor.cancel(new Error("all"));
    await expect(cancelled).rejects.toThrow("all");
  });

  test("a kernel that returns a view of its batch gives a copy", async () => {
    const held = await read(executor.streamShared(batches(100, 500), (x) => x.subarray(1, 3)));
    expect(held.map((x) => [...x])).toEqual(Array.from({ length: 100 }, (_, i) => [i, i]));
  });
});

test("an error of a source that is closed reaches the code that left the loop, and hides no other error", async () => {
  async function* source() {
    try {
      for (let i = 0; ; i += 1) yield Float64Array.of(i);
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
      throw new RangeError("cannot close the file");
    }
  }
  const leave = async () => {
    for await (const _ of executor.streamShared(source(), first)) break;
  };
  await expect(leave()).rejects.toThrow("cannot close the file");
  const fail = read(
    executor.streamShared(source(), (x) => {
      if (x[0] === 3) throw new Error("three");
    }),
  );
  await expect(fail).rejects.toMatchObject({ name: "KernelError", index: 3 });
});

test("a source is not asked for more while one batch is late, and the failure of the first task counts", async () => {
  const asked = new Asked();
  const flags = executor.allocate(Int32Array, 2);
  const kernel = (
    _: unknown,
    { index, shared }: { index: number; shared: { flags: Int32Array<SharedArrayBuffer> } },
  ): void => {
    const { flags } = shared;
    if (index === 0) {
      // The later task has failed by then.
      while (Atomics.load(flags, 0) === 0);
      for (const end = performance.now() + 5; performance.now() < end; );
      throw new Error("first");
    }
    if (index === 1) {
      Atomics.store(flags, 0, 1);
      throw new Error("second");
    }
  };
  const error: KernelError = await read(
    executor.streamShared(batches(1e9, 200_000, asked), kernel, { writable: { flags } }),
  ).then(
    () => expect.fail("it ended"),
    (error) => error,
  );
  expect(error.index).toBe(0);
  expect(error.partial?.unfinished[0]).toEqual({ index: 0, start: 0, end: 200_000 });
  expect(asked.steps).toBeLessThanOrEqual(LEAST_AHEAD + MOST_OUT);
  expect(asked.ends).toBe(1);
});

test("wrong batches are named, and what came before is read", async () => {
  const wrong: [unknown, string][] = [
    [
      "text",
      'Cannot read input[2] of the source as it must be a typed array, a record of typed arrays, or in a list of these: current value is "text"',
    ],
    [undefined, "current value is undefined"],
    [[[new Uint8Array(1)]], "Cannot read input[2] of the source as it must be"],
    [{}, "there must be at least one: current value has none (input[2] of the source)"],
    [{ x: new Uint8Array(1), y: new Uint8Array(2) }, "their lengths must be equal"],
    [
      [new Uint8Array(1), { x: new Uint8Array(1) }],
      "Cannot read input[3] of the source as all of one list must be arrays, or columns of the same names",
    ],
  ];
  for (const [batch, message] of wrong) {
    const seen: number[] = [];
    let ends = 0;
    function* source(): Generator<Float64Array> {
      try {
        yield Float64Array.of(0);
        yield Float64Array.of(1);
        yield batch as Float64Array;
        yield Float64Array.of(3);
      } finally {
        ends += 1;
      }
    }
    const loop = async () => {
      for await (const { value } of executor.streamShared(source(), first, { ordered: true }))
        seen.push(value);
    };
    await expect(loop(), message).rejects.toThrow(message);
    expect(seen).toEqual([0, 1]);
    expect(ends).toBe(1);
  }
  const gone = Float64Array.of(1);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  await expect(read(executor.streamShared([gone].values(), first))).rejects.toThrow("was transferred away");
  const released = executor.share(new Float64Array(100_000));
  executor.release(released);
  await expect(read(executor.streamShared([released].values(), first))).rejects.toThrow(
    'Cannot read "input[0]" as its memory must be the caller\'s: it was given back with release()',
  );
  expect(() => executor.streamShared(batches(1), first, { chunkSize: 3 } as object)).toThrow('"chunkSize"');
  expect(() => executor.streamShared(batches(1), first, { ordered: 1 } as object)).toThrow('"ordered"');
  expect(() => executor.streamShared(batches(1), 5 as never)).toThrow(TypeError);
});

test("shared batches are read where they are, and may be released as their results come", async () => {
  await using own = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
  async function* source() {
    for (let i = 0; i < 200; i += 1) {
      const batch = own.allocate(Float64Array, 100_000);
      batch[0] = i;
      batches.push(batch);
      yield batch;
    }
  }
  const batches: Float64Array<SharedArrayBuffer>[] = [];
  for await (const { index, value } of own.streamShared(source(), first)) {
    expect(value).toBe(index);
    own.release(batches[index] as Float64Array<SharedArrayBuffer>);
  }
  await until(() => own.memory().bytesInUse < 100_000, "the return of all batches");
  // 200 batches of 0.8 MB went through the memory of few.
  expect(own.memory().bytesPeak).toBeLessThan(40 * 800_000);
});

test("a call over a source is one call in telemetry, progress and metrics", async () => {
  const events: string[] = [];
  const jobs = new Set<number>();
  const executions: Parameters<Telemetry>[1][] = [];
  const telemetry = ((event: string, payload: { readonly job: number }) => {
    events.push(event);
    jobs.add(payload.job);
    if (event === "parallel_execution") executions.push(payload as never);
  }) as unknown as Telemetry;
  await using own = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, telemetry });
  const progress: Progress[] = [];
  await read(
    own.streamShared(batches(300, 20_000), first, { onProgress: (each) => void progress.push(each) }),
  );
  expect(events).toEqual(["parallel_decision", "parallel_execution"]);
  expect(jobs.size).toBe(1);
  expect(executions[0]).toMatchObject({
    call: "streamShared",
    items: 300,
    bytesPlaced: 300 * 20_000 * 8,
    bytesShared: 0,
    strategy: "threads",
    workers: 2,
  });
  const { actual } = executions[0] as unknown as { actual: Record<string, number> };
  const { total = 0, ...parts } = actual;
  const sum = Object.values(parts).reduce((a, b) => a + b, 0);
  expect(sum).toBeCloseTo(total, 6);
  expect(progress.at(-1)).toMatchObject({ completed: 300, total: 300 });
  expect(own.metrics.snapshot()).toMatchObject({ submitted: 1, completed: 1 });
  await expect(read(own.streamShared([Float64Array.of(1)].values(), () => JSON.parse("{")))).rejects.toThrow(
    "Task 0",
  );
  for await (const _ of own.streamShared(batches(50), first)) break;
  expect(own.metrics.snapshot()).toMatchObject({ submitted: 3, completed: 1 });
  expect(own.memory().bytesInUse).toBeLessThan(1e6);
});

test("shutdown ends a stream whose loop has stopped, and reads its source to the end", async () => {
  const own = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
  const asked = new Asked();
  const loop = own.streamShared(batches(200, 10_000, asked), first)[Symbol.asyncIterator]();
  await loop.next();
  await own.shutdown();
  expect(asked).toEqual({ steps: 200, ends: 1 });
  let rest = 0;
  while ((await loop.next()).done !== true) rest += 1;
  expect(rest).toBe(199);
});

test("a lost worker's batches run again", async () => {
  await using own = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxRetries: 3 });
  const flags = own.allocate(Int32Array, 1);
  const values = await read(
    own.streamShared(
      batches(60, 1000),
      (x, { index, shared: { flags } }) => {
        if (index === 30 && Atomics.add(flags, 0, 1) === 0) process.exit(3);
        return x[0] as number;
      },
      { writable: { flags }, idempotent: true },
    ),
  );
  expect(values).toEqual(Array.from({ length: 60 }, (_, i) => i));
});

test("under a small limit a source waits for memory that its own batches hold", async () => {
  await using own = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxSharedBytes: 6 * 2 ** 20 });
  const values = await read(own.streamShared(batches(100, 2 ** 17), first));
  expect(values).toEqual(Array.from({ length: 100 }, (_, i) => i));
  await expect(read(own.streamShared(batches(3, 2 ** 20), first))).rejects.toThrow("maxSharedBytes");
});

test("more than fits into memory flows through a bounded amount of it", async () => {
  // A process of its own, because what other tests hold would count.
  const told =
    await facts<Record<"bytes" | "limit" | "count" | "peak" | "early" | "late", number>>("large-source.mjs");
  expect(told.count).toBe(told.bytes / 2 ** 22);
  expect(told.peak).toBeLessThanOrEqual(told.limit);
  expect(told.late - told.early).toBeLessThan(told.bytes / 10);
});
