import { describe, expect, it } from "vitest";
import { answer, packFailure, unpackAnswer, unpackFailure } from "../../../src/bridge/error-codec.js";
import * as errors from "../../../src/errors.js";

/** As a message carries it. */
const crossed = (error: unknown): unknown => unpackFailure(structuredClone(packFailure(error)));

const cause = Object.assign(new RangeError("too far", { cause: new TypeError("deep") }), { at: 7 });
const ONE_OF_EACH: readonly errors.SharrayError[] = [
  new errors.ClusterError("lost", "gone"),
  new errors.ConfigurationError("chunkSize", 0, "more"),
  new errors.ConnectionError("lost", "gone"),
  new errors.EvalForbiddenError('kernel "k"', { cause }),
  new errors.ExecutorClosedError("map()"),
  new errors.IsolationError("share()", "why"),
  new errors.KernelError(3, 30, 40, cause),
  new errors.KernelCaptureError('kernel "k"', ["rate"]),
  new errors.MemoryLimitError(300, 512, 20, 100),
  new errors.PayloadMutatedError("x", 7, [0, 1], [0, 100], undefined),
  new errors.TaskTimeoutError(3, 30, 40, 100),
  new errors.WorkerLostError("gone", 7, new Error("why")),
];

describe("errors between the two sides", () => {
  it("are all tested here, every class of them", () => {
    const classes = Object.values(errors).filter(
      (value) => typeof value === "function" && value.prototype instanceof errors.SharrayError,
    );
    expect(ONE_OF_EACH.map((error) => error.constructor).sort()).toEqual(classes.sort());
  });

  it.each(ONE_OF_EACH.map((error) => [error.name, error] as const))(
    "%s arrives with its class and fields",
    (_, error) => {
      const arrived = crossed(error) as errors.SharrayError;
      expect(arrived).toBeInstanceOf(error.constructor);
      expect(arrived).toBeInstanceOf(Error);
      expect({ ...arrived }).toEqual({ ...error });
      expect([arrived.name, arrived.code, arrived.message]).toEqual([error.name, error.code, error.message]);
      expect(Object.hasOwn(arrived, "name")).toBe(false);
      expect(String(arrived)).toBe(String(error));
    },
  );

  it("have a cause with class, fields, causes and its own stack, and a stack of this side", () => {
    const error = new errors.KernelError(3, 30, 40, cause);
    const arrived = crossed(error) as errors.KernelError;
    expect(arrived.cause).toBeInstanceOf(RangeError);
    expect(arrived.cause).toMatchObject({ message: "too far", at: 7, stack: cause.stack });
    expect((arrived.cause as Error).cause).toBeInstanceOf(TypeError);
    expect(arrived.stack).not.toBe(error.stack);
    expect(arrived.stack).toMatch(/^KernelError: Task 3 .*\n {4}at crossed/);
  });

  it("have the class of a cause of this package, too", () => {
    const error = new errors.PayloadMutatedError(
      "x",
      7,
      [0, 1],
      [0, 9],
      new errors.KernelError(1, 2, 3, cause),
    );
    const arrived = crossed(error) as Error;
    expect(arrived.cause).toBeInstanceOf(errors.KernelError);
    expect(arrived.cause).toMatchObject({ name: "KernelError", index: 1, cause: { at: 7 } });
  });

  it("may be anything else that can be thrown, which arrives as from a kernel", () => {
    expect(crossed("text")).toBe("text");
    expect(crossed(new TypeError("no"))).toBeInstanceOf(TypeError);
    const abort = crossed(new DOMException("stopped", "AbortError"));
    expect(abort).toBeInstanceOf(DOMException);
    expect(abort).toMatchObject({ name: "AbortError", message: "stopped" });
    // A code of somebody else's is no class of ours.
    const other = crossed(Object.assign(new Error("no such file"), { code: "ENOENT" }));
    expect(other).toMatchObject({ name: "Error", code: "ENOENT" });
  });

  it("bring what had ended, with outputs of this side", () => {
    const error = new errors.TaskTimeoutError(2, 20, 30, 100);
    const outputs = Float64Array.of(1, 2);
    errors.attachPartial(error, () => ({
      values: new Map<number, unknown>([
        [0, 5],
        [3, { a: Float32Array.of(1) }],
      ]),
      outputs: undefined,
      unfinished: [
        { index: 1, start: 10, end: 20 },
        { index: 2, start: 20, end: 30 },
      ],
    }));
    const arrived = unpackFailure(structuredClone(packFailure(error)), () => ({
      outputs,
      received: new Map(),
      rangeOf: (index) => ({ index, start: index, end: index + 1 }),
    })) as typeof error;
    expect(arrived).toBeInstanceOf(errors.TaskTimeoutError);
    expect(arrived.partial).toEqual({ ...error.partial, outputs });
    expect(arrived.partial?.outputs).toBe(outputs);
    expect((crossed(new errors.KernelError(0, 0, 1, "x")) as errors.KernelError).partial).toBeUndefined();
  });

  it("are thrown by an answer that has no value", async () => {
    expect(unpackAnswer(await answer(async () => 3))).toBe(3);
    const failed = await answer(async () => {
      throw new errors.ExecutorClosedError("map()");
    });
    expect(() => unpackAnswer(failed)).toThrow(errors.ExecutorClosedError);
  });
});
