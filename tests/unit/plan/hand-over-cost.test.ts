import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { longestShare } from "../../../src/plan/estimate.js";
import { firstTaskLimit, GUARD_MS, handOverGain } from "../../../src/plan/hand-over-cost.js";
import type { Estimate } from "../../../src/plan/plan.js";

const threads: Estimate = { spawn: 60, place: 15, dispatch: 5, compute: 1e9, results: 0, total: 1e9 + 80 };

describe("giving up a first task", () => {
  it("is never more than a quarter longer than going on, however long the tasks last", () => {
    const some = fc.record({
      tasks: fc.integer({ min: 1, max: 10_000 }),
      width: fc.integer({ min: 2, max: 64 }),
      spawn: fc.nat(300),
      place: fc.nat(500),
      taskMs: fc.double({ min: GUARD_MS, max: 10_000, noNaN: true }),
    });
    let guarded = 0;
    fc.assert(
      fc.property(some, ({ tasks, width, spawn, place, taskMs }) => {
        const estimate = { ...threads, spawn, place };
        // If moving takes no longer than that, the other bound holds: at most twice what moving costs.
        const isNear = spawn + place + threads.dispatch <= GUARD_MS;
        if (isNear || firstTaskLimit(tasks, width, estimate) > GUARD_MS) return;
        guarded += 1;
        const onThreads = GUARD_MS + spawn + place + 5 + tasks * taskMs * longestShare(tasks, width);
        expect(onThreads).toBeLessThanOrEqual(1.25 * tasks * taskMs + 1e-6);
      }),
      { numRuns: 500 },
    );
    expect(guarded).toBeGreaterThan(100);
  });

  it("comes late if few tasks would pay for it, and costs at most twice what moving costs", () => {
    expect(firstTaskLimit(1, 1, threads)).toBe(80);
    expect(firstTaskLimit(4, 2, threads)).toBe(80);
    expect(firstTaskLimit(1, 1, { ...threads, spawn: 0, place: 0 })).toBe(GUARD_MS);
  });

  it("comes soon for fewer tasks if workers are near", () => {
    const fewest = (estimate: Estimate) => {
      let tasks = 1;
      while (firstTaskLimit(tasks, 2, estimate) > GUARD_MS) tasks += 1;
      return tasks;
    };
    expect(fewest({ ...threads, spawn: 0, place: 0, dispatch: 0 })).toBeLessThan(3);
    expect(fewest(threads)).toBe(16);
  });
});

describe("moving", () => {
  it("saves the share of the other threads, less the cost of moving", () => {
    expect(handOverGain(100, 2, 2, 30)).toBe(70);
    expect(handOverGain(100, 2, 4, 30)).toBe(120);
    expect(handOverGain(3, 10, 2, 0)).toBeCloseTo(10, 12);
    expect(handOverGain(1, 1000, 2, 1)).toBe(-1);
  });
});
