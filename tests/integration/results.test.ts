import { type KernelError, ParallelExecutor } from "sharray";
import { afterAll, describe, expect, test } from "vitest";

const executor = new ParallelExecutor({ maxWorkers: 2 });
afterAll(() => executor.shutdown());

describe.each(["sequential", "threads", "processes"] as const)("%s", (strategy) => {
  const on = { strategy };
  const x = new Float64Array([1, 2, 3, 4]);

  test("values of every sort come back as structured clone gives them", async () => {
    const make = () => [
      1.5,
      -0,
      10n,
      2n ** 100n,
      -(2n ** 63n),
      true,
      false,
      "text",
      null,
      undefined,
      { a: { b: [1, undefined] } },
      new Map<unknown, unknown>([["k", new Set([1])]]),
      new Set(["v"]),
      new Date(86_400_000),
      /x+/gi,
      new Float64Array([1, 2]),
      new DataView(new ArrayBuffer(2)),
      new ArrayBuffer(3),
      [new Int8Array([1]), { deep: new BigInt64Array([5n]) }],
    ];
    expect(await executor.map([0], make, on)).toEqual([make()]);
  });

  test("one kind of value per task, each in its slot", async () => {
    const values = await executor.map(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      (i) => [7.25, undefined, null, false, true, 5n, 2n ** 64n, "s", -0, Number.NaN][i],
      on,
    );
    expect(values).toEqual([7.25, undefined, null, false, true, 5n, 2n ** 64n, "s", -0, Number.NaN]);
  });

  test("a result that views the payload is a copy", async () => {
    const input = x.slice();
    const [whole, part] = (await executor.mapShared([input], (a) => [a, a.subarray(1, 3)], on))[0]!;
    input.fill(9);
    expect([...(whole as unknown as Float64Array)]).toEqual([1, 2, 3, 4]);
    expect([...(part as unknown as Float64Array)]).toEqual([2, 3]);
    const shared = executor.share(x);
    const [nested] = await executor.mapShared([shared], (a) => ({ list: [a.subarray(2)] }), on);
    shared.fill(0);
    const view = nested!.list[0] as unknown as Float64Array;
    expect([...view]).toEqual([3, 4]);
    expect(view.buffer).toBeInstanceOf(ArrayBuffer);
    expect(view.byteOffset).toBe(0);
  });

  test("returned args and items are copies too, and stay whole for the next task", async () => {
    const args = { small: new Float64Array([1, 2]), large: new Float64Array(20_000).fill(5) };
    const results = await executor.map([1, 2, 3], (_i, _s, { args }) => [args.small, args.large.length], {
      ...on,
      args,
    });
    expect(results).toEqual([1, 2, 3].map(() => [new Float64Array([1, 2]), 20_000]));
    const items = [new Int16Array([1, 2]), new Int16Array([3])];
    expect(await executor.map(items, (item) => item, on)).toEqual(items);
  });

  test("an array kept on globalThis and returned again and again stays intact", async () => {
    const results = await executor.map(
      [1, 2, 3, 4],
      (i) => {
        const scope = globalThis as { sharrayTestScratch?: Float64Array };
        scope.sharrayTestScratch ??= new Float64Array(3);
        const scratch = scope.sharrayTestScratch;
        scratch.fill(i);
        return scratch;
      },
      on,
    );
    expect(results).toEqual([1, 2, 3, 4].map((i) => new Float64Array(3).fill(i)));
  });

  test("aliases, cycles and class instances come back as structured clone has them", async () => {
    const [seen] = await executor.map(
      [0],
      () => {
        const leaf = new Float64Array([1]);
        class Point {
          x = 1;
          leaf = leaf;
        }
        const result: Record<string, unknown> = { leaf, again: leaf, point: new Point() };
        result["self"] = result;
        return result;
      },
      on,
    );
    expect(seen!["leaf"]).toBe(seen!["again"]);
    expect(seen!["self"]).toBe(seen);
    expect(Object.getPrototypeOf(seen!["point"])).toBe(Object.prototype);
    expect(seen!["point"]).toEqual({ x: 1, leaf: new Float64Array([1]) });
  });

  test.each([
    ["a function", () => ({ model: { fit: () => 1 } }), "result.model.fit"],
    ["a symbol", () => [1, Symbol("s")], "result[1]"],
    ["a promise inside", () => ({ later: Promise.resolve(1) }), "result.later"],
    ["a WeakMap in a Map", () => new Map([["w", new WeakMap()]]), 'result.get("w")'],
  ] as const)("%s is an error that names its path", async (_name, kernel, path) => {
    const call = executor.map([0], kernel as () => unknown, on);
    await expect(call).rejects.toMatchObject({ code: "SHARRAY_KERNEL", index: 0 });
    await expect(call).rejects.toThrow(`Cannot return ${path} from a kernel`);
  });
});

describe.each(["auto", "sequential", "threads", "processes"] as const)(
  "results nested deep, %s",
  (strategy) => {
    const nested = (depth: number): unknown => {
      let value: unknown = null;
      for (let i = 0; i < depth; i += 1) value = { value };
      return value;
    };

    test("arrive if every thread can read them", async () => {
      expect(await executor.map([1000, 0], nested, { strategy })).toEqual([nested(1000), null]);
    });

    test.each([1001, 2500, 5000, 10_000])("are refused at %i, and sound ones stay", async (depth) => {
      const items = Array.from({ length: 40 }, (_, i) => (i === 30 ? depth : 1));
      const call = executor.map(items, nested, { strategy });
      await expect(call).rejects.toMatchObject({ code: "SHARRAY_KERNEL", index: 30 });
      await expect(call).rejects.toThrow("as a result must be nested at most 1000 deep");
      const { partial } = (await call.catch((error: unknown) => error)) as KernelError;
      for (let i = 0; i < 30; i += 1) expect(partial?.values.get(i)).toEqual({ value: null });
      expect(partial?.unfinished[0]?.index).toBe(30);
    });

    test("are refused in a stream, behind all that comes before", async () => {
      const seen: number[] = [];
      const loop = async (): Promise<void> => {
        const kernel = (x: Readonly<ArrayLike<number>>): unknown => {
          let value: unknown = null;
          for (let i = 0; i < x[0]!; i += 1) value = [value];
          return value;
        };
        const input = new Float64Array(40).fill(1);
        input[30] = 5000;
        for await (const { index } of executor.streamShared(input, kernel, { chunkSize: 1, strategy }))
          seen.push(index);
      };
      await expect(loop()).rejects.toMatchObject({ code: "SHARRAY_KERNEL", index: 30 });
      expect(seen.sort((a, b) => a - b).slice(0, 30)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    });

    test.each([2500, 5000, 10_000])("leave the failure of a task that throws one %i deep", async (depth) => {
      const kernel = (depth: number): unknown => {
        let field: unknown = null;
        for (let i = 0; i < depth; i += 1) field = { field };
        if (depth > 0) throw Object.assign(new RangeError("deep"), { field });
        return field;
      };
      const call = executor.map([0, depth, 0], kernel, { strategy });
      await expect(call).rejects.toMatchObject({
        code: "SHARRAY_KERNEL",
        index: 1,
        cause: { name: "RangeError", message: "deep", field: "[object with keys field]" },
      });
    });
  },
);

test("large arrays that a kernel made come back whole", async () => {
  const arrays = await executor.map([1, 2, 3, 4], (i) => new Float64Array(250_000).fill(i), {
    strategy: "threads",
  });
  expect(arrays.map((array) => [array.length, array[249_999]])).toEqual(
    [1, 2, 3, 4].map((i) => [250_000, i]),
  );
});
