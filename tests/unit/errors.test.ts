import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  attachPartial,
  ClusterError,
  ConfigurationError,
  ConnectionError,
  EvalForbiddenError,
  ExecutorClosedError,
  IsolationError,
  KernelCaptureError,
  KernelError,
  MemoryLimitError,
  type PartialResults,
  PayloadMutatedError,
  quote,
  SharrayError,
  TaskTimeoutError,
  WorkerLostError,
} from "../../src/errors.js";

describe("errors", () => {
  it.each([
    ["ConfigurationError", "SHARRAY_CONFIGURATION", new ConfigurationError("chunkSize", 0, "more")],
    ["KernelCaptureError", "SHARRAY_KERNEL_CAPTURE", new KernelCaptureError('kernel "k"', ["rate"])],
    ["KernelError", "SHARRAY_KERNEL", new KernelError(3, 30, 40, new RangeError("too far"))],
    ["WorkerLostError", "SHARRAY_WORKER_LOST", new WorkerLostError("gone", 7)],
    ["TaskTimeoutError", "SHARRAY_TASK_TIMEOUT", new TaskTimeoutError(3, 30, 40, 100)],
    ["PayloadMutatedError", "SHARRAY_PAYLOAD_MUTATED", new PayloadMutatedError("x", 3, [0, 0], [0, 9])],
    ["MemoryLimitError", "SHARRAY_MEMORY_LIMIT", new MemoryLimitError(300, 512, 20, 100)],
    ["ClusterError", "SHARRAY_CLUSTER", new ClusterError("lost", "gone")],
    ["ConnectionError", "SHARRAY_CONNECTION", new ConnectionError("lost", "gone")],
    ["IsolationError", "SHARRAY_ISOLATION", new IsolationError("share()", "why")],
    ["EvalForbiddenError", "SHARRAY_EVAL_FORBIDDEN", new EvalForbiddenError('kernel "k"')],
    ["ExecutorClosedError", "SHARRAY_EXECUTOR_CLOSED", new ExecutorClosedError("map()")],
  ])("%s has its name and its code", (name, code, error) => {
    expect(error).toBeInstanceOf(SharrayError);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(name);
    expect(error.code).toBe(code);
    expect(String(error)).toBe(`${name}: ${error.message}`);
    expect(error.stack).toContain(name);
  });

  it("ConfigurationError tells field, value and what is allowed", () => {
    const error = new ConfigurationError("maxWorkers", "4", "an integer of at least 1");
    expect(error.message).toBe(
      'Cannot configure "maxWorkers" as it must be an integer of at least 1: current value is "4"',
    );
    expect(error).toMatchObject({ field: "maxWorkers", received: "4", allowed: "an integer of at least 1" });
  });

  it.each(["__rest", "__publicField.call", "_this", "_objectWithoutProperties", "__awaiter"])(
    "KernelCaptureError says that a compiler added %s",
    (name) => {
      const { message } = new KernelCaptureError("kernel", ["rate", name]);
      expect(message).toContain(`Your compiler added ${name.split(".")[0]}: raise its target`);
    },
  );

  it.each(["rate", "_rate", "__", "extends", "THIS"])(
    "KernelCaptureError takes %s for the program's own",
    (name) => {
      expect(new KernelCaptureError("kernel", [name]).message).not.toContain("compiler");
    },
  );

  it("KernelCaptureError names every variable and the ways out", () => {
    const names = ["rate", "table"];
    const error = new KernelCaptureError('kernel "score"', names);
    names.push("later");
    expect(error.variables).toEqual(["rate", "table"]);
    expect(Object.isFrozen(error.variables)).toBe(true);
    for (const part of ['kernel "score"', '"rate", "table"', '"args"', '"shared"', "defineKernel()"]) {
      expect(error.message).toContain(part);
    }
  });

  it("KernelError tells the task, its range and what was thrown", () => {
    const cause = new RangeError("too far");
    const error = new KernelError(3, 30, 40, cause);
    expect(error).toMatchObject({ index: 3, start: 30, end: 40 });
    expect(error.cause).toBe(cause);
    expect(error.message).toBe("Task 3 (elements 30 to 40) failed: RangeError: too far");
    const thrown = new KernelError(0, 0, 1, "text");
    expect(thrown.message).toBe('Task 0 (elements 0 to 1) failed: it threw "text"');
    expect(thrown.cause).toBe("text");
  });

  it("KernelError keeps a cause of undefined", () => {
    const error = new KernelError(0, 0, 1, undefined);
    expect(Object.hasOwn(error, "cause")).toBe(true);
    expect(error.message).toMatch(/it threw undefined$/);
  });

  it("WorkerLostError carries exit code and cause", () => {
    const cause = new Error("heap");
    expect(new WorkerLostError("gone", 7, cause)).toMatchObject({ message: "gone", exitCode: 7, cause });
    const bare = new WorkerLostError("gone", undefined);
    expect(bare.exitCode).toBeUndefined();
    expect(Object.hasOwn(bare, "cause")).toBe(false);
  });

  it("WorkerLostError tells the task that is to blame, if there is one", () => {
    const range = { index: 3, start: 30, end: 40 };
    expect(new WorkerLostError("gone", 7, undefined, range)).toMatchObject(range);
    const { index, start, end } = new WorkerLostError("gone", 7);
    expect([index, start, end]).toEqual([undefined, undefined, undefined]);
  });

  it("TaskTimeoutError tells the task, its range, its time and what to do", () => {
    const error = new TaskTimeoutError(3, 30, 40, 100);
    expect(error).toMatchObject({ index: 3, start: 30, end: 40, timeout: 100 });
    expect(error.message).toMatch(/^Task 3 \(elements 30 to 40\) .* within 100 ms: .*aborted\(\).*"timeout"/);
  });

  it("those that end a call whose tasks ran carry what had ended; others have no place for it", () => {
    const partial: PartialResults = { values: new Map([[0, 1]]), outputs: undefined, unfinished: [] };
    const errors = [
      new KernelError(0, 0, 1, 0),
      new WorkerLostError("", 1),
      new TaskTimeoutError(0, 0, 1, 1),
    ];
    for (const error of errors) {
      expect(error.partial).toBeUndefined();
      attachPartial(error, () => partial);
      expect(error.partial).toBe(partial);
    }
    const other = new ExecutorClosedError("map()");
    attachPartial(other, () => {
      throw new Error("nobody is to ask");
    });
    attachPartial("a text", () => partial);
    expect(Object.keys(other)).toEqual(["code"]);
  });

  it("PayloadMutatedError tells array, element, tasks and range, and keeps the call's own failure", () => {
    const cause = new KernelError(2, 60, 90, new RangeError("too far"));
    const error = new PayloadMutatedError("args.model.weights", 70, [0, 9], [0, 100], cause);
    expect({ ...error }).toEqual({
      code: "SHARRAY_PAYLOAD_MUTATED",
      array: "args.model.weights",
      index: 70,
      firstTask: 0,
      lastTask: 9,
      start: 0,
      end: 100,
    });
    expect(error.cause).toBe(cause);
    expect(error.message).toContain(
      'element 70 of "args.model.weights" has changed, which was given to tasks 0 to 9 (elements 0 to 100)',
    );
    const bare = new PayloadMutatedError("price", 70, [2, 2], [60, 90]);
    expect(bare.message).toContain(
      'element 70 of "price" has changed, which was given to task 2 (elements 60 to 90)',
    );
    expect(Object.hasOwn(bare, "cause")).toBe(false);
  });

  it("MemoryLimitError carries its figures, in the message too", () => {
    const error = new MemoryLimitError(300, 512, 20, 100);
    expect(error).toMatchObject({ requested: 300, inUse: 20, limit: 100 });
    expect(error.message).toMatch(
      /place 300 bytes .* at most 100 may be used: 512 are needed .* 20 are in use.*"maxSharedBytes"/,
    );
  });

  it("MemoryLimitError does not blame the limit if the system has no more", () => {
    const { message } = new MemoryLimitError(300, 512, 20, 532);
    expect(message).toMatch(
      /place 300 bytes .* the system has no more of it: 512 are needed .* 20 are in use/,
    );
    expect(message).not.toContain("maxSharedBytes");
  });

  it("ExecutorClosedError names the call", () => {
    expect(new ExecutorClosedError("map()").message).toContain("map()");
  });
});

describe("quote", () => {
  it.each<[unknown, string]>([
    ["a", '"a"'],
    ['say "hi"\n', '"say \\"hi\\"\\n"'],
    [1.5, "1.5"],
    [-0, "-0"],
    [0, "0"],
    [Number.NaN, "NaN"],
    [12n, "12n"],
    [true, "true"],
    [null, "null"],
    [undefined, "undefined"],
    [Symbol("s"), "Symbol(s)"],
    [function named() {}, "function named"],
    [() => {}, "function (anonymous)"],
    [[1, 2, 3], "array of 3"],
    [new Float64Array(2), "Float64Array of 16 bytes"],
    [new DataView(new ArrayBuffer(3)), "DataView of 3 bytes"],
    [{}, "object with keys (none)"],
    [{ a: 1, b: 2 }, "object with keys a, b"],
    [{ a: 1, b: 2, c: 3, d: 4, e: 5 }, "object with keys a, b, c, d, e"],
    [{ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }, "object with keys a, b, c, d, e, ..."],
    [
      new (class Model {
        weights = Float64Array.of(1);
      })(),
      "instance of Model with keys weights",
    ],
    [new (class extends Object {})(), "instance of a class with keys (none)"],
    [Object.create({ a: 1 }), "object with keys (none)"],
    [new Map(), "Map"],
    [new Date(0), "Date"],
    [Object.create(null), "object with keys (none)"],
  ])("shows %o as %s", (value, shown) => {
    expect(quote(value)).toBe(shown);
  });

  it("cuts long text after 77 characters", () => {
    expect(quote("x".repeat(80))).toBe(`"${"x".repeat(80)}"`);
    expect(quote("x".repeat(81))).toBe(`"${"x".repeat(77)}..."`);
  });

  it("never throws, even for hostile values", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const hostile = {
      get [Symbol.toStringTag](): string {
        throw new Error("hostile");
      },
    };
    const nameless = Object.defineProperty(() => {}, "name", { value: Symbol("name") });
    const keys = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("hostile");
        },
      },
    );
    for (const value of [proxy, hostile, nameless, keys]) expect(typeof quote(value)).toBe("string");
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withTypedArray: true,
      withSparseArray: true,
      withObjectString: true,
      withBoxedValues: true,
    });
    fc.assert(fc.property(anything, (value) => typeof quote(value) === "string"));
  });

  it("keeps huge bigints short", () => {
    expect(quote(10n ** 5000n).length).toBeLessThan(120);
  });

  it("keeps long keys short", () => {
    expect(quote({ ["k".repeat(5000)]: 1 }).length).toBeLessThan(500);
  });

  it.each([
    ["key", { "a\nb": 1 }],
    ["symbol", Symbol("a\nb")],
    ["function name", Object.defineProperty(() => {}, "name", { value: "a\nb" })],
  ])("stays on one line for a %s with a line break", (_what, value) => {
    expect(quote(value)).not.toContain("\n");
  });
});
