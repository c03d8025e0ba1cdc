/** Kernels that misbehave: each call ends in a clear error or in a result, and the next one works. */
import { KernelError, ParallelExecutor, WorkerLostError } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { facts, program, runNode } from "./run.js";

type Kernel = (item: number) => unknown;

const executors: ParallelExecutor[] = [];
afterAll(() => Promise.all(executors.map((executor) => executor.shutdown())));

function create(options: ConstructorParameters<typeof ParallelExecutor>[0]): ParallelExecutor {
  const executor = new ParallelExecutor({ maxWorkers: 2, ...options });
  executors.push(executor);
  return executor;
}

async function failure(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => {
      throw new Error("the call was to fail");
    },
    (thrown: unknown) => thrown as Error,
  );
}

/** Values, errors and chunks come out as they should; several calls, so that each worker has to show it. */
async function expectWorks(executor: ParallelExecutor): Promise<void> {
  const x = Float64Array.from({ length: 40 }, (_, i) => i);
  for (let round = 0; round < 3; round++) {
    const parts = await executor.mapShared(
      x,
      (part, { start, args }) => ({ start, sum: part.reduce((a, b) => a + b, 0), names: args.names.join() }),
      { chunkSize: 10, args: { names: ["a", "b"] } },
    );
    expect(parts.map(({ start, sum, names }) => [start, sum, names])).toEqual([
      [0, 45, "a,b"],
      [10, 145, "a,b"],
      [20, 245, "a,b"],
      [30, 345, "a,b"],
    ]);
    const squares = await executor.map([1, 2, 3, 4], (i) => new Map([[i, new Float64Array([i * i])]]));
    expect(squares.map((square, i) => square.get(i + 1)?.[0])).toEqual([1, 4, 9, 16]);
    // A part of a larger buffer, which is copied.
    const large = await executor.map([1, 2, 3, 4], (i) => new Float64Array(1001).fill(i).subarray(1));
    expect(large.map((part) => part.reduce((a, b) => a + b, 0))).toEqual([1000, 2000, 3000, 4000]);
    const error = (await failure(
      executor.map([1, 2], (i) => {
        if (i === 2) throw Object.assign(new RangeError("innocent"), { i });
      }),
    )) as KernelError;
    expect(error).toMatchObject({ code: "SHARRAY_KERNEL", index: 1, cause: { message: "innocent", i: 2 } });
  }
}

describe.each(["sequential", "threads", "processes"] as const)("%s", (strategy) => {
  const executor = create({ strategy });

  interface Thrown {
    readonly name: string;
    readonly kernel: Kernel;
    /** What `error.cause` looks like. */
    readonly cause: unknown;
  }
  const thrown: readonly Thrown[] = [
    {
      name: "a symbol",
      kernel: () => {
        throw Symbol("s");
      },
      cause: "[Symbol(s)]",
    },
    {
      name: "a bigint",
      kernel: () => {
        throw 10n;
      },
      cause: 10n,
    },
    {
      name: "an object whose getter throws",
      kernel: () => {
        throw {
          get a() {
            throw new Error("getter");
          },
        };
      },
      cause: "[object with keys a]",
    },
    {
      name: "a Proxy of an error",
      kernel: () => {
        throw new Proxy(new RangeError("inside"), {});
      },
      cause: { name: "RangeError", message: "inside" },
    },
    {
      name: "a revoked Proxy",
      kernel: () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        throw proxy;
      },
      cause: "a thrown value that cannot be read",
    },
    {
      name: "an error whose message and stack throw",
      kernel: () => {
        const hostile = {
          get() {
            throw new Error("hostile");
          },
        };
        const error = Object.assign(new TypeError("x"), { code: "E_KEPT" });
        throw Object.defineProperties(error, { stack: hostile, message: hostile });
      },
      cause: { name: "TypeError", message: "[a message that cannot be read]", code: "E_KEPT" },
    },
    {
      name: "an error of 50 MB",
      kernel: () => {
        throw Object.assign(new Error("m".repeat(50_000_000)), { text: "t".repeat(50_000_000) });
      },
      cause: { message: `${"m".repeat(65_536)}...`, text: `${"t".repeat(65_536)}...` },
    },
    {
      name: "an error with 100,000 fields",
      kernel: () => {
        const error = new Error("many");
        for (let i = 0; i < 100_000; i++) (error as unknown as Record<string, number>)[`field${i}`] = i;
        throw error;
      },
      cause: { message: "many", field0: 0, field999: 999 },
    },
    {
      name: "a chain of 1000 causes",
      kernel: () => {
        let error = new Error("0");
        for (let i = 1; i < 1000; i++) error = new Error(String(i), { cause: error });
        throw error;
      },
      cause: { message: "999", cause: { message: "998", cause: { message: "997" } } },
    },
    {
      name: "an AggregateError that holds itself",
      kernel: () => {
        const ring = new AggregateError([new TypeError("a")], "ring");
        ring.errors.push(ring, ring);
        throw ring;
      },
      cause: { name: "AggregateError", message: "ring", errors: expect.arrayContaining([expect.any(Error)]) },
    },
    {
      name: "an error with fields that nothing can clone",
      kernel: () => {
        const node = { ownerDocument: globalThis, listeners: new WeakMap(), click() {} };
        throw Object.assign(new Error("x"), { node, pending: Promise.resolve(1), code: 5 });
      },
      cause: {
        node: "[object with keys ownerDocument, listeners, click]",
        pending: "[Promise]",
        code: 5,
      },
    },
    {
      name: "a DOMException",
      kernel: () => {
        throw new DOMException("not now", "InvalidStateError");
      },
      cause: { name: "InvalidStateError", message: "not now", code: 11 },
    },
    {
      name: "an error too deep to clone",
      kernel: () => {
        const top: Record<string, unknown> = {};
        let at = top;
        for (let i = 0; i < 100_000; i++) {
          at["n"] = {};
          at = at["n"] as Record<string, unknown>;
        }
        throw Object.assign(new Error("deep"), { top });
      },
      cause: { message: "deep", top: "[object with keys n]" },
    },
    {
      name: "too much recursion",
      kernel: () => {
        const recurse = (n: number): number => recurse(n) + 1;
        return recurse(0);
      },
      cause: { name: "RangeError", message: "Maximum call stack size exceeded" },
    },
    {
      name: "later",
      kernel: () => new Promise((_resolve, reject) => setTimeout(reject, 1, new RangeError("later"))),
      cause: { name: "RangeError", message: "later" },
    },
    { name: "undefined, later", kernel: () => Promise.reject(undefined), cause: undefined },
    {
      name: "by a `then` that throws",
      kernel: () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is the case.
        then() {
          throw new Error("then");
        },
      }),
      cause: { message: "then" },
    },
    {
      name: "by a getter of `then`",
      kernel: () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is the case.
        get then() {
          throw new Error("getter");
        },
      }),
      cause: { message: "getter" },
    },
  ];
  test.each(thrown)("thrown: $name", async ({ kernel, cause }) => {
    const error = await failure(executor.map([0], kernel));
    expect(error).toBeInstanceOf(KernelError);
    expect(error).toMatchObject({ code: "SHARRAY_KERNEL", index: 0, start: 0, end: 1 });
    if (typeof cause === "object") expect(error.cause).toMatchObject(cause as object);
    else expect(error.cause).toEqual(cause);
    expect(error.message.length).toBeLessThan(66_000);
    await expectWorks(executor);
  });

  const returned: readonly (readonly [name: string, kernel: Kernel, value: unknown])[] = [
    ["a Proxy", () => new Proxy({ a: 1 }, {}), { a: 1 }],
    ["a SharedArrayBuffer", () => new SharedArrayBuffer(8), new ArrayBuffer(8)],
    ["WebAssembly memory", () => new WebAssembly.Memory({ initial: 1 }).buffer, new ArrayBuffer(65_536)],
    [
      "a thenable that settles three times",
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is the case.
        then(resolve: (value: number) => void, reject: (error: Error) => void) {
          resolve(7);
          reject(new Error("no"));
          resolve(8);
          throw new Error("no");
        },
      }),
      7,
    ],
  ];
  test.each(returned)("returned: %s", async (_name, kernel, value) => {
    expect(await executor.map([0], kernel)).toEqual([value]);
    await expectWorks(executor);
  });

  test("returned: WebAssembly memory so large that other memory would be moved", async () => {
    const kernel = (pages: number): Readonly<Record<string, Float64Array>> => {
      const view = new Float64Array(new WebAssembly.Memory({ initial: pages }).buffer);
      view[7] = 3;
      return { view, own: new Float64Array(view.length).fill(1) };
    };
    // From Node 22 on moving it throws; before, it was copied instead.
    const [result] = await executor.map([128], kernel);
    expect([result?.["view"]?.length, result?.["view"]?.[7]]).toEqual([2 ** 20, 3]);
    expect([result?.["own"]?.length, result?.["own"]?.at(-1)]).toEqual([2 ** 20, 1]);
    await expectWorks(executor);
  });

  test("returned: a string of 200 MB", { timeout: 120_000 }, async () => {
    const [text] = await executor.map([0], () => "x".repeat(200_000_000));
    expect(text?.length).toBe(200_000_000);
    expect(text?.slice(-3)).toBe("xxx");
    await expectWorks(executor);
  });

  const refused: readonly (readonly [name: string, kernel: Kernel, message: string])[] = [
    [
      "a revoked Proxy",
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
      "revoked",
    ],
    [
      "an array without its data",
      () => {
        const array = new Float64Array(4);
        structuredClone(array, { transfer: [array.buffer] });
        return { model: { array } };
      },
      "Cannot return result.model.array from a kernel as its buffer was transferred away",
    ],
    ["a WeakMap", () => new WeakMap(), "Cannot return result from a kernel"],
    ["a generator", () => [(function* () {})()], "Cannot return result[0] from a kernel"],
    ["globalThis", () => globalThis, "Cannot return result from a kernel"],
    [
      "something too deep",
      () => {
        let value: unknown = 1;
        for (let i = 0; i < 100_000; i++) value = [value];
        return value;
      },
      "Maximum call stack size exceeded",
    ],
  ];
  test.each(refused)("returned: %s", async (_name, kernel, message) => {
    const error = await failure(executor.map([0], kernel));
    expect(error).toMatchObject({ code: "SHARRAY_KERNEL", index: 0 });
    expect(error.message).toContain(message);
    await expectWorks(executor);
  });

  test("a promise that never settles: the signal ends the call", async () => {
    const controller = new AbortController();
    const call = executor.map([0, 1], () => new Promise(() => {}), { signal: controller.signal });
    controller.abort("enough");
    await expect(call).rejects.toBe("enough");
    await expectWorks(executor);
  });

  test("writes to all that a kernel can reach meet neither results nor other tasks' claims", async () => {
    const items = Array.from({ length: 500 }, (_, i) => ({ i, small: new Float64Array([i]) }));
    const scribble = (...views: unknown[]): void => {
      for (const view of views) {
        const { buffer } = view as Uint8Array;
        new Uint8Array(buffer).fill(0xff);
      }
    };
    const shared = { large: new Float64Array(20_000), small: new Uint8Array(3) };
    const args = { large: new Float64Array(20_000), small: new Uint8Array(3), scribble: `${scribble}` };
    const indices = await executor.map(
      items,
      (item, shared, { index, args }) => {
        const write = new Function(`return (${args.scribble})`)() as (...views: unknown[]) => void;
        write(item.small, shared.large, shared.small, args.large, args.small);
        return index;
      },
      { shared, args },
    );
    expect(indices).toEqual(items.map((_, i) => i));

    const outputs = await executor.transformShared(
      { x: executor.share(new Float64Array(1000)), y: new Int16Array(1000) },
      { one: Float64Array, two: Int8Array },
      ({ x, y }, { one, two }, { args }) => {
        const write = new Function(`return (${args})`)() as (...views: unknown[]) => void;
        write(x, y, one, two);
      },
      { args: `${scribble}`, chunkSize: 10 },
    );
    // -1 is 0xff, and that many NaNs.
    expect(outputs.two.every((value) => value === -1)).toBe(true);
    expect(outputs.one.every(Number.isNaN)).toBe(true);
    await expectWorks(executor);
  });
});

describe("threads: kernels that would hurt the caller", () => {
  const executor = create({ strategy: "threads" });

  // Their own call may end in either way; what counts is that nobody else notices.
  const breaking: Readonly<Record<string, Kernel>> = {
    "deletes Atomics": (i) => {
      delete (globalThis as { Atomics?: unknown }).Atomics;
      return i;
    },
    "replaces Atomics.add": (i) => {
      Object.assign(Atomics, { add: () => 0 });
      return i;
    },
    "deletes performance": (i) => {
      Object.defineProperty(globalThis, "performance", { value: null, configurable: true });
      return i;
    },
    "stops the clock": (i) => {
      performance.now = () => 0;
      return i;
    },
    "breaks the clock": (i) => {
      performance.now = () => Number.NaN;
      return i;
    },
    "replaces Float64Array": (i) => {
      (globalThis as { Float64Array: unknown }).Float64Array = null;
      return i;
    },
    "deletes Map, Set and Promise": (i) => {
      const scope = globalThis as { Map?: unknown; Set?: unknown; Promise?: unknown };
      delete scope.Map;
      delete scope.Set;
      delete scope.Promise;
      return i;
    },
    "replaces setImmediate and structuredClone": (i) => {
      Object.assign(globalThis, { setImmediate: null, structuredClone: null });
      return { i };
    },
    "replaces Function": (i) => {
      (globalThis as { Function: unknown }).Function = null;
      return i;
    },
    "breaks Buffer": (i) => {
      Object.assign(Buffer, { from: null, alloc: null });
      Object.assign(Buffer.prototype, { fill: () => undefined });
      return i;
    },
    "takes push from arrays": (i) => {
      Object.assign(Array.prototype, { push: null });
      return { i };
    },
    "takes their iterator from arrays": (i) => {
      Object.assign(Array.prototype, { [Symbol.iterator]: null });
      return { i };
    },
    "takes subarray from typed arrays": (i) => {
      Object.assign(Object.getPrototypeOf(Int8Array.prototype), { subarray: null });
      return { i };
    },
    "takes set from maps": (i) => {
      Object.assign(Map.prototype, { set: null });
      return { i };
    },
    "replaces ArrayBuffer.isView": (i) => {
      Object.assign(ArrayBuffer, { isView: null });
      return new Float64Array(i);
    },
    "takes replace from strings": () => {
      Object.assign(String.prototype, { replace: null });
      throw Object.assign(new Error("x"), { f() {} });
    },
    "gives every object fields": (i) => {
      Object.assign(Object.prototype, { polluted: 1, order: 3, value: 9, round: 7, left: false });
      return { i };
    },
    "gives every object a setter that throws": (i) => {
      const set = (): void => {
        throw new Error("set");
      };
      Object.defineProperty(Object.prototype, "round", { set, get: () => 1 });
      return { i };
    },
    "gives every object a then": (i) => {
      // biome-ignore lint/suspicious/noThenProperty: that is the case.
      Object.assign(Object.prototype, { then: (resolve: (value: unknown) => void) => resolve("stolen") });
      return { i };
    },
    "has stacks throw": () => {
      Error.prepareStackTrace = () => {
        throw new Error("stack");
      };
      throw new Error("x");
    },
    "freezes all": (i) => {
      for (const each of [Object.prototype, Array.prototype, globalThis]) Object.freeze(each);
      return { i };
    },
    "replaces process.exit and has an error that nobody handles": () => {
      Object.assign(process, { exit: () => {}, reallyExit: () => {} });
      setTimeout(() => {
        throw new Error("in a timer");
      });
      return new Promise(() => {});
    },
    "removes the listeners of the process": (i) => {
      process.removeAllListeners();
      return i;
    },
  };
  test.each(Object.entries(breaking))("%s", async (_name, kernel) => {
    const result = await executor.map([0, 1, 2, 3], kernel).catch((error: unknown) => error);
    if (!Array.isArray(result))
      expect([KernelError, WorkerLostError]).toContain((result as Error).constructor);
    await expectWorks(executor);
  });

  test("the next call is well though every worker has become useless, and it may not retry", async () => {
    const own = create({ strategy: "threads", maxRetries: 0 });
    for (let round = 0; round < 5; round++) {
      const arrived = own.allocate(Int32Array, 1);
      await own.map(
        [0, 1],
        (_i, _s, { args }) => {
          const count = args.arrived as unknown as Int32Array;
          Atomics.add(count, 0, 1);
          // One task each.
          while (Atomics.load(count, 0) < 2);
          Object.assign(ArrayBuffer, { isView: null });
        },
        { args: { arrived } },
      );
      const views = await own.map([1, 2, 3, 4], (i) => ({ view: new Float64Array([i]) }));
      expect(views.map(({ view }) => view[0])).toEqual([1, 2, 3, 4]);
    }
  });

  test("process.exit(0) is a loss, too", async () => {
    const error = await failure(executor.map([0, 1], () => process.exit(0)));
    expect(error).toMatchObject({ code: "SHARRAY_WORKER_LOST", exitCode: 0 });
    expect(error.message).toContain("exit code 0");
    await expectWorks(executor);
  });

  test("an endless loop ends with the signal", { timeout: 30_000 }, async () => {
    const started = executor.allocate(Int32Array, 1);
    const controller = new AbortController();
    const call = executor.map(
      [0, 1],
      (_i, _s, { args }) => {
        Atomics.add(args.started as unknown as Int32Array, 0, 1);
        while (true);
      },
      { args: { started }, signal: controller.signal },
    );
    const ended = expect(call).rejects.toBe("enough");
    await expect.poll(() => Atomics.load(started, 0)).toBe(2);
    controller.abort("enough");
    await ended;
    await expectWorks(executor);
  });

  test("allocating without end is a loss", async () => {
    const own = create({ strategy: "threads", resourceLimits: { maxOldGenerationSizeMb: 64 } });
    const error = await failure(
      own.map([0], () => {
        const kept: unknown[] = [];
        for (;;) kept.push(new Array(1_000_000).fill(kept.length));
      }),
    );
    expect(error).toMatchObject({
      code: "SHARRAY_WORKER_LOST",
      cause: { code: "ERR_WORKER_OUT_OF_MEMORY" },
    });
    await expectWorks(own);
  });
});

describe("programs", () => {
  test("garbage on the worker's own port, closed or without listeners, harms nobody", async () => {
    expect(await facts("misbehaving.mjs", ["ports"])).toEqual({
      garbage: [0, 2, 4, 6],
      closing: [0, 2, 4, 6],
      removing: [0, 2, 4, 6],
      after: [0, 3, 6, 9],
      failures: 0,
    });
  });

  test("megabytes of console output arrive whole", async () => {
    const { code, stdout, stderr } = await runNode([program("misbehaving.mjs"), "talks"]);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.pop()).toBe(JSON.stringify({ values: [0, 1, 2, 3], after: [0, 3, 6, 9] }));
    expect(lines).toHaveLength(4 * 250);
    expect(lines.every((line) => /^[0-3]z{4000}$/.test(line))).toBe(true);
  });

  test("a flood of output and an exit is a loss", async () => {
    const { code, stdout, stderr } = await runNode([program("misbehaving.mjs"), "floods"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(
      /{"error":"WorkerLostError","exitCode":3,"after":\[0,3,6,9\]}$/,
    );
  });

  test("timers that throw between calls harm none of them", async () => {
    expect(await facts("misbehaving.mjs", ["timers"])).toEqual({
      rounds: Array.from({ length: 5 }, () => [0, 1, 2, 3]),
      failures: 0,
    });
  });
});
