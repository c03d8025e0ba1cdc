import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Metrics } from "../../../src/telemetry/metrics.js";

vi.mock("../../../src/platform/builtins.js", () => import("../late-builtins.js"));

const NONE = { p50: 0, p95: 0, p99: 0, max: 0 };

/** Time stands still, except for what a test says. */
function stopTheClock(): { now: number } {
  const clock = { now: 1000 };
  vi.spyOn(performance, "now").mockImplementation(() => clock.now);
  return clock;
}

afterEach(() => {
  vi.restoreAllMocks();
});

it("metrics are all zero at first", () => {
  expect(new Metrics(4).snapshot()).toEqual({
    submitted: 0,
    completed: 0,
    failures: 0,
    left: 0,
    fallbacks: 0,
    retries: 0,
    totalDuration: 0,
    maxWorkers: 4,
    workerUtilisationPct: 0,
    latency: NONE,
    wait: NONE,
    run: NONE,
  });
});

it("metrics count calls, failures, fallbacks and retries", () => {
  const metrics = new Metrics(2);
  for (let i = 0; i < 5; i++) metrics.submit();
  metrics.fail();
  metrics.leave();
  metrics.fallBack();
  metrics.fallBack();
  metrics.complete(10, 5, 1);
  metrics.complete(30, 5, 2);
  expect(metrics.snapshot()).toMatchObject({
    submitted: 5,
    completed: 2,
    failures: 1,
    left: 1,
    fallbacks: 2,
    retries: 3,
    totalDuration: 40,
  });
});

it("a snapshot is frozen and stays as it was", () => {
  const metrics = new Metrics(1);
  metrics.complete(10, 1, 0);
  const snapshot = metrics.snapshot();
  metrics.complete(20, 1, 0);
  expect(snapshot).toMatchObject({ completed: 1, totalDuration: 10 });
  for (const part of [snapshot, snapshot.latency, snapshot.wait, snapshot.run]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
});

describe("utilisation", () => {
  it("is time in tasks over the time of all workers while calls ran on them", () => {
    const clock = stopTheClock();
    const metrics = new Metrics(2);
    const first = metrics.occupyWorkers();
    clock.now += 50;
    // Two calls side by side share the same workers: their time counts once.
    const second = metrics.occupyWorkers();
    clock.now += 50;
    first.end(60);
    expect(metrics.snapshot().workerUtilisationPct).toBe(30);
    clock.now += 100;
    second.end(140);
    expect(metrics.snapshot().workerUtilisationPct).toBe(50);
    // Nobody's time.
    clock.now += 1000;
    expect(metrics.snapshot().workerUtilisationPct).toBe(50);
    metrics.occupyWorkers().end(0);
    clock.now += 1000;
    expect(metrics.snapshot().workerUtilisationPct).toBe(50);
  });

  it("leaves out the time in which no worker takes part", () => {
    const clock = stopTheClock();
    const metrics = new Metrics(1);
    const stream = metrics.occupyWorkers();
    clock.now += 10;
    stream.occupy(false);
    clock.now += 1000;
    const other = metrics.occupyWorkers();
    clock.now += 10;
    stream.occupy(true);
    stream.occupy(true);
    clock.now += 20;
    other.end(10);
    stream.occupy(false);
    clock.now += 1000;
    stream.end(10);
    expect(metrics.snapshot().workerUtilisationPct).toBe(50);
  });

  it("never exceeds 100", () => {
    const clock = stopTheClock();
    const metrics = new Metrics(1);
    const occupation = metrics.occupyWorkers();
    clock.now += 10;
    occupation.end(10.5);
    expect(metrics.snapshot().workerUtilisationPct).toBe(100);
  });
});

describe("percentiles", () => {
  it("of one call are that call's, of its parts too", () => {
    const metrics = new Metrics(1);
    metrics.complete(8, 2, 0);
    const { latency, wait, run } = metrics.snapshot();
    for (const [part, value] of [
      [latency, 8],
      [wait, 2],
      [run, 6],
    ] as const) {
      for (const figure of Object.values(part)) expect(Math.abs(figure / value - 1)).toBeLessThan(0.011);
    }
  });

  it("are what at least that share of calls kept to, within 1 percent", () => {
    const durations = fc.array(fc.double({ min: 0.01, max: 5000, noNaN: true }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(durations, (all) => {
        const metrics = new Metrics(1);
        for (const duration of all) metrics.complete(duration, 0, 0);
        const { latency } = metrics.snapshot();
        const sorted = all.toSorted((a, b) => a - b);
        for (const [share, value] of [
          [0.5, latency.p50],
          [0.95, latency.p95],
          [0.99, latency.p99],
          [1, latency.max],
        ] as const) {
          // The histogram rounds the rank to the nearest, so it may be the call before.
          const rank = Math.ceil(share * sorted.length) - 1;
          const errors = [sorted[rank], sorted[rank - 1]].map((exact) =>
            exact === undefined ? Infinity : Math.abs(value / exact - 1),
          );
          expect(Math.min(...errors)).toBeLessThan(0.011);
        }
      }),
    );
  });

  it("take any duration", () => {
    const metrics = new Metrics(1);
    metrics.complete(0, 0, 0);
    metrics.complete(1e9, 0, 0);
    const { max, p50 } = metrics.snapshot().latency;
    expect(p50).toBeLessThan(0.001);
    // An hour and more.
    expect(max / 3.6e6).toBeCloseTo(1, 1);
  });
});
