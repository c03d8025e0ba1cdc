/** What the compiler makes of the public calls. Checked by `tsc -p tsconfig.json`; nothing here ever runs. */
import {
  defineKernel,
  type KernelContext,
  type ParallelExecutor,
  type Plan,
  type ReadOnly,
  type SingleJob,
  type StreamedResult,
  type TypedArray,
} from "sharray";
import { expectTypeOf, test } from "vitest";

declare const executor: ParallelExecutor;
declare const x: Float64Array;
declare const n: Int32Array;
declare const big: BigInt64Array;

test("mapShared over a list: one array, whole", async () => {
  const sums = await executor.mapShared([x, x] as Float64Array[], (array, context) => {
    expectTypeOf(array).toEqualTypeOf<ReadOnly<Float64Array>>();
    expectTypeOf(array[0]).toEqualTypeOf<number | undefined>();
    expectTypeOf(array.length).toEqualTypeOf<number>();
    expectTypeOf(context.index).toEqualTypeOf<number>();
    expectTypeOf(context.start).toEqualTypeOf<number>();
    expectTypeOf(context.end).toEqualTypeOf<number>();
    expectTypeOf(context.aborted()).toEqualTypeOf<boolean>();
    return array.reduce((a, b) => a + b, 0);
  });
  expectTypeOf(sums).toEqualTypeOf<number[]>();
});

test("mapShared over a literal list of several kinds: the kinds as a union, a result for each", async () => {
  const results = await executor.mapShared([x, n], (array) => {
    const either: ReadOnly<Float64Array> | ReadOnly<Int32Array> = array;
    // @ts-expect-error it may be the other kind
    const one: ReadOnly<Float64Array> = array;
    return either.length + one.length;
  });
  expectTypeOf(results).toEqualTypeOf<[number, number]>();
  const [first, second] = results;
  expectTypeOf(first).toEqualTypeOf<number>();
  expectTypeOf(second).toEqualTypeOf<number>();
  // @ts-expect-error there are only two arrays
  results[2];
});

test("mapShared over one array: views of chunks, any number of them", async () => {
  const parts = await executor.mapShared(big, (view) => {
    expectTypeOf(view).toEqualTypeOf<ReadOnly<BigInt64Array>>();
    expectTypeOf(view[0]).toEqualTypeOf<bigint | undefined>();
    return view[0] ?? 0n;
  });
  expectTypeOf(parts).toEqualTypeOf<bigint[]>();
});

test("mapShared over columns: a record of views", async () => {
  const parts = await executor.mapShared({ price: x, qty: n }, ({ price, qty }) => {
    expectTypeOf(price).toEqualTypeOf<ReadOnly<Float64Array>>();
    expectTypeOf(qty).toEqualTypeOf<ReadOnly<Int32Array>>();
    return { value: price[0]! * qty[0]!, name: "a" };
  });
  expectTypeOf(parts).toEqualTypeOf<{ value: number; name: string }[]>();
  // @ts-expect-error there is no such column
  await executor.mapShared({ price: x }, ({ qty }) => qty);
});

test("mapShared over columns of a record that is typed elsewhere", async () => {
  const columns: Record<string, Float64Array> = { a: x };
  await executor.mapShared(columns, (views) => {
    expectTypeOf(views["a"]).toEqualTypeOf<ReadOnly<Float64Array> | undefined>();
    return 0;
  });
  type Trade = { readonly price: Float64Array; readonly qty: Int32Array };
  const trade: Trade = { price: x, qty: n };
  await executor.mapShared(trade, ({ qty }) => {
    expectTypeOf(qty).toEqualTypeOf<ReadOnly<Int32Array>>();
    return 0;
  });
});

test("columns that an interface describes", () => {
  interface Trade {
    readonly price: Float64Array;
    readonly qty: Int32Array;
  }
  const trade: Trade = { price: x, qty: n };
  executor.share(trade);
  executor.mapShared(trade, () => 0);
  executor.mapShared({ ...trade }, ({ qty }) => {
    expectTypeOf(qty).toEqualTypeOf<ReadOnly<Int32Array>>();
    return 0;
  });
});

test("results are awaited", async () => {
  const parts = await executor.mapShared(x, async (view) => String(view[0]));
  expectTypeOf(parts).toEqualTypeOf<string[]>();
  const mixed = await executor.mapShared(x, (view) => (view.length > 3 ? Promise.resolve(1) : 2));
  expectTypeOf(mixed).toEqualTypeOf<number[]>();
});

test("a result that is made from the view is the kernel's own", async () => {
  const parts = await executor.mapShared(x, (view) => view.map((value) => 2 * value));
  parts[0]![0] = 1;
  const sliced = await executor.mapShared(n, (view) => view.slice(1));
  sliced[0]![0] = 1;
});

test("a view that is returned was copied", async () => {
  const parts = await executor.mapShared(x, (view) => view.subarray(1));
  // @ts-expect-error WANTED: the result is a copy of the caller's own, its type still the kernel's read-only view
  parts[0]![0] = 1;
});

test("kernels cannot write to their inputs", async () => {
  await executor.mapShared(x, (view) => {
    // @ts-expect-error elements are read-only
    view[0] = 1;
    // @ts-expect-error no fill
    view.fill(0);
    // @ts-expect-error no set
    view.set([1]);
    // @ts-expect-error no sort
    view.sort();
    // @ts-expect-error no reverse
    view.reverse();
    // @ts-expect-error no copyWithin
    view.copyWithin(0, 1);
    // @ts-expect-error no buffer
    view.buffer;
    // @ts-expect-error not through a part of it either
    view.subarray(1)[0] = 1;
    // @ts-expect-error not a Float64Array that another function could write to
    const writable: Float64Array = view;
    return writable.length;
  });
  await executor.mapShared({ x }, (views) => {
    // @ts-expect-error elements are read-only
    views.x[0] = 1;
    // @ts-expect-error columns are read-only
    views.x = new Float64Array(1);
    return 0;
  });
  await executor.mapShared([x], (array) => {
    // @ts-expect-error elements are read-only
    array[0]++;
    return 0;
  });
});

test("kernels can read in every way", async () => {
  await executor.mapShared(x, (view) => {
    for (const value of view) expectTypeOf(value).toEqualTypeOf<number>();
    for (const [i, value] of view.entries()) expectTypeOf(i + value).toEqualTypeOf<number>();
    expectTypeOf(view.at(-1)).toEqualTypeOf<number | undefined>();
    expectTypeOf(view.indexOf(3)).toEqualTypeOf<number>();
    expectTypeOf(view.byteLength).toEqualTypeOf<number>();
    expectTypeOf(view.toSorted()[0]).toEqualTypeOf<number | undefined>();
    expectTypeOf(Array.from(view)).toEqualTypeOf<number[]>();
    expectTypeOf(Float64Array.from(view)[0]).toEqualTypeOf<number | undefined>();
    expectTypeOf(Math.max(...view)).toEqualTypeOf<number>();
    return new Float64Array(view).set(view);
  });
});

test("args: inferred from the options, read-only throughout", async () => {
  const parts = await executor.mapShared(
    { x },
    (_views, { args }) => {
      expectTypeOf(args.rate).toEqualTypeOf<number>();
      expectTypeOf(args.weights).toEqualTypeOf<ReadOnly<Float32Array<ArrayBuffer>>>();
      expectTypeOf(args.model.names).toEqualTypeOf<readonly string[]>();
      // @ts-expect-error args are read-only
      args.rate = 2;
      // @ts-expect-error at every depth
      args.model.names.push("c");
      // @ts-expect-error arrays too
      args.weights[0] = 1;
      // @ts-expect-error there is no such argument
      args.missing;
      return args.rate;
    },
    { args: { rate: 1.5, weights: new Float32Array(3), model: { names: ["a", "b"] } } },
  );
  expectTypeOf(parts).toEqualTypeOf<number[]>();
});

test("args: undefined where none are given", async () => {
  await executor.mapShared(x, (_view, { args }) => {
    expectTypeOf(args).toEqualTypeOf<undefined>();
    return 0;
  });
  await executor.mapShared(
    x,
    (_view, { args }) => {
      expectTypeOf(args).toEqualTypeOf<undefined>();
      return 0;
    },
    { chunkSize: 10 },
  );
});

test("shared: the context of every call has it, read-only throughout", async () => {
  const shared = { table: x, names: ["a"] };
  await executor.mapShared(
    n,
    (_view, context) => {
      expectTypeOf(context.shared.table).toEqualTypeOf<ReadOnly<Float64Array>>();
      // @ts-expect-error arrays are read-only
      context.shared.table[0] = 1;
      // @ts-expect-error there is no such array
      context.shared.missing;
      return context.shared.names.length;
    },
    { shared },
  );
  await executor.transformShared({ x }, Float64Array, (_view, out, context) => out.set(context.shared), {
    shared: x,
  });
  const sum = (a: number, b: number) => a + b;
  await executor.reduceShared(x, (_view, context) => context.shared.table[0] ?? 0, sum, {
    shared,
    initial: 0,
  });
  executor.streamShared(x, (_view, context) => context.shared.table.length, { shared });
  executor.explain(x, (_view, context) => context.shared.table.length, { shared });
  await executor.map(
    [1],
    (_item, given, context) => {
      expectTypeOf(context.shared).toEqualTypeOf(given);
      return 0;
    },
    { shared },
  );
  await executor.mapShared(x, (_view, context) => {
    expectTypeOf(context.shared).toEqualTypeOf<Record<never, never>>();
    return 0;
  });
});

test("args: those that the kernel declares are those that are given", async () => {
  const kernel = (view: ReadOnly<Float64Array>, { args }: KernelContext<{ rate: number }>) => {
    return view.length * args.rate;
  };
  await executor.mapShared(x, kernel, { args: { rate: 2 } });
  // @ts-expect-error a rate is a number
  await executor.mapShared(x, kernel, { args: { rate: "2" } });
  // @ts-expect-error the rate is missing
  await executor.mapShared(x, kernel, { args: {} });
});

test("args: a kernel that declares some can be called without any", async () => {
  const kernel = (view: ReadOnly<Float64Array>, { args }: KernelContext<{ rate: number }>) => {
    return view.length * args.rate;
  };
  // WANTED: both should be refused, as `args` is undefined in the kernel.
  await executor.mapShared(x, kernel);
  await executor.mapShared(x, kernel, { chunkSize: 3 });
});

test("kernels that are declared elsewhere fit", async () => {
  const rms = defineKernel(import.meta.url, "rms", (view: ReadOnly<Float64Array>) => Math.sqrt(view.length));
  expectTypeOf(rms).toEqualTypeOf<(view: ReadOnly<Float64Array>) => number>();
  expectTypeOf(await executor.mapShared(x, rms)).toEqualTypeOf<number[]>();
  expectTypeOf(await executor.mapShared([x], rms)).toEqualTypeOf<[number]>();
  expectTypeOf(await executor.mapShared(executor.share(x), rms)).toEqualTypeOf<number[]>();
  // A kernel of its own may be called on a plain array, which can be written but need not be.
  expectTypeOf(rms(x)).toEqualTypeOf<number>();
  // @ts-expect-error other elements
  await executor.mapShared(big, rms);
  // @ts-expect-error one array is no record
  await executor.mapShared({ x }, rms);
  const generic = (view: ReadOnly<TypedArray>) => view.length;
  await executor.mapShared(x, generic);
  await executor.mapShared([x, big], generic);
});

test("a kernel that wants to write does not fit", async () => {
  const wild = (view: Float64Array) => view.fill(0).length;
  // @ts-expect-error inputs are read-only
  await executor.mapShared(x, wild);
});

test("transformShared with named outputs: writable views, shared arrays back", async () => {
  const result = await executor.transformShared(
    { price: x, qty: n },
    { revenue: Float64Array, count: BigInt64Array },
    ({ price, qty }, out, { args, start }) => {
      expectTypeOf(price).toEqualTypeOf<ReadOnly<Float64Array>>();
      expectTypeOf(out.revenue).toEqualTypeOf<Float64Array>();
      expectTypeOf(out.count).toEqualTypeOf<BigInt64Array>();
      expectTypeOf(args.rate).toEqualTypeOf<number>();
      out.revenue[0] = price[0]! * qty[0]! * args.rate + start;
      out.count.fill(1n);
      // @ts-expect-error inputs are read-only
      price[0] = 1;
      // @ts-expect-error inputs are read-only
      qty.fill(0);
      // @ts-expect-error views are filled, not replaced
      out.revenue = new Float64Array(1);
      // @ts-expect-error bigints have no fraction
      out.count[0] = 1.5;
    },
    { args: { rate: 2 } },
  );
  expectTypeOf(result.revenue).toEqualTypeOf<Float64Array<SharedArrayBuffer>>();
  expectTypeOf(result.count).toEqualTypeOf<BigInt64Array<SharedArrayBuffer>>();
  // @ts-expect-error there is no such output
  result.missing;
});

test("transformShared with a bare constructor", async () => {
  const doubled = await executor.transformShared(x, Float32Array, (view, out) => {
    expectTypeOf(view).toEqualTypeOf<ReadOnly<Float64Array>>();
    expectTypeOf(out).toEqualTypeOf<Float32Array>();
    for (let i = 0; i < view.length; i++) out[i] = 2 * view[i]!;
  });
  expectTypeOf(doubled).toEqualTypeOf<Float32Array<SharedArrayBuffer>>();
  await executor.transformShared(x, Float32Array, async (view, out) => {
    out.set(view);
  });
});

test("transformShared into arrays of the caller's, and rows of several elements", async () => {
  const existing = executor.share(n);
  const result = await executor.transformShared(
    x,
    { existing, rgba: { type: Uint8ClampedArray, per: 4 } },
    (_view, out) => {
      expectTypeOf(out.existing).toEqualTypeOf<Int32Array>();
      expectTypeOf(out.rgba).toEqualTypeOf<Uint8ClampedArray>();
    },
    { idempotent: true },
  );
  expectTypeOf(result.existing).toEqualTypeOf<Int32Array<SharedArrayBuffer>>();
  expectTypeOf(result.rgba).toEqualTypeOf<Uint8ClampedArray<SharedArrayBuffer>>();
  const inPlace = await executor.transformShared(existing, existing, (view, out) => out.set(view));
  expectTypeOf(inPlace).toEqualTypeOf<Int32Array<SharedArrayBuffer>>();
  const bare = await executor.transformShared(x, { type: Float32Array, per: 2 }, (_view, out) => {
    expectTypeOf(out).toEqualTypeOf<Float32Array>();
  });
  expectTypeOf(bare).toEqualTypeOf<Float32Array<SharedArrayBuffer>>();
  // @ts-expect-error a width is a number
  await executor.transformShared(x, { y: { type: Float32Array, per: "2" } }, () => {});
});

test("transformShared of a count of rows: no view", async () => {
  const rows = await executor.transformShared(100, { y: Float64Array }, (view, out, { start }) => {
    expectTypeOf(view).toEqualTypeOf<undefined>();
    out.y[0] = start;
  });
  expectTypeOf(rows).toEqualTypeOf<{ y: Float64Array<SharedArrayBuffer> }>();
});

test("a count of rows in the other calls: no view, the task's range", async () => {
  const parts = await executor.mapShared(100, (view, { start, end }) => {
    expectTypeOf(view).toEqualTypeOf<undefined>();
    return end - start;
  });
  expectTypeOf(parts).toEqualTypeOf<number[]>();
  const sum = await executor.reduceShared(
    100,
    (_, { start }) => start,
    (a, b) => a + b,
  );
  expectTypeOf(sum).toEqualTypeOf<number>();
  for await (const { value } of executor.streamShared(100, (_, { index }) => index)) {
    expectTypeOf(value).toEqualTypeOf<number>();
  }
  expectTypeOf(executor.explain(100, () => 1)).toEqualTypeOf<Plan>();
  // @ts-expect-error a count of rows is no array
  executor.share(100);
});

test("neighbours: a number, or both sides, and rows", async () => {
  await executor.mapShared(x, (_view, { before, after }) => before + after, { halo: 2, rowLength: 10 });
  await executor.transformShared(x, Float64Array, () => {}, { halo: { before: 499 } });
  // @ts-expect-error there are two sides
  await executor.mapShared(x, () => 0, { halo: { above: 1 } });
  // @ts-expect-error items have no neighbours
  await executor.map([1], () => 0, { halo: 1 });
});

test("collectShared: rows whose number the kernel returns", async () => {
  const { price, pair } = await executor.collectShared(
    { x },
    { price: Float64Array, pair: { type: Int32Array, per: 2 } },
    ({ x: view }, { price, pair }, { args }) => {
      expectTypeOf(view).toEqualTypeOf<ReadOnly<Float64Array>>();
      expectTypeOf(price).toEqualTypeOf<Float64Array>();
      expectTypeOf(pair).toEqualTypeOf<Int32Array>();
      return args;
    },
    { capacity: 10, args: 5 },
  );
  expectTypeOf(price).toEqualTypeOf<Float64Array<SharedArrayBuffer>>();
  expectTypeOf(pair).toEqualTypeOf<Int32Array<SharedArrayBuffer>>();
  await executor.collectShared(10, Float64Array, async () => 0);
  // @ts-expect-error the kernel returns a count
  await executor.collectShared(x, Float64Array, () => {});
  // @ts-expect-error the length of an array is fixed
  await executor.collectShared(x, executor.share(x), () => 0);
});

test("writable: kernels find the arrays in what is shared, and may write just these", async () => {
  const raster = executor.allocate(Uint8Array, 10);
  await executor.map(
    [1],
    (item, { raster, table }, context) => {
      raster[item] = 1;
      expectTypeOf(context.shared.raster).toEqualTypeOf<Uint8Array<SharedArrayBuffer>>();
      // @ts-expect-error what is shared besides is read-only
      table[0] = 1;
    },
    { writable: { raster }, shared: { table: x }, idempotent: true },
  );
  await executor.mapShared(x, (_view, { shared }) => shared.raster.fill(1).length, { writable: { raster } });
  // @ts-expect-error it must be on shared memory
  await executor.map([1], () => 0, { writable: { raster: new Uint8Array(10) } });
});

test("streamShared in order", async () => {
  executor.streamShared(x, () => 0, { ordered: true });
  // @ts-expect-error only a stream has an order to choose
  await executor.mapShared(x, () => 0, { ordered: true });
});

test("mapInto: the item, what is shared, outputs, the context", async () => {
  const { id } = await executor.mapInto(
    [{ seed: 1 }],
    { id: { type: Int32Array, per: 10 }, distance: Float32Array },
    (item, { base }, { id, distance }, { args }) => {
      expectTypeOf(item.seed).toEqualTypeOf<number>();
      expectTypeOf(base).toEqualTypeOf<ReadOnly<Float64Array>>();
      expectTypeOf(id).toEqualTypeOf<Int32Array>();
      expectTypeOf(distance).toEqualTypeOf<Float32Array>();
      expectTypeOf(args).toEqualTypeOf<number>();
      // @ts-expect-error items are read-only
      item.seed = 2;
    },
    { shared: { base: x }, args: 5 },
  );
  expectTypeOf(id).toEqualTypeOf<Int32Array<SharedArrayBuffer>>();
  // @ts-expect-error items are not cut
  await executor.mapInto([1], Float64Array, () => {}, { chunkSize: 1 });
});

test("transformShared ignores what the kernel returns", async () => {
  await executor.transformShared(x, Float64Array, (view, out) => out.set(view));
  await executor.transformShared(x, Float64Array, (_view, out) => out.fill(1));
  await executor.transformShared(x, Float64Array, async (_view, out) => out.fill(1));
});

test("transformShared refuses what it cannot do", async () => {
  // @ts-expect-error arrays are no constructors
  await executor.transformShared(x, new Float64Array(3), () => {});
  // @ts-expect-error arrays are no constructors, by name neither
  await executor.transformShared(x, { y: new Float64Array(3) }, () => {});
  // @ts-expect-error no typed-array constructor
  await executor.transformShared(x, Array, () => {});
  // @ts-expect-error no typed-array constructor
  await executor.transformShared(x, { y: DataView }, () => {});
  // @ts-expect-error a list has no outputs of its length
  await executor.transformShared([x], Float64Array, () => {});
});

test("reduceShared: combine takes and gives partials", async () => {
  const total = await executor.reduceShared(
    x,
    (view) => view.length,
    (a, b) => {
      expectTypeOf(a).toEqualTypeOf<number>();
      expectTypeOf(b).toEqualTypeOf<number>();
      return a + b;
    },
  );
  expectTypeOf(total).toEqualTypeOf<number>();
  const stats = await executor.reduceShared(
    { x },
    async ({ x: view }, { args }) => ({ count: view.length * args.by, max: view[0] ?? 0 }),
    (a, b) => {
      expectTypeOf(a).toEqualTypeOf<{ count: number; max: number }>();
      return { count: a.count + b.count, max: Math.max(a.max, b.max) };
    },
    { args: { by: 2 }, initial: { count: 0, max: Number.NEGATIVE_INFINITY } },
  );
  expectTypeOf(stats).toEqualTypeOf<{ count: number; max: number }>();
  await executor.reduceShared(
    x,
    (view) => view.length,
    // @ts-expect-error combine must give a partial
    (a, b) => String(a + b),
  );
  await executor.reduceShared(
    x,
    // @ts-expect-error the initial value is a partial; the compiler says so here
    (view) => view.length,
    (a, b) => a + b,
    { initial: "0" },
  );
});

test("reduceShared: combine gives its partial at once; no initial value may be said so", async () => {
  await executor.reduceShared(
    x,
    (view) => view.length,
    // @ts-expect-error combine is not awaited
    async (a, b) => a + b,
  );
  const initial = x[9];
  const most = await executor.reduceShared(x, (view) => view.length, Math.max, { initial });
  expectTypeOf(most).toEqualTypeOf<number>();
});

test("map: items of any kind", async () => {
  expectTypeOf(await executor.map(x, (item) => item)).toEqualTypeOf<number[]>();
  expectTypeOf(await executor.map(new Set(["a"]), (item) => item)).toEqualTypeOf<string[]>();
  expectTypeOf(await executor.map([1, 2].values(), (item) => item)).toEqualTypeOf<number[]>();
  // @ts-expect-error text is not a list of items
  await executor.map("abc", (item) => item);
  // @ts-expect-error items are not cut
  await executor.map([1], (item) => item, { chunkSize: 2 });
});

test("reduceShared with a literal initial value", async () => {
  const total = await executor.reduceShared(
    x,
    (view) => view.length,
    (a, b) => a + b,
    { initial: 0 },
  );
  expectTypeOf(total).toEqualTypeOf<number>();
});

test("map: item, shared and args", async () => {
  const scores = await executor.map(
    [{ seed: 1, tags: ["a"] }],
    (item, { delays, table }, { args, index }) => {
      expectTypeOf(item.seed).toEqualTypeOf<number>();
      expectTypeOf(item.tags).toEqualTypeOf<readonly string[]>();
      expectTypeOf(delays).toEqualTypeOf<ReadOnly<Float64Array>>();
      expectTypeOf(table.codes).toEqualTypeOf<ReadOnly<Int32Array>>();
      expectTypeOf(args.rate).toEqualTypeOf<number>();
      // @ts-expect-error items are read-only
      item.seed = 2;
      // @ts-expect-error what is shared is read-only
      delays[0] = 1;
      // @ts-expect-error at every depth
      table.codes.fill(0);
      return index + args.rate + item.seed;
    },
    { shared: { delays: x, table: { codes: n } }, args: { rate: 2 } },
  );
  expectTypeOf(scores).toEqualTypeOf<number[]>();
});

test("map without options", async () => {
  const names = await executor.map([1, 2, 3], async (item, _shared, { args }) => {
    expectTypeOf(item).toEqualTypeOf<number>();
    expectTypeOf(args).toEqualTypeOf<undefined>();
    return String(item);
  });
  expectTypeOf(names).toEqualTypeOf<string[]>();
  // @ts-expect-error nothing is shared
  await executor.map([1], (_item, { delays }) => delays);
  const fixed = await executor.map(["a", "b"] as const, (item) => {
    expectTypeOf(item).toEqualTypeOf<"a" | "b">();
    return item;
  });
  expectTypeOf(fixed).toExtend<readonly ("a" | "b")[]>();
});

test("streamShared: index and value", async () => {
  const stream = executor.streamShared(
    [x, x],
    async (array, { args }) => ({ mean: array.length * args.by }),
    { args: { by: 2 } },
  );
  expectTypeOf(stream).toEqualTypeOf<AsyncIterable<StreamedResult<{ mean: number }>>>();
  for await (const { index, value } of stream) {
    expectTypeOf(index).toEqualTypeOf<number>();
    expectTypeOf(value).toEqualTypeOf<{ mean: number }>();
  }
});

test("share keeps the shape, on shared memory", () => {
  expectTypeOf(executor.share(x)).toEqualTypeOf<Float64Array<SharedArrayBuffer>>();
  const columns = executor.share({ price: x, qty: n });
  expectTypeOf(columns).toEqualTypeOf<{
    price: Float64Array<SharedArrayBuffer>;
    qty: Int32Array<SharedArrayBuffer>;
  }>();
  const [first, second] = executor.share([x, n]);
  expectTypeOf(first).toEqualTypeOf<Float64Array<SharedArrayBuffer>>();
  expectTypeOf(second).toEqualTypeOf<Int32Array<SharedArrayBuffer>>();
  expectTypeOf(executor.share([x] as Float64Array[])).toEqualTypeOf<Float64Array<SharedArrayBuffer>[]>();
  expectTypeOf(executor.share(executor.share(x))).toEqualTypeOf<Float64Array<SharedArrayBuffer>>();
  expectTypeOf(executor.share(Buffer.from("a"))).toEqualTypeOf<Uint8Array<SharedArrayBuffer>>();
  columns.price[0] = 1;
  // @ts-expect-error numbers are no arrays
  executor.share([1, 2]);
  // @ts-expect-error numbers are no columns
  executor.share({ x, y: 3 });
  // @ts-expect-error a DataView is no typed array
  executor.share(new DataView(new ArrayBuffer(8)));
});

test("allocate gives the kind that it was asked for", () => {
  expectTypeOf(executor.allocate(Float64Array, 10)).toEqualTypeOf<Float64Array<SharedArrayBuffer>>();
  expectTypeOf(executor.allocate(Uint8ClampedArray, 10)).toEqualTypeOf<
    Uint8ClampedArray<SharedArrayBuffer>
  >();
  expectTypeOf(executor.allocate(BigUint64Array, 10)).toEqualTypeOf<BigUint64Array<SharedArrayBuffer>>();
  // @ts-expect-error no typed-array constructor
  executor.allocate(Array, 10);
  // @ts-expect-error a length is a number
  executor.allocate(Float64Array, "10");
});

test("explain gives a plan", () => {
  const plan = executor.explain({ x }, (_views, { args }) => args.rate, { args: { rate: 1 } });
  expectTypeOf(plan).toEqualTypeOf<Plan>();
  expectTypeOf(plan.strategy).toEqualTypeOf<"sequential" | "threads" | "processes">();
  // @ts-expect-error plans are frozen
  plan.strategy = "threads";
});

test("options: what is not known is refused", async () => {
  const kernel = (view: ReadOnly<Float64Array>) => view.length;
  // @ts-expect-error no such option
  await executor.mapShared(x, kernel, { chunksize: 10 });
  // @ts-expect-error no such strategy
  await executor.mapShared(x, kernel, { strategy: "process" });
  // @ts-expect-error a size is a number
  await executor.mapShared(x, kernel, { chunkSize: "10" });
  // @ts-expect-error no signal
  await executor.mapShared(x, kernel, { signal: new AbortController() });
  await executor.mapShared(x, kernel, { shared: { x } });
  // @ts-expect-error only reduceShared has an initial value
  await executor.mapShared(x, kernel, { initial: 0 });
  await executor.mapShared(x, kernel, {
    strategy: "threads",
    chunkSize: 10,
    taskSizeHintBytes: 1000,
    signal: AbortSignal.timeout(10),
    onProgress: ({ completed, total, rate, eta }) => {
      expectTypeOf([completed, total, rate, eta]).toEqualTypeOf<number[]>();
    },
  });
});

test("payloads: what is no payload is refused", async () => {
  // @ts-expect-error numbers
  await executor.mapShared([1, 2], () => 0);
  // @ts-expect-error a buffer
  await executor.mapShared(new ArrayBuffer(8), () => 0);
  // @ts-expect-error a column that is no array
  await executor.mapShared({ x, y: [1] }, () => 0);
  // @ts-expect-error text
  await executor.mapShared("x", () => 0);
});

test("captured variables: parameters and results are inferred as without", async () => {
  const rate: number = 2;
  const scale = (value: number) => value * rate;
  const scaled = await executor.map([1, 2], (item) => {
    expectTypeOf(item).toEqualTypeOf<number>();
    return scale(item) + rate;
  });
  expectTypeOf(scaled).toEqualTypeOf<number[]>();
  const means = await executor.mapShared(
    { x, n },
    ({ x, n }, { args }) => {
      expectTypeOf(x).toEqualTypeOf<ReadOnly<Float64Array>>();
      expectTypeOf(args).toEqualTypeOf<number>();
      return [scale(x.length), n.length + args];
    },
    { captures: "copy", args: 3, seed: 1 },
  );
  expectTypeOf(means).toEqualTypeOf<number[][]>();
  await executor.map([1], scale, { captures: "error" });
  // @ts-expect-error no such way
  await executor.map([1], scale, { captures: "move" });
  // @ts-expect-error a seed is a number
  await executor.map([1], scale, { seed: 1n });
});

test("context: random numbers and work arrays", async () => {
  await executor.mapShared(x, (_view, { rng, scratch }) => {
    expectTypeOf(rng(1)).toEqualTypeOf<number>();
    expectTypeOf(rng(1, 2)).toEqualTypeOf<number>();
    expectTypeOf(rng.normal(1)).toEqualTypeOf<number>();
    expectTypeOf(scratch(Float32Array, 3)).toExtend<Float32Array>();
    expectTypeOf(scratch(BigInt64Array, 3)).toExtend<BigInt64Array>();
    // @ts-expect-error no kind of arrays
    scratch(Array, 3);
    // @ts-expect-error a length is needed
    scratch(Float32Array);
  });
  expectTypeOf(await executor.replay(new Error())).toEqualTypeOf<unknown>();
});

test("submit: item, shared, result", async () => {
  const job = executor.submit(
    { at: 1, name: "a" },
    (item, { table }, { args }) => {
      expectTypeOf(item.at).toEqualTypeOf<number>();
      expectTypeOf(table).toEqualTypeOf<ReadOnly<Float64Array<SharedArrayBuffer>>>();
      expectTypeOf(args).toEqualTypeOf<string>();
      return [item.name, item.at] as const;
    },
    {
      shared: { table: executor.allocate(Float64Array, 3) },
      args: "b",
      priority: 1,
      latest: "view",
      maxPending: 10,
    },
  );
  expectTypeOf(job).toEqualTypeOf<SingleJob<readonly [string, number]>>();
  expectTypeOf(await job).toEqualTypeOf<readonly [string, number]>();
  expectTypeOf(executor.submit(1, async (x) => x > 0)).toEqualTypeOf<SingleJob<boolean>>();
  expectTypeOf(executor.pending).toEqualTypeOf<number>();
  job.priority = 2;
  job.cancel();
  job.cancel(new Error("enough"));
  // @ts-expect-error a priority is a number
  job.priority = "high";
  // @ts-expect-error items are not cut
  executor.submit(1, (x) => x, { chunkSize: 4 });
  // @ts-expect-error one job has no progress
  executor.submit(1, (x) => x, { onProgress: () => {} });
  const log = executor.allocate(Int32Array, 1);
  // What is writable can be written, and nothing else.
  executor.submit(1, (x, { log }) => Atomics.add(log, 0, x), { writable: { log } });
});

test("streamShared over sources: what a batch is, the kernel sees", async () => {
  async function* arrays(): AsyncGenerator<Float64Array> {
    yield x;
  }
  const stream = executor.streamShared(
    arrays(),
    (array, { index }) => {
      expectTypeOf(array).toEqualTypeOf<ReadOnly<Float64Array>>();
      return `${index}`;
    },
    { ordered: true },
  );
  expectTypeOf(stream).toEqualTypeOf<AsyncIterable<StreamedResult<string>>>();
  function* columns(): Generator<{ price: Float64Array; id: Int32Array }> {
    yield { price: x, id: n };
  }
  executor.streamShared(columns(), ({ price, id }) => {
    expectTypeOf(price).toEqualTypeOf<ReadOnly<Float64Array>>();
    expectTypeOf(id).toEqualTypeOf<ReadOnly<Int32Array>>();
  });
  executor.streamShared(new Set([[x, x], [x]]), (array) => {
    expectTypeOf(array).toEqualTypeOf<ReadOnly<Float64Array>>();
  });
  executor.streamShared(new Set([[{ n }]]), ({ n }) => {
    expectTypeOf(n).toEqualTypeOf<ReadOnly<Int32Array>>();
  });
  // @ts-expect-error: what a source gives is not cut
  executor.streamShared(arrays(), () => 1, { chunkSize: 3 });
  // @ts-expect-error: text is no batch
  executor.streamShared(new Set(["text"]), () => 1);
});

test("iterateShared: a state like the input, which the kernel reads, and the next one, which it writes", async () => {
  const { u, n } = await executor.iterateShared(
    { u: new Float32Array(4), n: new Int32Array(4) },
    ({ u, n }, next, { pass, args, shared }) => {
      expectTypeOf(u).toEqualTypeOf<ReadOnly<Float32Array<ArrayBuffer>>>();
      expectTypeOf(next.n).toEqualTypeOf<Int32Array>();
      expectTypeOf(pass).toEqualTypeOf<number>();
      next.u.set(u as unknown as Float32Array);
      return args + shared.q.length + n.length;
    },
    { passes: 3, tolerance: 0.1, args: 5, shared: { q: new Uint8Array(1) } },
  );
  expectTypeOf(u).toEqualTypeOf<Float32Array<SharedArrayBuffer>>();
  expectTypeOf(n).toEqualTypeOf<Int32Array<SharedArrayBuffer>>();
  expectTypeOf(executor.iterateShared(x, (_, next) => next.fill(1), { passes: 1 })).resolves.toEqualTypeOf<
    Float64Array<SharedArrayBuffer>
  >();
  // @ts-expect-error how many passes?
  await executor.iterateShared(x, () => {}, {});
  // @ts-expect-error the state is to be read
  await executor.iterateShared(x, (state) => state.fill(0), { passes: 1 });
  // @ts-expect-error a list has no one length
  await executor.iterateShared([x], () => {}, { passes: 1 });
});
