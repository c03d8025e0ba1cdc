/** A kernel may break what JavaScript brings along: the calls after it, and its own, come out right all the same. */
import { isDeepStrictEqual } from "node:util";
import { KernelError, ParallelExecutor } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { breaking, builtIns, WAYS } from "./built-ins.js";
import { facts, program, runNode } from "./run.js";

// One worker, so that the next call meets it.
const create = (): ParallelExecutor => new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
const x = Float64Array.from({ length: 100 }, (_, i) => i);
const named = [1, 2].map((id) => ({ id, name: `n${id}`, list: [id, { deep: [id] }] }));

/** Ordinary calls of every kind, with what they give. */
const ORDINARY: Readonly<
  Record<string, readonly [(executor: ParallelExecutor) => Promise<unknown>, unknown]>
> = {
  numbers: [(executor) => executor.map([1, 2, 3], (item) => 2 * item), [2, 4, 6]],
  "objects of all sorts": [
    (executor) =>
      executor.map(named, (item) => ({
        ...item,
        set: new Set([item.id]),
        map: new Map([[item.name, item.list]]),
        array: Float64Array.of(item.id),
        date: new Date(item.id),
        text: item.name.toUpperCase().padStart(4, "-").split(""),
        nothing: null,
      })),
    named.map((item) => ({
      ...item,
      set: new Set([item.id]),
      map: new Map([[item.name, item.list]]),
      array: Float64Array.of(item.id),
      date: new Date(item.id),
      text: ["-", "-", "N", String(item.id)],
      nothing: null,
    })),
  ],
  "a map over columns": [
    (executor) =>
      executor.mapShared(
        { x },
        (view, { args, start, end }) => ({ sum: view.x.reduce((a, b) => a + b, args.from), start, end }),
        { chunkSize: 50, args: { from: 3, list: ["a", 1n] } },
      ),
    [
      { sum: 3 + 1225, start: 0, end: 50 },
      { sum: 3 + 3725, start: 50, end: 100 },
    ],
  ],
  "a transform": [
    async (executor) =>
      Array.from(
        await executor.transformShared(
          x,
          Float32Array,
          (view, out) => {
            for (let i = 0; i < view.length; i++) out[i] = Math.max(view[i] as number, 50) + Math.min(1, 2);
          },
          { chunkSize: 30 },
        ),
      ),
    Array.from(x, (value) => Math.max(value, 50) + 1),
  ],
  "a sum": [
    (executor) =>
      executor.reduceShared(
        x,
        (view) => view.reduce((a, b) => a + b),
        (a, b) => a + b,
        { chunkSize: 10 },
      ),
    4950,
  ],
  "a stream": [
    async (executor) => {
      const values: unknown[] = [];
      const stream = executor.streamShared(x, (view, { index }) => [index, view[0]], { chunkSize: 25 });
      for await (const { index, value } of stream) values[index] = value;
      return values;
    },
    [
      [0, 0],
      [1, 25],
      [2, 50],
      [3, 75],
    ],
  ],
  "a shared payload": [
    (executor) => executor.map([1n, 2n], (item, { x }) => [item + 1n, x.length], { shared: { x } }),
    [
      [2n, 100],
      [3n, 100],
    ],
  ],
  "async tasks": [
    (executor) =>
      executor.map([1, 2], async (item) => {
        await null;
        return { item };
      }),
    [{ item: 1 }, { item: 2 }],
  ],
  "an error": [
    async (executor) => {
      const call = executor.map([1, 2], (item) => {
        if (item === 2) throw Object.assign(new RangeError("two", { cause: "why" }), { item });
        return item;
      });
      const { index, cause } = (await call.catch((error: unknown) => error)) as KernelError & {
        cause: Error;
      };
      return [index, cause.name, cause.message, cause.cause, { ...cause }];
    },
    [1, "RangeError", "two", "why", { item: 2 }],
  ],
};

/** A bound for failures: what takes longer hangs. */
async function within<T>(call: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it hangs")), 20_000);
  });
  return Promise.race([call, late]).finally(() => clearTimeout(timer));
}

/** @returns what does not come out right */
async function wrongIn(executor: ParallelExecutor): Promise<string[]> {
  const wrong: string[] = [];
  for (const [name, [call, expected]] of Object.entries(ORDINARY)) {
    const value = await within(call(executor)).catch((error: unknown) => String(error));
    if (!isDeepStrictEqual(value, expected)) wrong.push(`${name}: ${JSON.stringify(value)}`);
  }
  return wrong;
}

const executor = create();
afterAll(() => executor.shutdown());

test("ordinary calls give the expected results", async () => {
  expect(await wrongIn(executor)).toEqual([]);
});

describe.each(WAYS)("replaced, one at a time (%s)", (way) => {
  test("leaves calls right", { timeout: 300_000 }, async () => {
    const wrong: string[] = [];
    let broken = 0;
    let own = create();
    for (const path of builtIns()) {
      const name = path.join(".");
      const values = await within(own.map([0, 1, 2], breaking, { args: { path, way } })).catch(String);
      if (values[1] === true) broken += 1;
      else if (values[1] !== false) wrong.push(`${name}: ${values}`);
      const after = await wrongIn(own);
      wrong.push(...after.map((each) => `${name}: ${each}`));
      if (after.length === 0) continue;
      void own.shutdown({ deadline: 0 });
      own = create();
    }
    await own.shutdown();
    expect(wrong).toEqual([]);
    expect(broken).toBeGreaterThan(500);
  });
});

type Kernel = (item: number) => unknown;

describe("a kernel that", () => {
  test.each<[string, Kernel]>([
    [
      "breaks in a microtask after its task",
      (item) => {
        void Promise.resolve().then(() => {
          Array.prototype.push = () => 0;
          Map.prototype.set = () => new Map();
        });
        return item;
      },
    ],
    [
      "breaks in a timer after its task",
      (item) => {
        setTimeout(() => {
          Object.keys = () => [];
          Math.min = () => Number.NaN;
        });
        return item;
      },
    ],
    [
      "gives all objects fields",
      (item) => {
        // biome-ignore lint/suspicious/noThenProperty: that is the case.
        Object.assign(Object.prototype, { then: 1, get: 2, set: 3, value: 4, writable: 5 });
        return { item };
      },
    ],
    [
      "has arrays inherit from something else",
      (item) => {
        Object.setPrototypeOf(Array.prototype, { push: null });
        return item;
      },
    ],
    [
      "breaks two things that mend each other",
      (item) => {
        Object.defineProperty = (object) => object;
        Object.getOwnPropertyDescriptor = () => undefined;
        Reflect.ownKeys = () => [];
        return { item };
      },
    ],
  ])("%s leaves calls right", async (_, kernel) => {
    for (let round = 0; round < 3; round++) {
      const values = await within(executor.map([1, 2, 3], kernel));
      expect(values).toHaveLength(3);
      expect(await wrongIn(executor)).toEqual([]);
    }
  });

  test("breaks something for good ends its worker, and the next one is right", async () => {
    const call: Promise<unknown> = executor.map([1], (item) => {
      const property = { value: () => Number.NaN, configurable: false, writable: false };
      Object.defineProperty(Object, "keys", property);
      return { item };
    });
    const error = (await within(call.catch((reason: unknown) => reason))) as Error;
    expect(error).toMatchObject({ code: "SHARRAY_WORKER_LOST" });
    expect(error.message).toContain("A kernel has changed built-in objects of JavaScript");
    expect(await wrongIn(executor)).toEqual([]);
  });

  test("breaks something before it throws is told its own error", async () => {
    const call = executor.map([1], () => {
      Object.keys = () => [];
      Array.prototype.push = () => 0;
      String.prototype.replace = () => "";
      throw Object.assign(new RangeError("own"), { field: 7 });
    });
    const error = (await within(call.catch((reason: unknown) => reason))) as KernelError & { cause: object };
    expect(error).toBeInstanceOf(KernelError);
    expect(error.cause).toMatchObject({ name: "RangeError", message: "own", field: 7 });
    expect(await wrongIn(executor)).toEqual([]);
  });

  test("is in a module may change built-ins when it is imported, and keeps that", async () => {
    expect(await facts("patching.mjs")).toEqual({
      first: ["patched", "patched"],
      inline: ["patched", "patched"],
      again: ["patched", "patched"],
      min: [1, 1],
      started: 1,
    });
  });
});

test("a module kernel that breaks them leaves calls right, even if no text may be compiled", async () => {
  const flag = "--disallow-code-generation-from-strings";
  const { stdout, stderr, code } = await runNode([flag, program("patching.mjs")]);
  expect([stderr, code]).toEqual(["", 0]);
  expect(JSON.parse(stdout)).toMatchObject({ min: [1, 1], again: ["patched", "patched"], started: 1 });
});

describe("on the calling thread, which is the program's own,", () => {
  test.each(["min", "max", "floor"] as const)("a kernel that breaks Math.%s hangs nothing", async (name) => {
    const original = Math[name];
    await using sequential = new ParallelExecutor({ strategy: "sequential" });
    const kernel = new Function(`return (item) => { Math.${name} = () => NaN; return item; }`)() as Kernel;
    try {
      const values = await within(sequential.map([1, 2, 3], kernel));
      expect(values).toEqual([1, 2, 3]);
    } finally {
      Math[name] = original;
    }
  });
});
