import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ENDED, LOG_WORDS, LOGGED, METER_WORDS, STARTED } from "../../../src/protocol/meter.js";
import { claimsOf, computingTime } from "../../../src/strategies/timings.js";

function meterOf(start: number, end: number, logged = 0): Float64Array {
  const meter = new Float64Array(METER_WORDS);
  meter[STARTED] = start === 0 ? 0 : start;
  meter[ENDED] = end === 0 ? 0 : end;
  meter[LOGGED] = logged;
  return meter;
}

describe("the time of computing", () => {
  it("is undefined if no thread ran a task", () => {
    expect(computingTime([])).toBeUndefined();
    expect(computingTime([{ meters: [meterOf(0, 0), meterOf(0, 0)] }])).toBeUndefined();
  });

  it("goes from the first thread's start to the last one's end, on this thread's clock", () => {
    const span = fc.record({ start: fc.integer({ min: 1, max: 1e6 }), length: fc.nat(1e6) });
    const spans = fc.array(span, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(spans, fc.nat(3), (threads, idle) => {
        const meters = [
          // Threads that came too late for a task do not count as started at zero.
          ...Array.from({ length: idle }, () => meterOf(0, 0)),
          ...threads.map(({ start, length }) => meterOf(start, start + length)),
        ];
        const half = meters.length >> 1;
        const rounds = [{ meters: meters.slice(0, half) }, { meters: meters.slice(half) }];
        const computing = computingTime(rounds);
        expect(computing?.start).toBeCloseTo(Math.min(...threads.map(({ start }) => start)), 3);
        expect(computing?.end).toBeCloseTo(
          Math.max(...threads.map(({ start, length }) => start + length)),
          3,
        );
      }),
    );
  });
});

describe("claims", () => {
  it("are read as far as they were logged", () => {
    const log = new Float64Array(3 * LOG_WORDS);
    log.set([10, 12, 0, 1, 12, 15, 1, 7]);
    // What a recycled region still held.
    log.fill(Number.NaN, 2 * LOG_WORDS);
    const claims = claimsOf(3, meterOf(10, 15, 2), log);
    expect(claims).toHaveLength(2);
    expect(claims.map(({ worker, firstTask, tasks }) => [worker, firstTask, tasks])).toEqual([
      [3, 0, 1],
      [3, 1, 7],
    ]);
    expect(claims.map(({ start }) => Math.round(start))).toEqual([10, 12]);
    expect(claims.map(({ end }) => Math.round(end))).toEqual([12, 15]);
  });

  it("are none without a log", () => {
    expect(claimsOf(1, meterOf(10, 15, 2), undefined)).toEqual([]);
    expect(claimsOf(1, meterOf(0, 0), new Float64Array(LOG_WORDS))).toEqual([]);
  });
});
