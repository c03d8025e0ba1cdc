import { afterEach, describe, expect, it } from "vitest";
import { BuiltIns } from "../../../../../src/strategies/threads/worker/built-ins.js";

const { min, sin } = Math;
const { push } = Array.prototype;
const size = Object.getOwnPropertyDescriptor(Map.prototype, "size") as PropertyDescriptor;

afterEach(() => {
  Object.assign(Math, { min, sin });
  Array.prototype.push = push;
  Object.defineProperty(Map.prototype, "size", size);
});

describe("built-in objects", () => {
  it("are whole as long as nobody changes them, additions aside", () => {
    const builtIns = new BuiltIns();
    expect(builtIns.areWhole()).toBe(true);
    Object.assign(Math, { added: 1 });
    expect(builtIns.areWhole()).toBe(true);
    delete (Math as { added?: number }).added;
  });

  it("that sharray needs are put back, and all others with them", () => {
    const builtIns = new BuiltIns();
    Math.sin = () => 7;
    builtIns.mend();
    // Nothing that is needed has changed.
    expect(Math.sin(0)).toBe(7);
    Array.prototype.push = () => 0;
    expect(builtIns.areWhole()).toBe(false);
    builtIns.mend();
    expect(Array.prototype.push).toBe(push);
    expect(Math.sin).toBe(sin);
    expect(builtIns.areWhole()).toBe(true);
  });

  it.each([
    ["a function", () => Object.assign(Math, { min: 0 }), () => Math.min(1, 2), 1],
    [
      "an accessor",
      () => Object.defineProperty(Map.prototype, "size", { get: () => 7 }),
      () => new Map().size,
      0,
    ],
    [
      "an accessor that throws",
      () =>
        Object.defineProperty(Map.prototype, "size", {
          get() {
            throw new Error("size");
          },
        }),
      () => new Map().size,
      0,
    ],
    ["a deleted method", () => Reflect.deleteProperty(Array.prototype, "push"), () => [].push.length, 1],
    ["a field of all objects", () => Object.assign(Object.prototype, { get: 1 }), () => "get" in {}, false],
  ])("are put back: %s", (_, change, look, expected) => {
    const builtIns = new BuiltIns();
    change();
    builtIns.mendAll();
    expect(look()).toBe(expected);
    expect(builtIns.areWhole()).toBe(true);
  });
});
