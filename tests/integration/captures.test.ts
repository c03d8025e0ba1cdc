/** Variables of the scope around an inline kernel, on every strategy, and over the bridge. */
import fc from "fast-check";
import {
  KernelCaptureError,
  KernelError,
  type ParallelExecution,
  ParallelExecutor,
  type Telemetry,
} from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { runClient } from "./bridge.js";
import { halve, level, raise, rate, TABLE } from "./captured-module.js";
import { program, runNode } from "./run.js";

const { weigh } = (await import(program("captured-kernel.js"))) as { weigh: (x: number) => number };

const told: ParallelExecution[] = [];
const telemetry: Telemetry = (event, payload) => {
  if (event === "parallel_execution") told.push(payload);
};
const sequential = new ParallelExecutor({ strategy: "sequential", telemetry });
const threads = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, telemetry });
const automatic = new ParallelExecutor({ maxWorkers: 2, telemetry });
const processes = new ParallelExecutor({ strategy: "processes", maxWorkers: 2, telemetry });
const executors = [
  ["sequential", sequential],
  ["threads", threads],
  ["processes", processes],
  ["auto", automatic],
] as const;
afterAll(() => Promise.all(executors.map(([, executor]) => executor.shutdown())));

/** Whatever is supported: the kernel's parts are made of text, so that every combination of kinds of functions is met. */
const scalar = fc.oneof(
  fc.double(),
  fc.constantFrom(-0, Number.NaN, Infinity, null, undefined, true, false),
  fc.string({ unit: "grapheme" }).filter((text) => text.isWellFormed()),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.date({ noInvalidDate: true }),
);
const numbers = fc.oneof(
  fc.float64Array({ maxLength: 40 }),
  fc.int32Array({ maxLength: 40 }),
  fc.uint8Array({ maxLength: 40 }),
  // Large ones are placed rather than sent inline.
  fc.integer({ min: 8192, max: 20000 }).map((length) => new Float64Array(length).fill(0.5)),
  fc.float64Array({ maxLength: 40 }).map((array) => {
    const shared = new Float64Array(new SharedArrayBuffer(array.byteLength));
    shared.set(array);
    return shared;
  }),
);
const key = fc
  .string({ unit: "grapheme", maxLength: 4 })
  .filter((k) => k !== "__proto__" && k.isWellFormed());
const { data } = fc.letrec<{ data: unknown }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    numbers,
    fc.array(
      tie("data").filter((value) => value !== undefined),
      { maxLength: 4 },
    ),
    fc.dictionary(key, tie("data"), { maxKeys: 4 }),
  ),
}));

/** Functions of text over the variables `v0` to `v3` and `f0` to `f2`, which are declared in scopes of their own. */
const kernels = fc.record({
  values: fc.tuple(data, data, data, data),
  factor: fc.double({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 }),
  style: fc.constantFrom("arrow", "function", "method", "async"),
  inner: fc.constantFrom("arrow", "function", "method"),
  placed: fc.constantFrom("bare", "object", "list"),
  recursive: fc.boolean(),
});

function written(style: string, name: string, parameters: string, body: string): string {
  if (style === "function") return `function ${name}(${parameters}) { return ${body}; }`;
  if (style === "method") return `({ ${name}(${parameters}) { return ${body}; } }).${name}`;
  return `${style === "async" ? "async " : ""}(${parameters}) => ${body}`;
}

type Parts = typeof kernels extends fc.Arbitrary<infer T> ? T : never;

function made({ values, factor, style, inner, placed, recursive }: Parts) {
  const call = { bare: "f1(x)", object: "util.f(x)", list: "list[1](x)" }[placed];
  const self = recursive ? "(x > 2 ? f1(x - 2) : factor)" : "factor";
  return new Function(
    "values",
    "factor",
    `"use strict";
    const [v0, v1] = values;
    let v2 = values[2];
    const f0 = ${written(inner, "f0", "x", "x * factor")};
    const f1 = ${written(inner === "method" ? "arrow" : inner, "f1", "x", `f0(x) + ${self}`)};
    const util = { f: f1, v: values[3], other: [v0] };
    const list = [v1, f1];
    f1.own = { of: [v2 ?? null, v0 ?? null] };
    return ${written(style, "kernel", "x", `[v0, v1, v2, util.v, ${call}, x, f1.own]`)};`,
  )(values, factor) as (x: number) => unknown;
}

test.each(executors)("on %s a kernel gives what it gives in its place", async (_, executor) => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(kernels, async (parts) => {
      const kernel = made(parts);
      const expected = await Promise.all([1, 2, 3].map((x) => kernel(x)));
      expect(await executor.map([1, 2, 3], kernel)).toEqual(expected);
      seen += 1;
    }),
    { numRuns: 60 },
  );
  expect(seen).toBeGreaterThan(40);
});

describe.each(executors)("on %s", (strategy, executor) => {
  test("a let is read when the call is made", async () => {
    let factor = 2;
    const kernel = (x: number): number => x * factor;
    const first = executor.map([1, 2], kernel);
    factor = 10;
    expect(await first).toEqual([2, 4]);
    expect(await executor.map([1, 2], kernel)).toEqual([10, 20]);
  });

  test("each closure of a loop takes its own variable", async () => {
    const calls = [];
    for (let i = 0; i < 5; i++) calls.push(executor.map([1, 2], (x) => x + i));
    expect(await Promise.all(calls)).toEqual([0, 1, 2, 3, 4].map((i) => [1 + i, 2 + i]));
  });

  test("imports travel by value, functions among them by source, module kernels by import", async () => {
    const kernel = (x: number) => [x * rate, level, halve(x), TABLE[x], weigh(x)];
    const expected = [1, 2].map(kernel);
    expect(await executor.map([1, 2], kernel)).toEqual(expected);
    raise();
    expect(await executor.map([1, 2], kernel)).toEqual([1, 2].map(kernel));
    expect([1, 2].map(kernel)).not.toEqual(expected);
  });

  test("built-in functions are those of the worker", async () => {
    const { sqrt, hypot } = Math;
    const [Kind, M] = [Float32Array, Math];
    expect(await executor.map([4, 9], (x) => [sqrt(x), hypot(x, x), M.PI, ...new Kind([x])])).toEqual(
      [4, 9].map((x) => [sqrt(x), hypot(x, x), Math.PI, x]),
    );
  });

  test("functions may call each other", async () => {
    const even = (n: number): boolean => n === 0 || odd(n - 1);
    const odd = (n: number): boolean => n !== 0 && even(n - 1);
    const math = { square: (x: number) => x * x, fourth: (x: number) => math.square(math.square(x)) };
    const count = (x: number): number => (x < 1 ? 0 : 1 + count(x - 1));
    expect(await executor.map([3, 4], (x) => [even(x), odd(x), math.fourth(x), count(x)])).toEqual([
      [false, true, 81, 3],
      [true, false, 256, 4],
    ]);
    expect(await executor.map([3, 4], count)).toEqual([3, 4]);
  });

  test("of an object only what the kernel uses has to travel", async () => {
    const model = { weights: new Float64Array([1, 2, 3]), log: process.stdout };
    expect(await executor.map([0, 1], (i) => model.weights[i])).toEqual([1, 2]);
  });

  test("calls over arrays take variables along, too", async () => {
    const x = new Float64Array(10_000).map((_, i) => i);
    const weights = new Float64Array(10_000).fill(2);
    const offset = 0.5;
    const sums = await executor.mapShared(
      x,
      (view, { start }) => {
        let sum = offset;
        for (let i = 0; i < view.length; i++) sum += (view[i] as number) * (weights[start + i] as number);
        return sum;
      },
      { chunkSize: 2500 },
    );
    expect(sums).toHaveLength(4);
    expect(sums.reduce((a, b) => a + b)).toBe(4 * offset + 9999 * 10_000);
    const out = await executor.transformShared(x, Float64Array, (view, out) => {
      for (let i = 0; i < view.length; i++) out[i] = (view[i] as number) + offset;
    });
    expect(out[3]).toBe(3.5);
    const total = await executor.reduceShared(
      x,
      (view) => view.length * offset,
      (a, b) => a + b,
    );
    expect(total).toBe(5000);
    const streamed: number[] = [];
    for await (const { value } of executor.streamShared(x, (view) => view.length + offset))
      streamed.push(value);
    expect(streamed.reduce((a, b) => a + b)).toBe(10_000 + streamed.length * offset);
  });

  // Children have memory of their own.
  test.skipIf(strategy === "processes")("arrays on shared memory are the same memory", async () => {
    const seen = executor.allocate(Int32Array, 4);
    await executor.map([0, 1, 2], (i) => Atomics.store(seen, i, i + 1));
    expect([...seen]).toEqual([1, 2, 3, 0]);
  });

  test("an array on shared memory is written to, or the strategy has copies of it and refuses", async () => {
    const out = executor.allocate(Int32Array, 3);
    const parts = { out };
    const put = (i: number) => {
      out[i] = i + 1;
    };
    const fill = (array: Int32Array, i: number) => array.fill(i + 1, i, i + 1).length;
    const calls = [
      () =>
        executor.map([0, 1, 2], (i) => {
          out[i] = i + 1;
        }),
      () => executor.map([0, 1, 2], (i) => void out.fill(i + 1, i, i + 1)),
      () => executor.map([0, 1, 2], (i) => void parts.out.fill(i + 1, i, i + 1)),
      () =>
        executor.map([0, 1, 2], (i) => {
          parts.out[i] = i + 1;
        }),
      () => executor.map([0, 1, 2], (i) => put(i)),
      () => executor.map([0, 1, 2], (i) => void fill(out, i)),
      () => executor.map([0, 1, 2], (i) => void Atomics.store(out, i, i + 1)),
    ];
    for (const call of calls) {
      out.fill(0);
      if (strategy === "processes") {
        await expect(call()).rejects.toThrow(
          'Cannot run on strategy "processes" as its tasks would each write to a copy of what is in "writable", or captured',
        );
      } else await call();
      expect([...out]).toEqual(strategy === "processes" ? [0, 0, 0] : [1, 2, 3]);
    }
    // To read it is refused by none.
    out.fill(7);
    expect(await executor.map([0, 1], (i) => out[i])).toEqual([7, 7]);
  });

  test("a plain array is placed once, however many variables hold it", async () => {
    const big = new Float64Array(100_000).fill(1);
    const [a, b] = [big, { same: big }];
    const kernel = (i: number) => (a[i] as number) + (b.same[i] as number);
    await executor.map([1, 2, 3], kernel, { strategy: strategy === "auto" ? "threads" : strategy });
    const { bytesPlaced, capturedBytes } = told.at(-1) as ParallelExecution;
    const isPlaced = strategy === "threads" || strategy === "auto";
    expect(bytesPlaced).toBe(isPlaced ? big.byteLength : 0);
    expect(capturedBytes).toBeGreaterThan(0);
    expect(capturedBytes).toBeLessThan(100);
  });

  test("data is a copy: objects are frozen, as in args, and no kernel reaches the caller's lists", async () => {
    const list = [[1], [2]];
    const model = { rate: { value: 1 } };
    expect(await executor.map([1], () => list.map((each) => each.push(3)))).toEqual([[2, 2]]);
    expect(list).toEqual([[1], [2]]);
    const call = executor.map([1], () => {
      for (const rate of [model.rate]) rate.value = 2;
    });
    await expect(call).rejects.toThrow(KernelError);
  });

  test('captures: "error" refuses every variable', async () => {
    const factor = 2;
    const error = await executor.map([1], (x) => x * factor, { captures: "error" }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(KernelCaptureError);
    expect((error as KernelCaptureError).variables).toEqual(["factor"]);
  });
});

test("a plain array that is captured again and again is named in the advice", async () => {
  const weights = new Float64Array(200_000).fill(1);
  const kernel = (_: number): number => {
    let sum = 0;
    for (let pass = 0; pass < 50; pass++)
      for (let i = 0; i < weights.length; i++) sum += weights[i] as number;
    return sum;
  };
  for (let i = 0; i < 5; i++) await threads.map([1, 2, 3, 4], kernel);
  expect((told.at(-1) as ParallelExecution).advice.join()).toMatch(
    /1\.60 MB were placed 4 times: use executor\.share/,
  );
});

class Model {
  rate = 2;
  fit(x: number): number {
    return x * this.rate;
  }
  #secret = 1;
  static read = (model: Model): number => model.#secret;
}

const cyclic: Record<string, unknown> = {};
cyclic["self"] = { back: cyclic };
let counter = 0;
const histogram = new Float64Array(4);
const list = [1, 2];
const model = new Model();
const point = new (class Point {
  x = 1;
})();
const lazy = {
  deep: [
    {
      get value() {
        return 1;
      },
    },
  ],
};
const withThis = {
  helper: {
    scale(this: { k: number }, x: number) {
      return this.k * x;
    },
  },
};
const bound = ((x: number) => x).bind(null);
const socket = process.stdout;
const symbol = Symbol("s");
const later = (): unknown => withMeta();
const withMeta = (): string => import.meta.url;
const huge = { id: 2n ** 70n };
const outer = (x: number): number => inner(x);
const inner = (x: number): number => model.fit(x);

describe("refused before anything runs, by path:", () => {
  test.each<[string, (x: number) => unknown, string, RegExp]>([
    ["an assignment", () => (counter += 1), "counter", /must not be assigned to/],
    ["an increment", () => counter++, "counter", /must not be assigned to/],
    ["a destructuring assignment", (x) => ([counter] = [x]), "counter", /must not be assigned to/],
    ["writing to an array", (x) => (histogram[0] = x), "histogram", /must not be written to/],
    ["writing by a method", (x) => histogram.fill(x), "histogram", /must not be written to/],
    ["pushing to a list", (x) => list.push(x), "list", /must not be written to/],
    ["a method of an instance", (x) => model.fit(x), "model.fit", /got a method of instance of Model/],
    [
      "a field of an instance with methods",
      () => model.rate,
      "model.fit",
      /got a method of instance of Model/,
    ],
    ["an instance without methods", () => point.x, "point", /got instance of Point/],
    ["a method of an instance, in a captured function", (x) => outer(x), "outer.inner.model.fit", /a method/],
    ["an accessor", () => lazy, "lazy.deep[0].value", /got an accessor/],
    ["a cycle", () => cyclic, "cyclic.self.back", /free of cycles/],
    ["a socket", () => socket.write("x"), "socket.write", /got a method/],
    ["a Map", () => new Map(mapOf()), "mapOf.theMap.get", /got a method of Map/],
    ["this", () => withThis.helper, "withThis.helper.scale", /uses "this"/],
    ["a bound function", (x) => bound(x), "bound", /bound function has no source/],
    ["a private name", () => Model.read(model), "Model", /it is a class/],
    ["import.meta in a captured function", () => later(), "later.withMeta.import.meta", /no worker has/],
    ["a symbol", () => symbol, "symbol", /got a symbol/],
    ["what args refuse", () => huge, "huge", /bigint of at most 64 bits/],
    [
      "what is not there",
      () => (globalThis as never)["x"] ?? (undeclared as unknown),
      "undeclared",
      /is not defined/,
    ],
  ])("%s", async (_, kernel, path, message) => {
    for (const executor of [sequential, threads]) {
      const { submitted } = executor.metrics.snapshot();
      const error = await executor.map([1], kernel).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(KernelCaptureError);
      expect((error as KernelCaptureError).variables).toEqual([path]);
      expect((error as Error).message).toMatch(message);
      expect(executor.metrics.snapshot().submitted).toBe(submitted);
    }
  });
});

const theMap = new Map<string, number>();
const mapOf = (): Map<string, number> => theMap;
declare const undeclared: unknown;

const { allowedNodeEnvironmentFlags: flags } = process;
const PERMISSION = flags.has("--permission") ? "--permission" : "--experimental-permission";

test("what copies may not do is as in place, or refused by its path", async () => {
  const strategies = executors.map(([strategy]) => strategy);
  const { stdout, stderr } = await runNode([program("hostile-closures.mjs"), ...strategies]);
  expect(stderr).toBe("");
  const { tried, wrong } = JSON.parse(stdout) as { readonly tried: number; readonly wrong: unknown[] };
  expect(wrong).toEqual([]);
  expect(tried).toBeGreaterThan(200);
});

test("closures that compilers write, and people, are as in place, or refused by their paths", async () => {
  const strategies = executors.map(([strategy]) => strategy);
  const { stdout, stderr } = await runNode([program("strange-closures.mjs"), ...strategies]);
  expect(stderr).toBe("");
  const { tried, wrong } = JSON.parse(stdout) as { readonly tried: number; readonly wrong: unknown[] };
  expect(wrong).toEqual([]);
  expect(tried).toBeGreaterThan(190);
});

test.each(executors)(
  "on %s a closure that is called for long gives what it gives in its place",
  async (_, executor) => {
    let offset = 1;
    const steady = { offset: 1 };
    const tools = { scale: (x: number): number => x * steady.offset };
    const reads = (x: number): number => x + offset;
    const kept = (x: number): number => tools.scale(x) + steady.offset;
    // By then nobody asks the inspector any more (docs/decisions/0012).
    for (let i = 0; i < 150; i++) await Promise.all([executor.map([1], reads), executor.map([1], kept)]);
    offset = 7;
    steady.offset = 5;
    expect(await executor.map([1, 2], reads)).toEqual([1, 2].map(reads));
    expect(await executor.map([1, 2], kept)).toEqual([10, 15]);
    tools.scale = (x) => x - 100 + offset;
    expect(await executor.map([1, 2], kept)).toEqual([1, 2].map(kept));
  },
);

test.each([
  ["the inspector is asked no more", [], 0],
  ["is asked on if a debugger is attached", ["--inspect=0"], 1],
  ["is asked on by other threads than the main one", ["thread"], 1],
])(
  "of closures that are called often %s, and none of their code runs in its place",
  async (_, flags, sessions) => {
    const [first = ""] = flags;
    const file = program("called-often.mjs");
    const { stdout, stderr } = await runNode(first.startsWith("-") ? [first, file] : [file, ...flags]);
    if (!first.startsWith("-")) expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      arrow: [sessions, true, 0],
      named: [sessions, true, 0],
      method: [sessions, true, 0],
      changing: [sessions, true, 0],
      // Its second default value is not needed.
      patterns: [sessions, true, 2],
    });
  },
);

test("a client of another thread reads its own closures", async () => {
  const seen = await runClient<unknown>(threads, "captures");
  expect(seen).toEqual({ values: [7, 9, 11], refused: ["model.fit"], failed: [true, true] });
});

test.each([
  ["a debugger", ["--inspect=0"]],
  ["the permission model", [PERMISSION, "--allow-fs-read=*", "--allow-worker"]],
])("under %s a variable is copied, or refused by its name", async (_, flags) => {
  const { code, stdout, stderr } = await runNode([...flags, program("captures.mjs")]);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const seen: unknown = JSON.parse(stdout);
  expect([{ values: [3, 5] }, { refused: ["factor"] }]).toContainEqual(seen);
});
