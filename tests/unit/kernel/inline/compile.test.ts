import { describe, expect, it } from "vitest";
import { compileInline } from "../../../../src/kernel/inline/compile.js";

type Callable = (...args: unknown[]) => unknown;

function compile(source: string, name = "k"): Callable {
  return compileInline(source, name) as Callable;
}

describe("compileInline", () => {
  it("gives the function that the expression says", async () => {
    expect(compile("(a, b) => a * b")(6, 7)).toBe(42);
    expect(compile("function fac(n) { return n < 2 ? 1 : n * fac(n - 1); }")(5)).toBe(120);
    expect(await compile("async (x) => x + 1")(1)).toBe(2);
  });

  it("keeps a comment at the end from swallowing the rest", () => {
    expect(compile("(a) => a // the end")(3)).toBe(3);
  });

  it("gives the right one of long texts that have the same length", () => {
    const long = (n: number): string => `(a) => { /*${" ".repeat(20_000)}*/ return a + ${n}; }`;
    const sums = [1, 2, 3, 4].map((n) => compile(long(n))(10));
    expect(sums).toEqual([11, 12, 13, 14]);
  });

  it("compiles as strict code", () => {
    expect(compile("function () { return this; }")()).toBeUndefined();
    expect(() => compile("() => { undeclared = 1; }")()).toThrow(ReferenceError);
    expect(() => compile("() => 010")).toThrow(SyntaxError);
  });

  it("sees nothing of the code around it", () => {
    expect(() => compile("() => typeof compileInline + typeof source + typeof label")()).not.toThrow();
    expect(compile("() => [typeof source, typeof label, typeof name, typeof exports]")()).toEqual([
      "undefined",
      "undefined",
      "undefined",
      "undefined",
    ]);
  });

  it("makes a new function each time", () => {
    expect(compile("() => 1")).not.toBe(compile("() => 1"));
  });

  it.each([
    ["score", "sharray-kernel-score.js"],
    ["größe ☂ */ (x)", "sharray-kernel-gr__e_______x_.js"],
    ["a\nb", "sharray-kernel-a_b.js"],
  ])("shows %o in stack frames", (name, label) => {
    const kernel = compile('() => { throw new Error("here"); }', name);
    try {
      kernel();
      expect.unreachable();
    } catch (error) {
      expect((error as Error).stack).toContain(label);
    }
  });
});
