import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitOf } from "../../../src/plan/fit.js";

describe("a fit", () => {
  it("finds the constant and the part per byte that costs were made of", () => {
    const part = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    const sizes = fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(part, part, sizes, (constant, perByte, all) => {
        // Apart enough for the two parts to be told apart.
        fc.pre(Math.max(...all) > 4 * Math.min(...all));
        const fit = fitOf(all.map((bytes) => ({ bytes, cost: constant + perByte * bytes })));
        for (const bytes of all) {
          const cost = constant + perByte * bytes;
          expect((fit.constant + fit.perByte * bytes) / cost).toBeCloseTo(1, 2);
        }
        expect(fit.misfit).toBeCloseTo(1, 2);
      }),
    );
  });

  it("has no part below zero", () => {
    const falling = fitOf([
      { bytes: 1, cost: 10 },
      { bytes: 100, cost: 5 },
    ]);
    expect(falling.perByte).toBe(0);
    expect(falling.constant).toBeGreaterThan(5);
    const steep = fitOf([
      { bytes: 10, cost: 1 },
      { bytes: 100, cost: 100 },
    ]);
    expect(steep.constant).toBe(0);
    expect(steep.misfit).toBeGreaterThan(1.5);
  });

  it("of one size is half constant, and of no bytes wholly", () => {
    expect(fitOf([{ bytes: 100, cost: 8 }])).toMatchObject({ constant: 4, perByte: 0.04 });
    expect(fitOf([{ bytes: 0, cost: 8 }])).toMatchObject({ constant: 8, perByte: 0 });
  });

  it("of what took no time is a number", () => {
    const { constant, perByte, misfit } = fitOf([
      { bytes: 0, cost: 0 },
      { bytes: 8, cost: 0 },
    ]);
    for (const each of [constant, perByte, misfit]) expect(Number.isFinite(each)).toBe(true);
  });
});
