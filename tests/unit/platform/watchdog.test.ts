import { describe, expect, it } from "vitest";
import { callWithin, TIMED_OUT } from "../../../src/platform/watchdog.js";

describe("callWithin", () => {
  it("gives what the function returns", () => {
    const value = { x: 1 };
    expect(callWithin(() => value, 60_000)).toBe(value);
    expect(callWithin(() => undefined, 60_000)).toBeUndefined();
  });

  it("throws what the function throws", () => {
    const error = new RangeError("mine");
    expect(() =>
      callWithin(() => {
        throw error;
      }, 60_000),
    ).toThrow(error);
  });

  it("stops one that does not end, and goes on working", () => {
    expect(
      callWithin(() => {
        for (;;);
      }, 5),
    ).toBe(TIMED_OUT);
    expect(callWithin(() => 2, 60_000)).toBe(2);
  });

  it("leaves nothing on the global object", () => {
    const before = Reflect.ownKeys(globalThis).length;
    let during = 0;
    callWithin(() => {
      during = Reflect.ownKeys(globalThis).length;
    }, 60_000);
    expect(during).toBe(before + 1);
    expect(Reflect.ownKeys(globalThis).length).toBe(before);
  });
});
