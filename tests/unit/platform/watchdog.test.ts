import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { callWithin, canStop, TIMED_OUT } from "../../../src/platform/watchdog.js";

const late = vi.hoisted(() => ({ is: false }));

vi.mock("../../../src/platform/inspector.js", async (original) => {
  const { inspect } = await original<typeof import("../../../src/platform/inspector.js")>();
  const slow: typeof inspect = (work) => {
    if (!late.is) return inspect(work);
    for (const end = performance.now() + 5; performance.now() < end; );
    throw new Error("Execution was terminated");
  };
  return { inspect: slow };
});

it("functions can be stopped here", () => {
  expect(canStop()).toBe(true);
});

describe("callWithin", () => {
  it("gives what the function returns", () => {
    const value = { x: 1 };
    expect(callWithin(() => value, 60_000)).toBe(value);
    expect(callWithin(() => undefined, 60_000)).toBeUndefined();
  });

  it("takes any number of milliseconds", () => {
    for (const ms of [1000.5, 1e9, 1e12]) expect(callWithin(() => ms, ms)).toBe(ms);
  });

  it("throws what the function throws", () => {
    const error = new RangeError("mine");
    expect(() =>
      callWithin(() => {
        throw error;
      }, 60_000),
    ).toThrow(error);
  });

  it("throws what the function throws, even a script's time-out of its own", () => {
    const error = Object.assign(new Error("mine"), { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" });
    expect(() =>
      callWithin(() => {
        throw error;
      }, 60_000),
    ).toThrow(error);
  });

  it("does not begin a function whose time is up by then: nothing would stop it", () => {
    let hasBegun = false;
    late.is = true;
    const outcome = callWithin(() => {
      hasBegun = true;
    }, 1);
    late.is = false;
    expect([outcome, hasBegun]).toEqual([TIMED_OUT, false]);
  });

  it("stops one that does not end, and goes on working", () => {
    expect(
      callWithin(() => {
        for (;;);
      }, 5),
    ).toBe(TIMED_OUT);
    expect(callWithin(() => 2, 60_000)).toBe(2);
  });

  it("hands over by the process, if it leaves nothing, and not by the global object, which may be frozen", () => {
    const [ofGlobal, ofProcess] = [Reflect.ownKeys(globalThis), Reflect.ownKeys(process)];
    let during: PropertyKey[][] = [];
    callWithin(() => {
      during = [Reflect.ownKeys(globalThis), Reflect.ownKeys(process)];
    }, 60_000);
    expect(during).toEqual([ofGlobal, [...ofProcess, expect.any(Symbol)]]);
    expect(Reflect.ownKeys(process)).toEqual(ofProcess);
  });

  it("leaves nothing either if the function was stopped, or threw", () => {
    const before = Reflect.ownKeys(process);
    const endless = callWithin(() => {
      for (;;);
    }, 5);
    expect(endless).toBe(TIMED_OUT);
    expect(Reflect.ownKeys(process)).toEqual(before);
    expect(() => callWithin(() => JSON.parse("{"), 60_000)).toThrow(SyntaxError);
    expect(Reflect.ownKeys(process)).toEqual(before);
  });

  it("stops functions of another realm, and gives what they return and throw", () => {
    const endless = runInNewContext("() => { for (;;); }") as () => void;
    expect(callWithin(endless, 5)).toBe(TIMED_OUT);
    expect(callWithin(runInNewContext("() => 3") as () => number, 60_000)).toBe(3);
    const failing = runInNewContext("() => { throw 'mine'; }") as () => void;
    expect(() => callWithin(failing, 60_000)).toThrow("mine");
  });

  it("can't be caught or delayed by the function that it stops", () => {
    let caught = 0;
    const stubborn = callWithin(() => {
      for (;;) {
        try {
          for (;;);
        } catch {
          caught += 1;
        } finally {
          caught += 1;
        }
      }
    }, 5);
    expect(stubborn).toBe(TIMED_OUT);
    expect(caught).toBe(0);
  });

  it("may be called within itself: each has its own time", () => {
    const inner = callWithin(() => {
      const stopped = callWithin(() => {
        for (;;);
      }, 5);
      return [stopped, callWithin(() => 1, 60_000), "goes on"];
    }, 60_000);
    expect(inner).toEqual([TIMED_OUT, 1, "goes on"]);
    let wentOn = false;
    const outer = callWithin(() => {
      callWithin(() => {
        for (;;);
      }, 60_000);
      wentOn = true;
    }, 5);
    expect(outer).toBe(TIMED_OUT);
    expect(wentOn).toBe(false);
  });

  it("gives promises as they are, and does not wait for them", async () => {
    let settle: (value: number) => void = () => {};
    const promise = new Promise<number>((resolve) => {
      settle = resolve;
    });
    expect(callWithin(() => promise, 60_000)).toBe(promise);
    settle(3);
    expect(await promise).toBe(3);
  });
});
