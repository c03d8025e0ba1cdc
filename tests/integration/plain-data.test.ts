/** Plain arrays belong to the caller: when they are read, and what follows if they go before. */
import { KernelError, ParallelExecutor } from "sharray";
import { afterAll, describe, expect, test } from "vitest";

const executors: ParallelExecutor[] = [];
afterAll(() => Promise.all(executors.map((executor) => executor.shutdown())));

function create(options: ConstructorParameters<typeof ParallelExecutor>[0]): ParallelExecutor {
  const executor = new ParallelExecutor({ maxWorkers: 2, ...options });
  executors.push(executor);
  return executor;
}

const sum = (part: { reduce(add: (a: number, b: number) => number, zero: number): number }): number =>
  part.reduce((a, b) => a + b, 0);
const add = (a: number, b: number): number => a + b;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function transfer(array: ArrayBufferView): void {
  structuredClone(array, { transfer: [array.buffer as ArrayBuffer] });
}

/** On a buffer that can be resized. */
function resizable(length: number): { array: Float64Array; buffer: ArrayBuffer } {
  const buffer = new ArrayBuffer(8 * length, { maxByteLength: 16 * length });
  return { array: new Float64Array(buffer).fill(1), buffer };
}

const gone = (name: string): string =>
  `Cannot read "${name}" as its buffer must stay whole until the call has settled: ` +
  "it was transferred away or shrunk; pass a copy made with slice()";

async function refused(call: Promise<unknown>, name: string): Promise<void> {
  const error: unknown = await call.then(
    (value) => {
      throw new Error(`the call was to fail, and gave ${String(value)}`);
    },
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TypeError);
  expect((error as TypeError).message).toBe(gone(name));
}

const strategies = ["sequential", "threads", "processes", "auto"] as const;

describe.each(strategies)("%s", (strategy) => {
  const executor = create({ strategy });

  test("a call sees what its caller writes right after it", async () => {
    const readings = new Float64Array(1000);
    const calls = [];
    for (let k = 1; k <= 4; k += 1) {
      readings.fill(k);
      calls.push(executor.reduceShared(readings, sum, add));
    }
    expect(await Promise.all(calls)).toEqual([4000, 4000, 4000, 4000]);
  });

  test("and so do args and shared; small arrays in args are copied with the call", async () => {
    const large = new Float64Array(10_000).fill(1);
    const small = new Float64Array(10).fill(1);
    const shared = new Float64Array(10).fill(1);
    const call = executor.map(
      [0],
      (_, { shared }, { args: { large, small } }) => [large[9999], small[9], shared[9]],
      { args: { large, small }, shared: { shared } },
    );
    for (const array of [large, small, shared]) array.fill(2);
    expect(await call).toEqual([[2, 1, 2]]);
  });

  describe("arrays that go right after the call", () => {
    test("one array", async () => {
      const x = new Float64Array(1000).fill(1);
      const call = executor.reduceShared(x, sum, add);
      transfer(x);
      await refused(call, "the array");
    });

    test("a column", async () => {
      const [x, y] = [new Float64Array(1000), new Float64Array(1000)];
      const call = executor.transformShared({ x, y }, Float64Array, ({ y }, out) => out.set(y));
      transfer(y);
      await refused(call, "y");
    });

    test("one of a list, whose buffer is shrunk", async () => {
      const { array, buffer } = resizable(1000);
      const call = executor.mapShared([new Int8Array(3), array], (part) => part.length);
      buffer.resize(4000);
      await refused(call, "input[1]");
    });

    test("an empty one is read, or named", async () => {
      const empty = new Float64Array(0);
      const call = executor.mapShared([empty, Float64Array.of(1)], sum);
      transfer(empty);
      await call.then(
        (sums) => expect(sums).toEqual([0, 1]),
        (error: unknown) => expect((error as TypeError).message).toBe(gone("input[0]")),
      );
    });

    test("args, shared and items", async () => {
      const big = (): Float64Array => new Float64Array(10_000).fill(1);
      const [inArgs, inShared, inItems] = [big(), big(), big()];
      const one = executor.map([1], () => 0, { args: { model: { weights: inArgs } } });
      const other = executor.map([1], () => 0, { shared: { delays: inShared } });
      const third = executor.map([{}, { x: [inItems] }], () => 0);
      for (const array of [inArgs, inShared, inItems]) transfer(array);
      await refused(one, "args.model.weights");
      await refused(other, "shared.delays");
      await refused(third, "items[1].x[0]");
    });

    test("memory of WebAssembly that grows", async () => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
      const call = executor.mapShared(new Float64Array(memory.buffer), sum);
      memory.grow(1);
      await refused(call, "the array");
    });

    test("a stream", async () => {
      const x = new Float64Array(1000);
      const stream = executor.streamShared(x, sum)[Symbol.asyncIterator]();
      const first = stream.next();
      transfer(x);
      await refused(first, "the array");
    });

    test("the executor goes on working, and nothing is kept", async () => {
      // An array that is dropped does not count before it is collected.
      expect(await executor.mapShared([Float64Array.of(1, 2)], sum)).toEqual([3]);
      while (executor.memory().bytesInUse > 0) await turn();
    });
  });

  test("an array has the length that it had when the call was made, however its buffer grows", async () => {
    const { array, buffer } = resizable(1000);
    const beside = new Float64Array(buffer, 4000);
    const calls = [executor.reduceShared(array, sum, add), executor.mapShared([beside], sum)];
    buffer.resize(16_000);
    new Float64Array(buffer, 8000).fill(7);
    expect(await Promise.all(calls)).toEqual([1000, [500]]);

    const growable = new SharedArrayBuffer(8000, { maxByteLength: 16_000 });
    const shared = new Float64Array(growable).fill(1);
    const call = executor.mapShared([shared, executor.share(shared)], (part) => part.length);
    growable.grow(16_000);
    expect(await call).toEqual([1000, 1000]);
  });

  test("later it gives the right sum, or none", async () => {
    const x = new Float64Array(8 * 2 ** 20).fill(1);
    const call = executor.reduceShared({ x }, ({ x }) => x.reduce((a, b) => a + b, 0), add);
    await turn();
    transfer(x);
    await call.then(
      (total) => expect(total).toBe(8 * 2 ** 20),
      (error: unknown) => expect((error as TypeError).message).toBe(gone("x")),
    );
  });

  // The kernel tells by a word of shared memory that it has begun.
  test.skipIf(strategy === "processes")(
    "between the tasks of a call it gives the right results, or none",
    async () => {
      const flag = executor.allocate(Int32Array, 1);
      const x = new Float64Array(100).fill(1);
      const kernel = (part: Float64Array, { args }: { args: { flag: Int32Array } }): number => {
        Atomics.store(args.flag, 0, 1);
        // Long enough for a turn of the event loop.
        const end = performance.now() + 10;
        while (performance.now() < end);
        return part.reduce((a, b) => a + b, 0);
      };
      const call = executor.mapShared(x, kernel as never, { chunkSize: 10, args: { flag } });
      while (Atomics.load(flag, 0) === 0) await turn();
      transfer(x);
      if (strategy === "sequential") await refused(call, "the array");
      // Workers have their copy by then.
      else if (strategy === "threads") expect(await call).toEqual(Array(10).fill(10));
      else {
        await call.then(
          (sums) => expect(sums).toEqual(Array(10).fill(10)),
          (error: unknown) => expect((error as TypeError).message).toBe(gone("the array")),
        );
      }
    },
  );

  test("what subclasses and own properties tell of an array is of no interest", async () => {
    class Odd extends Float64Array {
      override get length(): number {
        return 2;
      }
      override get byteLength(): number {
        return 16;
      }
      override get byteOffset(): number {
        return 8;
      }
      override keys(): never {
        throw new Error("keys() was called");
      }
      override subarray(): never {
        throw new Error("subarray() was called");
      }
    }
    const odd = new Odd(10).fill(1);
    const own = new Float64Array(10).fill(1);
    const lies = { length: { value: 2 }, constructor: { value: Float64Array }, subarray: { value: null } };
    Object.defineProperties(own, lies);
    const empty = new Odd(0);
    for (const array of [odd, own]) {
      expect(await executor.mapShared(array, sum, { chunkSize: 5 })).toEqual([5, 5]);
      expect(await executor.mapShared([array, empty], sum)).toEqual([10, 0]);
      expect(await executor.map([{ array }], ({ array }) => array.length, { args: { array } })).toEqual([10]);
      const shared = executor.share({ array }).array;
      expect([shared.length, shared.byteLength]).toEqual([10, 80]);
    }
  });

  test("a getter that makes a call of its own disturbs nothing", async () => {
    const inner: Promise<unknown>[] = [];
    const args = {
      before: Float64Array.of(1, 2),
      get nested(): Float64Array {
        const z = Float64Array.of(9);
        inner.push(executor.map([{ y: 1 }], ({ y }, _, { args }) => y + args.z[0]!, { args: { z } }));
        return Float64Array.of(3);
      },
      after: new Float64Array(10_000).fill(4),
    };
    const items = [
      {
        get x(): number {
          inner.push(executor.map(["a"], (text) => `${text}b`));
          return 1;
        },
      },
    ];
    const call = executor.map(
      items,
      ({ x }, _, { args: { before, nested, after } }) => [x, ...before, ...nested, after[9999]],
      { args },
    );
    expect(await call).toEqual([[1, 1, 2, 3, 4]]);
    expect(await Promise.all(inner)).toEqual([["ab"], [10]]);
  });

  test("a getter that takes another array away is told by that array's name", async () => {
    const x = new Float64Array(1000);
    const args = {
      get bad(): number {
        transfer(x);
        return 1;
      },
    };
    await refused(
      executor.mapShared({ x }, ({ x }) => x.length, { args }),
      "x",
    );
  });
});

test("verifyImmutable begins where the call begins to read, and then finds what has gone", async () => {
  for (const strategy of strategies) {
    const executor = create({ strategy, verifyImmutable: true });
    const x = new Float64Array(100).fill(1);
    const call = executor.reduceShared(x, sum, add);
    x.fill(2);
    expect(await call).toBe(200);
    const other = executor.reduceShared({ x }, ({ x }) => x.reduce((a, b) => a + b, 0), add);
    transfer(x);
    await refused(other, "x");
  }
});

test("a failed task of a list keeps its range when its array has gone after it was placed", async () => {
  const executor = create({ strategy: "threads" });
  const flags = executor.allocate(Int32Array, 2);
  const x = new Float64Array(10);
  const kernel = (_: unknown, { args }: { args: { flags: Int32Array } }): never => {
    Atomics.store(args.flags, 0, 1);
    while (Atomics.load(args.flags, 1) === 0);
    throw new Error("bad");
  };
  const call = executor.mapShared([x], kernel as never, { args: { flags } });
  while (Atomics.load(flags, 0) === 0) await turn();
  transfer(x);
  Atomics.store(flags, 1, 1);
  const error = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(KernelError);
  expect(error).toMatchObject({ index: 0, start: 0, end: 10, partial: { unfinished: [{ end: 10 }] } });
});

test("an async kernel that finds its array gone gives no value to the loop of a stream", async () => {
  const executor = create({ strategy: "sequential" });
  const x = new Float64Array(100).fill(1);
  const taken: unknown[] = [];
  const kernel = async (part: Float64Array, { index }: { index: number }): Promise<number> => {
    if (index > 0) await new Promise((resolve) => setImmediate(resolve));
    return part.reduce((a, b) => a + b, 0);
  };
  const loop = async (): Promise<void> => {
    for await (const { value } of executor.streamShared(x, kernel as never, { chunkSize: 50 })) {
      taken.push(value);
      transfer(x);
    }
  };
  await refused(loop(), "the array");
  expect(taken).toEqual([50]);
});

test("windows of one large plain buffer are placed once, in args and items too", async () => {
  const placed: number[] = [];
  const metadata: number[] = [];
  const executor = create({
    strategy: "threads",
    telemetry: (event, payload) => {
      if (event !== "parallel_execution") return;
      placed.push(payload.bytesPlaced);
      metadata.push(payload.metadataBytes);
    },
  });
  const series = Float64Array.from({ length: 30_000 }, (_, i) => i);
  const windows = Array.from({ length: 2000 }, (_, i) => series.subarray(10 * i, 10 * i + 8000));
  const heads = windows.map((window) => window[0]);
  expect(
    await executor.map(
      windows.map((window) => ({ window })),
      ({ window }) => window[0],
    ),
  ).toEqual(heads);
  expect(
    await executor.map([0], (_, __, { args }) => args.map((window) => window[0]), { args: windows }),
  ).toEqual([heads]);
  expect(await executor.mapShared(windows, (window) => window[0])).toEqual(heads);
  const span = 8 * (19_990 + 8000);
  expect(placed).toEqual([span, span, span]);
  for (const bytes of metadata) expect(bytes).toBeLessThan(200_000);
});
