import { beforeEach, describe, expect, it, vi } from "vitest";
import { ConfigurationError } from "../../../src/errors.js";
import { Deadline, readDeadline } from "../../../src/executor/shutdown.js";

/** Timers that are set, by when they are due. */
const timers = vi.hoisted(() => new Map<object, { readonly work: () => void; readonly ms: number }>());

vi.mock("../../../src/platform/builtins.js", async (original) => ({
  ...(await original<object>()),
  setTimeout: (work: () => void, ms: number) => {
    const timer = {};
    timers.set(timer, { work, ms });
    return timer;
  },
  clearTimeout: (timer: object) => timers.delete(timer),
}));

describe("the options of shutdown()", () => {
  it("may have a deadline in milliseconds, and nothing else", () => {
    expect(readDeadline({})).toBeUndefined();
    expect(readDeadline({ deadline: 5 })).toBe(5);
    for (const wrong of [{ deadline: -1 }, { deadline: "5" }, { timeout: 5 }]) {
      expect(() => readDeadline(wrong)).toThrow(ConfigurationError);
    }
    for (const wrong of [null, 5, [5]]) expect(() => readDeadline(wrong)).toThrow(TypeError);
  });
});

describe("a deadline", () => {
  beforeEach(() => timers.clear());

  it("is the earliest of those that were given, and aborts with that one as the reason", () => {
    const reasons: string[] = [];
    const deadline = new Deadline(({ message }) => reasons.push(message));
    deadline.bringForward(1e6);
    deadline.bringForward(5e4);
    deadline.bringForward(5e5);
    const [timer, ...others] = timers.values();
    expect(others).toEqual([]);
    expect(timer?.ms).toBe(5e4);
    timer?.work();
    expect(reasons).toEqual([expect.stringContaining("a deadline of 50000 ms")]);
  });

  it("is over once it is cleared", () => {
    const deadline = new Deadline(() => {});
    deadline.bringForward(1e6);
    deadline.clear();
    expect(timers.size).toBe(0);
  });
});
