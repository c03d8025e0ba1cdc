import { type CallOptions, ParallelExecutor, type ReadOnly, type TypedArray } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { KINDS } from "../unit/arbitraries.js";

const executor = new ParallelExecutor({ maxWorkers: 2 });
afterAll(() => executor.shutdown());

/** Every element differs from its neighbours, in every kind. */
function filled(kind: (typeof KINDS)[number], length: number): TypedArray {
  const array = new kind(length);
  for (let i = 0; i < length; i++) {
    array[i] = (
      array instanceof BigInt64Array || array instanceof BigUint64Array ? BigInt(i + 1) : i + 1
    ) as never;
  }
  return array;
}

describe.each(["sequential", "threads", "processes"] as const)("%s", (strategy) => {
  const on: CallOptions = { strategy };

  test.each(KINDS.map((kind) => [kind.name, kind] as const))(
    "%s arrays keep kind and values",
    async (name, kind) => {
      const array = filled(kind, 100);
      const seen = await executor.mapShared(
        [array],
        (a) => ({ tag: a[Symbol.toStringTag], copy: a.slice() }),
        on,
      );
      expect(seen).toEqual([{ tag: name, copy: array }]);
      const chunks = await executor.mapShared(array, (a) => a.slice(), { ...on, chunkSize: 33 });
      expect(chunks.map((chunk) => chunk.length)).toEqual([33, 33, 33, 1]);
      expect(chunks.flatMap((chunk): unknown[] => [...chunk])).toEqual([...array]);
      const last = await executor.map([99], (i, { array }) => array[i], { ...on, shared: { array } });
      expect(last).toEqual([array[99]]);
      const copied = await executor.transformShared(
        { array: executor.share(array) },
        { copy: kind },
        ({ array }, { copy }) => {
          // Kinds of input and output are the same here, which the types cannot know.
          for (let i = 0; i < array.length; i++) copy[i] = array[i] as never;
        },
        { ...on, chunkSize: 33 },
      );
      expect(copied.copy).toBeInstanceOf(kind);
      expect(copied.copy).toEqual(array);
    },
  );

  test("views with offsets and odd lengths show their own elements only", async () => {
    const buffer = new ArrayBuffer(64);
    const bytes = new Uint8Array(buffer).map((_, i) => i);
    new Uint8Array(buffer).set(bytes);
    const views = [
      new Uint8Array(buffer, 3, 5),
      new Int16Array(buffer, 2, 7),
      new Float32Array(buffer, 4, 3),
      new Uint8Array(buffer, 63, 1),
      new Float64Array(buffer, 8, 1),
    ];
    expect(await executor.mapShared(views, (view) => Array.from(view as ArrayLike<number>), on)).toEqual(
      views.map((view) => Array.from(view)),
    );
  });

  test("Buffers arrive as Uint8Array", async () => {
    const [seen] = await executor.mapShared(
      [Buffer.from("abc")],
      (bytes) => [Object.prototype.toString.call(bytes), bytes.constructor.name, ...bytes],
      on,
    );
    expect(seen).toEqual(["[object Uint8Array]", "Uint8Array", 97, 98, 99]);
  });

  test("a list may hold arrays of different lengths and the same array twice", async () => {
    const a = new Float64Array([1, 2, 3]);
    const lists = [a, new Float64Array(0), a, a.subarray(1), new Float64Array([9])];
    const seen = await executor.mapShared(lists, (x, { index, start, end }) => [index, start, end, ...x], on);
    expect(seen).toEqual([
      [0, 0, 3, 1, 2, 3],
      [1, 0, 0],
      [2, 0, 3, 1, 2, 3],
      [3, 0, 2, 2, 3],
      [4, 0, 1, 9],
    ]);
  });

  test("empty inputs give empty results", async () => {
    expect(await executor.mapShared([], () => 1, on)).toEqual([]);
    expect(await executor.mapShared(new Float64Array(0), () => 1, on)).toEqual([]);
    expect(await executor.mapShared({ a: new Int8Array(0), b: new Int8Array(0) }, () => 1, on)).toEqual([]);
    expect(await executor.map([], () => 1, on)).toEqual([]);
    const out = await executor.transformShared(new Float64Array(0), { y: Int16Array }, () => {}, on);
    expect(out.y).toBeInstanceOf(Int16Array);
    expect(out.y).toHaveLength(0);
    await expect(
      executor.reduceShared(
        new Float64Array(0),
        () => 1,
        (a, b) => a + b,
        on,
      ),
    ).rejects.toThrow(/initial/);
    const none = { ...on, initial: 7 };
    expect(
      await executor.reduceShared(
        new Float64Array(0),
        () => 1,
        (a, b) => a + b,
        none,
      ),
    ).toBe(7);
  });

  test("combine is given two partials, in the order of the tasks", async () => {
    const x = Float64Array.of(3, 9, 4, 1);
    const first = (part: ReadOnly<Float64Array>): number => part[0] ?? 0;
    const chunks = { ...on, chunkSize: 1 };
    expect(await executor.reduceShared(x, first, Math.max, chunks)).toBe(9);
    expect(await executor.reduceShared(x, first, Math.min, { ...chunks, initial: 2 })).toBe(1);
    const calls: unknown[][] = [];
    const note = (...given: number[]): number => {
      calls.push(given);
      return given[1] as number;
    };
    expect(await executor.reduceShared(x, first, note, { ...chunks, initial: undefined })).toBe(1);
    expect(calls).toEqual([
      [3, 9],
      [9, 4],
      [4, 1],
    ]);
  });

  test("a combine that returns a promise is refused", async () => {
    const add = async (a: number, b: number): Promise<number> => a + b;
    const added = executor.reduceShared(
      Float64Array.of(1, 2, 3),
      (part) => part.length,
      add as unknown as (a: number, b: number) => number,
      { ...on, chunkSize: 1 },
    );
    await expect(added).rejects.toThrow(TypeError);
    await expect(added).rejects.toThrow(
      'Cannot reduce as "combine" must return a partial at once: current value is Promise; await in the kernel',
    );
  });

  test("items come from lists, typed arrays, Sets and generators", async () => {
    function* three(): Generator<number> {
      yield 1;
      yield 2.5;
      yield 4;
    }
    expect(await executor.map(three(), (n) => 2 * n, on)).toEqual([2, 5, 8]);
    expect(await executor.map(new Set(["a", "b"]), (s) => s + s, on)).toEqual(["aa", "bb"]);
    expect(await executor.map(Uint16Array.of(7, 8), (n) => n + 1, on)).toEqual([8, 9]);
    expect(await executor.map(BigInt64Array.of(7n, 8n), (n) => n + 1n, on)).toEqual([8n, 9n]);
    expect(await executor.map(new Map([["k", 1]]), ([key, value]) => key + value, on)).toEqual(["k1"]);
    expect(await executor.map([], (n) => n, { ...on, initial: undefined } as object)).toEqual([]);
    const given = { ...on, chunkSize: undefined } as object;
    expect(await executor.map(Float32Array.of(-0, 0.5), (n) => [Object.is(n, -0), n], given)).toEqual([
      [true, -0],
      [false, 0.5],
    ]);
  });

  test("a transform that returns its work instead of writing it fails, and says why", async () => {
    const x = Float64Array.of(1, 2, 3);
    const whole = { ...on, chunkSize: 3 };
    const returns: readonly [kernel: (x: ReadOnly<Float64Array>) => unknown, shown: string][] = [
      [(x) => x.map((v) => 2 * v), "Float64Array of 24 bytes"],
      [async (x) => x.map((v) => 2 * v), "Float64Array of 24 bytes"],
      [(x) => x, "Float64Array of 24 bytes"],
      [(x) => Array.from(x, (v) => 2 * v), "array of 3"],
      [(x) => ({ y: x.slice() }), "object with keys y"],
      [(x) => ({ y: [...x] }), "object with keys y"],
    ];
    for (const [kernel, shown] of returns) {
      const message =
        "Cannot keep what the kernel returned as a kernel with outputs must write to them: " +
        `current value is ${shown}; write it there, for example with set(), or call mapShared or map instead`;
      const failed = executor.transformShared(x, Float64Array, kernel, whole);
      await expect(failed).rejects.toMatchObject({ name: "KernelError", cause: new TypeError(message) });
    }
  });

  test("a transform may return what its expressions come to", async () => {
    const x = Float64Array.of(1, 2, 3);
    const whole = { ...on, chunkSize: 3 };
    const all = [1, 2, 3];
    const outputs = { y: Float64Array, z: Float64Array };
    expect([...(await executor.transformShared(x, Float64Array, (x, y) => y.set(x), whole))]).toEqual(all);
    expect([...(await executor.transformShared(x, Float64Array, (_, y) => y.fill(7), whole))]).toEqual([
      7, 7, 7,
    ]);
    expect([...(await executor.transformShared(x, Float64Array, (_, y) => (y[0] = 5), whole))]).toEqual([
      5, 0, 0,
    ]);
    expect([
      ...(await executor.transformShared(x, Float64Array, (_, y) => y.subarray(1).fill(4), whole)),
    ]).toEqual([0, 4, 4]);
    const both = await executor.transformShared(
      { x },
      outputs,
      (_, { y, z }) => [y.fill(1), z.fill(2)],
      whole,
    );
    expect([...both.y, ...both.z]).toEqual([1, 1, 1, 2, 2, 2]);
    const record = await executor.transformShared(
      { x },
      outputs,
      async (_, out) => {
        out.y.fill(3);
        return out;
      },
      whole,
    );
    expect([...record.y]).toEqual([3, 3, 3]);
  });

  test("columns are cut alike, by chunkSize or by length alone", async () => {
    const price = Float64Array.from({ length: 1000 }, (_, i) => i);
    const qty = Int32Array.from({ length: 1000 }, (_, i) => 2 * i);
    const chunks = await executor.mapShared(
      { price, qty },
      ({ price, qty }, { index, start, end }) => [index, start, end, price[0], qty[qty.length - 1]],
      { ...on, chunkSize: 300 },
    );
    expect(chunks).toEqual([
      [0, 0, 300, 0, 598],
      [1, 300, 600, 300, 1198],
      [2, 600, 900, 600, 1798],
      [3, 900, 1000, 900, 1998],
    ]);
    const ranges = await executor.mapShared({ price, qty }, (_, { start, end }) => [start, end], on);
    expect(ranges).toEqual(Array.from({ length: 125 }, (_, i) => [i * 8, i * 8 + 8]));
  });

  test("transformShared writes named outputs and a bare one, zero if the kernel writes nothing", async () => {
    const x = Float64Array.from({ length: 5000 }, (_, i) => i);
    for (let round = 0; round < 3; round++) {
      const { double, odd } = await executor.transformShared(
        { x },
        { double: Float32Array, odd: Uint8Array },
        ({ x }, { double, odd }) => {
          for (let i = 0; i < x.length; i++) {
            double[i] = 2 * x[i]!;
            if (x[i]! % 2 === 1) odd[i] = 1;
          }
        },
        on,
      );
      expect(double.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(double.every((value, i) => value === 2 * i)).toBe(true);
      expect(odd.every((value, i) => value === i % 2)).toBe(true);
      const bare = await executor.transformShared(
        x,
        BigInt64Array,
        (x, out) => {
          out.fill(BigInt(x[0]!));
        },
        on,
      );
      expect(bare[0]).toBe(0n);
      expect(bare[4999]).toBe(4960n);
      // Full of ones when it returns to the pool, so that the next round finds dirty memory.
      odd.fill(1);
    }
  });

  test("reduceShared combines in the order of the chunks", async () => {
    const x = Int32Array.from({ length: 26 }, (_, i) => i);
    const text = await executor.reduceShared(
      x,
      (x) => String.fromCharCode(...Array.from(x, (i) => 97 + i)),
      (a, b) => a + b,
      { ...on, chunkSize: 3 },
    );
    expect(text).toBe("abcdefghijklmnopqrstuvwxyz");
    const sum = await executor.reduceShared(
      [x, x],
      (x) => x.length,
      (a, b) => a + b,
      { ...on, initial: 100 },
    );
    expect(sum).toBe(152);
  });

  test("map gives items, shared payload, args and context", async () => {
    const delays = Float64Array.from({ length: 10 }, (_, i) => i);
    const seen = await executor.map(
      [{ k: 1 }, { k: 2 }],
      ({ k }, { delays, tiny }, { index, start, end, args }) => [
        k * delays[9]! * args.w[0]!,
        tiny[0],
        index,
        start,
        end,
      ],
      { ...on, shared: { delays, tiny: new Int8Array([5]) }, args: { w: new Float64Array([10]) } },
    );
    expect(seen).toEqual([
      [90, 5, 0, 0, 1],
      [180, 5, 1, 1, 2],
    ]);
  });

  test("numbers among items and args keep their bits", async () => {
    const odd = [-0, Number.NaN, Infinity, -Infinity, 2 ** 53, 1.5, 5e-324, 2 ** 31, -(2 ** 40)];
    expect(await executor.map(odd, (x) => x, on)).toEqual(odd);
    const mixed = [...odd, "text", 2n ** 63n, { deep: [-0] }, null, true, new Date(5)];
    const back = await executor.map(mixed, (x) => x as unknown, on);
    expect(back).toEqual(mixed);
    const args = { zero: -0, list: odd, missing: undefined };
    const [seen] = await executor.map([0], (_i, _s, { args }) => ({ ...args }) as unknown, { ...on, args });
    expect(seen).toEqual({ zero: -0, list: odd });
  });

  test.each([3, 500])("a list of %i numbers may change as soon as the call is made", async (length) => {
    const items = Array.from({ length }, (_, i) => i);
    // Plain and heavy, so that it is placed in several turns of the event loop.
    const heavy = new Float64Array(2 ** 21).fill(1);
    const doubled = items.map((i) => 2 * i + 1);
    for (const shared of [{ heavy: [1] }, { heavy }]) {
      const given = [...items];
      const call = executor.map(given, (i, { heavy }) => 2 * i + heavy[0]!, { ...on, shared });
      given.fill(Number.NaN);
      given.length = 1;
      expect(await call).toEqual(doubled);
    }
  });

  test("streamShared gives every result once", async () => {
    const x = Int32Array.from({ length: 100 }, (_, i) => i);
    const seen = new Map<number, unknown>();
    for await (const { index, value } of executor.streamShared(x, (x) => x.slice(), {
      ...on,
      chunkSize: 7,
    })) {
      expect(seen.has(index)).toBe(false);
      seen.set(index, value);
    }
    expect([...seen.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, i) => i));
    expect(seen.get(14)).toEqual(new Int32Array([98, 99]));
    const numbers: number[] = [];
    for await (const { value } of executor.streamShared([x, x, x], (x) => x.length, on)) numbers.push(value);
    expect(numbers).toEqual([100, 100, 100]);
  });

  test("leaving a stream early cancels the rest and leaves the executor usable", async () => {
    const ran = executor.allocate(Int32Array, 1);
    const x = new Uint8Array(10_000);
    let got = 0;
    for await (const _ of executor.streamShared(
      x,
      (_, { args }) => {
        Atomics.add(args.ran as unknown as Int32Array, 0, 1);
        const until = performance.now() + 1;
        while (performance.now() < until);
        return 1;
      },
      { ...on, chunkSize: 1, args: { ran } },
    )) {
      got += 1;
      if (got === 3) break;
    }
    expect(got).toBe(3);
    expect(Atomics.load(ran, 0)).toBeLessThan(10_000);
    expect(await executor.mapShared([x], (x) => x.length, on)).toEqual([10_000]);
  });

  test("thousands of arrays in one call", async () => {
    const arrays = Array.from({ length: 5000 }, (_, i) => new Float64Array([i, 1]));
    const sums = await executor.mapShared(arrays, (a) => a[0]! + a[1]!, on);
    expect(sums).toEqual(arrays.map((_, i) => i + 1));
  });

  test("many calls in flight at once, of all kinds", async () => {
    const x = executor.share(Float64Array.from({ length: 1000 }, (_, i) => i));
    const calls = Array.from({ length: 200 }, async (_, i) => {
      const args = { i };
      const sums = await executor.mapShared([x, new Float64Array([i])], (a, { args }) => a[0]! + args.i, {
        ...on,
        args,
      });
      expect(sums).toEqual([i, 2 * i]);
      const out = await executor.transformShared(
        x,
        Float64Array,
        (x, out, { args }) => {
          for (let j = 0; j < x.length; j++) out[j] = x[j]! + args.i;
        },
        { ...on, args },
      );
      expect(out[999]).toBe(999 + i);
    });
    await Promise.all(calls);
  });

  test("progress is reported up to the end", async () => {
    const reports: number[] = [];
    await executor.map([1, 2, 3], (x) => x, {
      ...on,
      onProgress: ({ completed, total }) => {
        expect(total).toBe(3);
        reports.push(completed);
      },
    });
    expect(reports.at(-1)).toBe(3);
    expect(reports).toEqual([...new Set(reports)].sort());
  });

  test("a progress listener that throws fails the call", async () => {
    const failing = () => {
      throw new Error("listener");
    };
    await expect(executor.map([1], (x) => x, { ...on, onProgress: failing })).rejects.toThrow("listener");
  });

  test("async kernels are awaited, in every call", async () => {
    const x = Float64Array.from([1, 2, 3, 4]);
    expect(await executor.mapShared(x, async (x) => x[0]!, { ...on, chunkSize: 2 })).toEqual([1, 3]);
    const slow = await executor.map(
      [3, 1, 2],
      (ms) => new Promise<number>((resolve) => setTimeout(resolve, ms, ms)),
      on,
    );
    expect(slow).toEqual([3, 1, 2]);
    const out = await executor.transformShared(
      x,
      Float64Array,
      async (x, out) => {
        await Promise.resolve();
        out.set(x as unknown as Float64Array);
      },
      on,
    );
    expect([...out]).toEqual([1, 2, 3, 4]);
  });
});

test("columns of different lengths are refused, naming both", async () => {
  const columns = { price: new Float64Array(3), qty: new Int32Array(4) };
  const call = executor.mapShared(columns, () => 0);
  await expect(call).rejects.toThrow(RangeError);
  await expect(call).rejects.toThrow('"price" has 3 elements, "qty" has 4');
});

test("several executors work side by side and share each other's arrays", async () => {
  await using one = new ParallelExecutor({ maxWorkers: 1, strategy: "threads" });
  await using two = new ParallelExecutor({ maxWorkers: 1, strategy: "threads" });
  const x = one.share(new Float64Array([1, 2, 3]));
  const both = await Promise.all([one, two].map((each) => each.mapShared([x], (a) => a[2]!)));
  expect(both).toEqual([[3], [3]]);
});

test("share keeps the shape and leaves shared arrays as they are", () => {
  const x = new Float64Array([1, 2]);
  const shared = executor.share({ x, bytes: Buffer.from("hi") });
  expect(shared.x).toEqual(x);
  expect(shared.x.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(shared.bytes).toEqual(new Uint8Array([104, 105]));
  expect(executor.share(shared).x).toBe(shared.x);
  expect(executor.share([x, x])[1]).toEqual(x);
});

test("auto chooses by the estimates and says so in explain and telemetry", async () => {
  const decisions: unknown[] = [];
  await using planning = new ParallelExecutor({
    maxWorkers: 2,
    telemetry: (event, payload) => {
      if (event === "parallel_decision") decisions.push(payload.decision);
    },
  });
  const x = planning.share(new Float64Array(1000));
  const sum = (x: ArrayLike<number>) => x.length;
  expect(planning.explain(x, sum).strategy).toBe("sequential");
  expect(planning.explain(x, sum, { taskSizeHintBytes: 1e9 }).strategy).toBe("threads");
  await planning.mapShared(x, sum);
  await planning.mapShared(x, sum, { taskSizeHintBytes: 1e9 });
  // On a thread that stalls, the first call may take so long that it moves.
  expect([decisions[0], decisions.at(-1)]).toEqual(["sequential", "threads"]);
});
