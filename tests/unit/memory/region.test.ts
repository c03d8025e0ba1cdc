import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextMemoryId, sizeClass, sizeClasses } from "../../../src/memory/region.js";

const PAGE = 4096;

describe("sizeClass", () => {
  const bytes = fc.oneof(
    fc.integer({ min: 0, max: 3 * PAGE }),
    fc.integer({ min: 0, max: 2 ** 42 }),
    fc.nat(40).chain((power) => fc.integer({ min: -2, max: 2 }).map((by) => Math.max(0, 2 ** power + by))),
  );

  it("covers the need, whole pages at least, and wastes at most a quarter", () => {
    fc.assert(
      fc.property(bytes, (need) => {
        const size = sizeClass(need);
        expect(Number.isSafeInteger(size)).toBe(true);
        expect(size).toBeGreaterThanOrEqual(Math.max(need, PAGE));
        if (need > PAGE) expect(size - need).toBeLessThanOrEqual(need / 4);
      }),
      { numRuns: 1000 },
    );
  });

  it("grows with the need, and is a class itself", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(sizeClass(Math.min(a, b))).toBeLessThanOrEqual(sizeClass(Math.max(a, b)));
        expect(sizeClass(sizeClass(a))).toBe(sizeClass(a));
      }),
      { numRuns: 1000 },
    );
  });

  it("has four classes per doubling", () => {
    const classes = new Set<number>();
    for (let need = 8193; need <= 16384; need++) classes.add(sizeClass(need));
    expect([...classes]).toEqual([10240, 12288, 14336, 16384]);
  });
});

it("a need of no bytes has no class", () => {
  expect(sizeClasses([0, 1, 0, 8193])).toEqual([PAGE, 10_240]);
});

it("every piece of memory has a new name", () => {
  const ids = Array.from({ length: 5 }, nextMemoryId);
  expect(new Set(ids).size).toBe(5);
});
