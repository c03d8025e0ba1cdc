import { describe, expect, it } from "vitest";
import { Scratch } from "../../../src/tasks/scratch.js";

describe("a scratch array", () => {
  it("is the same memory for each task, and another for each call of a task", () => {
    const { take, ...scratch } = scratchOf();
    const first = [take(Float64Array, 8), take(Float64Array, 8), take(Int32Array, 3)];
    scratch.begin();
    const second = [take(Float64Array, 8), take(Float64Array, 4), take(Int32Array, 3)];
    expect(first.map(({ buffer }) => buffer)).toEqual(second.map(({ buffer }) => buffer));
    expect(new Set(first.map(({ buffer }) => buffer)).size).toBe(3);
    expect(second.map(({ length }) => length)).toEqual([8, 4, 3]);
  });

  it("is of the kind and the length that are asked for", () => {
    const { take, begin } = scratchOf();
    for (const [kind, length] of [
      [Float64Array, 4],
      [Uint8Array, 4],
      [Uint8Array, 900],
      [BigInt64Array, 0],
    ] as const) {
      begin();
      const array = take(kind, length);
      expect(array).toBeInstanceOf(kind);
      expect(array).toHaveLength(length);
    }
  });

  it("is never given away as a result", () => {
    const { take, begin, borrowed } = scratchOf();
    const small = take(Float64Array, 8);
    begin();
    const large = take(Float64Array, 80);
    expect(borrowed).toEqual(new Set([large.buffer]));
    expect(borrowed.has(small.buffer)).toBe(false);
  });

  it("is refused if its kind or length is none", () => {
    const { take } = scratchOf();
    expect(() => take(Array as never, 3)).toThrow(TypeError);
    for (const length of [-1, 1.5, Number.NaN, "3"]) {
      expect(() => take(Float64Array, length as number)).toThrow(RangeError);
    }
  });
});

function scratchOf() {
  const borrowed = new Set<ArrayBufferLike>();
  const scratch = new Scratch(borrowed);
  return { borrowed, take: scratch.take, begin: () => scratch.begin() };
}
