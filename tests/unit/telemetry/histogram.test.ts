import { createHistogram } from "node:perf_hooks";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DurationHistogram, type Percentiles } from "../../../src/telemetry/histogram.js";

function of(...durations: number[]): Percentiles {
  const histogram = new DurationHistogram();
  for (const duration of durations) histogram.record(duration);
  return histogram.percentiles();
}

describe("a histogram", () => {
  it("is all zero before the first, and frozen", () => {
    expect(of()).toEqual({ p50: 0, p95: 0, p99: 0, max: 0 });
    expect([of(), of(1)].map(Object.isFrozen)).toEqual([true, true]);
  });

  it("tells milliseconds, to two figures", () => {
    const { p50, p95, p99, max } = of(...Array.from({ length: 100 }, (_, i) => i + 1));
    for (const [figure, exact] of [
      [p50, 50],
      [p95, 95],
      [p99, 99],
      [max, 100],
    ] as const) {
      expect(Math.abs(figure / exact - 1)).toBeLessThan(0.011);
    }
  });

  it("has the percentiles of Node's histogram", () => {
    const durations = fc.array(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(durations, (all) => {
        const nodes = createHistogram({ lowest: 1, highest: 1e15, figures: 3 });
        for (const ms of all) nodes.record(Math.round(ms * 1e6));
        const { p50, p95, p99 } = of(...all);
        for (const [ours, percent] of [
          [p50, 50],
          [p95, 95],
          [p99, 99],
        ] as const) {
          expect(Math.abs((1e6 * ours) / nodes.percentile(percent) - 1)).toBeLessThan(0.015);
        }
      }),
    );
  });

  it("is in order, and within what was recorded", () => {
    const durations = fc.array(fc.double({ min: 1e-5, max: 3.6e6, noNaN: true }), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(durations, (all) => {
        const { p50, p95, p99, max } = of(...all);
        expect([p50, p95, p99, max].toSorted((a, b) => a - b)).toEqual([p50, p95, p99, max]);
        // Two figures, and nanoseconds at the low end.
        expect(p50).toBeGreaterThan(Math.min(...all) * 0.989 - 1e-6);
        expect(max).toBeLessThan(Math.max(...all) * 1.011 + 1e-6);
      }),
    );
  });

  it("takes what no clock should tell: nothing, less than nothing, and more than an hour", () => {
    expect(of(0).max).toBeLessThan(1e-5);
    expect(of(-5).max).toBeLessThan(1e-5);
    expect(of(1e12).max / 3.6e6).toBeCloseTo(1, 1);
  });

  it("keeps to itself", () => {
    const [one, other] = [new DurationHistogram(), new DurationHistogram()];
    one.record(5);
    expect(other.percentiles().max).toBe(0);
    const before = one.percentiles();
    one.record(500);
    expect(before.max).toBeLessThan(6);
    expect(one.percentiles().max).toBeGreaterThan(490);
  });
});
