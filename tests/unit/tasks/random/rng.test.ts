import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { philox } from "../../../../src/tasks/random/philox.js";
import { rngOf } from "../../../../src/tasks/random/rng.js";

/** What element `i` must get, from the words alone. */
function expected(seed: number, i: number, draw: number, stream = 0): number {
  const pair = Math.floor(i / 2);
  const words = philox(
    [pair % 2 ** 32, Math.floor(pair / 2 ** 32), draw, stream],
    [seed % 2 ** 32, Math.floor(seed / 2 ** 32)],
  );
  const [high, low] = i % 2 === 0 ? [words[0], words[1]] : [words[2], words[3]];
  return ((high >>> 0) * 2 ** 21 + (low >>> 11)) * 2 ** -53;
}

const seed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const element = fc.oneof(
  fc.nat(200),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  // Around where the low word of the counter is full.
  fc.integer({ min: 2 ** 33 - 100, max: 2 ** 33 + 100 }),
);
const draw = fc.oneof(fc.nat(9), fc.integer({ min: 0, max: 2 ** 32 - 1 }));

describe("a random number", () => {
  it("follows from seed, element and draw alone, in any order of requests", () => {
    const steps = fc.array(
      fc.record({
        seed: fc.constantFrom(0, 1, 2 ** 53 - 1),
        from: element,
        draw,
        count: fc.integer({ min: 1, max: 150 }),
      }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(steps, (steps) => {
        const generators = new Map([0, 1, 2 ** 53 - 1].map((seed) => [seed, rngOf(seed)]));
        for (const { seed, from, draw, count } of steps) {
          for (let i = from; i < Math.min(from + count, Number.MAX_SAFE_INTEGER); i += 1) {
            expect(generators.get(seed)?.(i, draw)).toBe(expected(seed, i, draw));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("is one of draw 0 if none is named", () => {
    expect(rngOf(5)(7)).toBe(expected(5, 7, 0));
  });

  it("is at least 0 and below 1, evenly", () => {
    const rng = rngOf(1);
    const bins = new Uint32Array(16);
    for (let i = 0; i < 160_000; i += 1) {
      const value = rng(i);
      expect(value >= 0 && value < 1).toBe(true);
      bins[Math.floor(16 * value)] = (bins[Math.floor(16 * value)] as number) + 1;
    }
    // Five standard deviations of a bin's count.
    for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(10_000));
  });

  it("is refused at places that are none", () => {
    const rng = rngOf(0);
    // Beside a window that is there.
    for (let i = 0; i < 10; i += 1) rng(i);
    for (const i of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
      expect(() => rng(i)).toThrow(RangeError);
      expect(() => rng.normal(i)).toThrow(RangeError);
    }
    for (const draw of [-1, 0.5, 2 ** 32, Number.NaN]) expect(() => rng(0, draw)).toThrow(RangeError);
    expect(() => rng(1.5)).toThrow("Cannot draw a number: element must be an integer of at least 0, got 1.5");
  });
});

describe("a normal number", () => {
  it("follows from seed, element and draw alone", () => {
    fc.assert(
      fc.property(seed, element, draw, (seed, i, draw) => {
        fc.pre(i < Number.MAX_SAFE_INTEGER);
        const even = i - (i % 2);
        const radius = Math.sqrt(-2 * Math.log(1 - expected(seed, even, draw, 1)));
        const angle = 2 * Math.PI * expected(seed, even + 1, draw, 1);
        const value = radius * (i === even ? Math.cos(angle) : Math.sin(angle));
        expect(rngOf(seed).normal(i, draw)).toBe(value);
      }),
    );
  });

  it("has mean 0, variance 1, and the tails of a normal distribution", () => {
    const { normal } = rngOf(2);
    const n = 200_000;
    let [sum, squares, beyond] = [0, 0, 0];
    for (let i = 0; i < n; i += 1) {
      const value = normal(i, 3);
      sum += value;
      squares += value * value;
      if (Math.abs(value) > 1.959964) beyond += 1;
    }
    expect(Math.abs(sum / n)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(squares / n - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(beyond / n - 0.05)).toBeLessThan(5 * Math.sqrt((0.05 * 0.95) / n));
  });
});

describe("without WebAssembly", () => {
  beforeEach(() => {
    vi.resetModules();
    vi.stubGlobal("WebAssembly", {
      Module: class {
        constructor() {
          throw new EvalError("unsafe-eval is not allowed");
        }
      },
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("numbers are the same", async () => {
    const { rngOf } = await import("../../../../src/tasks/random/rng.js");
    const rng = rngOf(9);
    for (let i = 0; i < 300; i += 1) {
      expect(rng(i)).toBe(expected(9, i, 0));
      expect(rng(i, 6)).toBe(expected(9, i, 6));
    }
  });
});
