import { describe, expect, it } from "vitest";
import { unpackAnswer, unpackError } from "../../../src/bridge/errors.js";
import * as errors from "../../../src/errors.js";
import { packThrown } from "../../../src/protocol/thrown.js";

/** As a message carries it. */
const crossed = (error: unknown): unknown => unpackError(structuredClone(packThrown(error)));

const cause = Object.assign(new RangeError("too far", { cause: new TypeError("deep") }), { at: 7 });
const ONE_OF_EACH: readonly errors.SharrayError[] = [
  new errors.ConfigurationError("chunkSize", 0, "more"),
  new errors.ConnectionError("lost", "gone"),
  new errors.ExecutorClosedError("map()"),
  new errors.KernelError(3, 30, 40, cause),
  new errors.KernelCaptureError('kernel "k"', ["rate"]),
  new errors.MemoryLimitError(300, 512, 20, 100),
  new errors.WorkerLostError("gone", 7, new Error("why")),
];

describe("errors between the two sides", () => {
  it("are tested here, every class of them", () => {
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

  it("the cause has class, fields and causes, and its own stack; the error has this side's", () => {
    const error = new errors.KernelError(3, 30, 40, cause);
    const arrived = crossed(error) as errors.KernelError;
    expect(arrived.cause).toBeInstanceOf(RangeError);
    expect(arrived.cause).toMatchObject({ message: "too far", at: 7, stack: cause.stack });
    expect((arrived.cause as Error).cause).toBeInstanceOf(TypeError);
    expect(arrived.stack).not.toBe(error.stack);
    expect(arrived.stack).toMatch(/^KernelError: Task 3 .*\n {4}at crossed/);
  });

  it("everything else that can be thrown arrives as from a kernel", () => {
    expect(crossed("text")).toBe("text");
    expect(crossed(new TypeError("no"))).toBeInstanceOf(TypeError);
    const abort = crossed(new DOMException("stopped", "AbortError"));
    expect(abort).toBeInstanceOf(DOMException);
    expect(abort).toMatchObject({ name: "AbortError", message: "stopped" });
    // A code of somebody else's is no class of ours.
    const other = crossed(Object.assign(new Error("no such file"), { code: "ENOENT" }));
    expect(other).toMatchObject({ name: "Error", code: "ENOENT" });
  });

  it("an answer is its value, or throws", () => {
    expect(unpackAnswer({ value: 3 })).toBe(3);
    expect(() => unpackAnswer({ thrown: packThrown(new errors.ExecutorClosedError("map()")) })).toThrow(
      errors.ExecutorClosedError,
    );
  });
});
