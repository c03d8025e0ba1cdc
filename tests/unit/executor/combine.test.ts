import { describe, expect, it } from "vitest";
import { checkCombine, combineAll } from "../../../src/executor/combine.js";

describe("partials", () => {
  it("are combined from the first to the last, behind the initial value", () => {
    const joined = (a: string, b: string): string => `(${a}${b})`;
    expect(combineAll(["a", "b", "c"], joined, undefined)).toBe("((ab)c)");
    expect(combineAll(["a", "b"], joined, "i")).toBe("((ia)b)");
    expect(combineAll([], joined, "i")).toBe("i");
  });

  it("are the only arguments of combine", () => {
    expect(combineAll([1, 5, 3], Math.max, undefined)).toBe(5);
    const counts: number[] = [];
    combineAll(
      [1, 2, 3],
      (...given: number[]) => {
        counts.push(given.length);
        return 0;
      },
      undefined,
    );
    expect(counts).toEqual([2, 2]);
  });

  it("are not combined by a promise, whose rejection is nobody's unhandled one", async () => {
    const late = () => Promise.reject(new Error("late")) as never;
    expect(() => combineAll([1, 2], late, undefined)).toThrow(/must return a partial at once/);
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("need a function to combine them", () => {
    for (const wrong of [undefined, null, "sum", {}]) expect(() => checkCombine(wrong)).toThrow(TypeError);
    expect(() => checkCombine(Math.max)).not.toThrow();
  });
});
