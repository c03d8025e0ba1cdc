import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Metrics } from "../../../src/telemetry/metrics.js";

it("is all zero at first", () => {
  expect(new Metrics(4).snapshot()).toEqual({
    submitted: 0,
    completed: 0,
    failures: 0,
    fallbacks: 0,
    retries: 0,
    totalDuration: 0,
    maxWorkers: 4,
    workerUtilisationPct: 0,
    latency: { p50: 0, p95: 0, p99: 0, max: 0 },
  });
});

it("counts", () => {
  const metrics = new Metrics(2);
  for (let i = 0; i < 5; i++) metrics.submit();
  metrics.fail();
  metrics.fallBack();
  metrics.fallBack();
  metrics.complete(10, 5, 2, 1);
  metrics.complete(30, 45, 2, 2);
  expect(metrics.snapshot()).toMatchObject({
    submitted: 5,
    completed: 2,
    failures: 1,
    fallbacks: 2,
    retries: 3,
    totalDuration: 40,
    // 50 ms of the 80 that two workers had.
    workerUtilisationPct: 62.5,
  });
});

it("a snapshot is frozen and stays as it was", () => {
  const metrics = new Metrics(1);
  metrics.complete(10, 10, 1, 0);
  const snapshot = metrics.snapshot();
  metrics.complete(20, 0, 1, 0);
  expect(snapshot).toMatchObject({ completed: 1, totalDuration: 10, latency: { max: 10 } });
  expect(Object.isFrozen(snapshot)).toBe(true);
  expect(Object.isFrozen(snapshot.latency)).toBe(true);
});

describe("utilisation", () => {
  it("never exceeds 100", () => {
    const metrics = new Metrics(1);
    metrics.complete(10, 10.5, 1, 0);
    expect(metrics.snapshot().workerUtilisationPct).toBe(100);
  });

  it("is zero while no time has passed", () => {
    const metrics = new Metrics(1);
    metrics.complete(0, 0, 0, 0);
    expect(metrics.snapshot().workerUtilisationPct).toBe(0);
  });
});

describe("latency", () => {
  it("is by nearest rank", () => {
    const metrics = new Metrics(1);
    for (let i = 100; i >= 1; i--) metrics.complete(i, 0, 1, 0);
    expect(metrics.snapshot().latency).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 });
  });

  it("of one call is that call's", () => {
    const metrics = new Metrics(1);
    metrics.complete(7, 0, 1, 0);
    expect(metrics.snapshot().latency).toEqual({ p50: 7, p95: 7, p99: 7, max: 7 });
  });

  it("sorts as numbers, and is what at least that share of calls kept to", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 300 }),
        (durations) => {
          const metrics = new Metrics(1);
          for (const duration of durations) metrics.complete(duration, 0, 1, 0);
          const { latency } = metrics.snapshot();
          expect(latency.max).toBe(Math.max(...durations));
          for (const [share, value] of [
            [0.5, latency.p50],
            [0.95, latency.p95],
            [0.99, latency.p99],
          ] as const) {
            expect(durations).toContain(value);
            const within = durations.filter((duration) => duration <= value).length;
            const below = durations.filter((duration) => duration < value).length;
            expect(within / durations.length).toBeGreaterThanOrEqual(share);
            expect(below / durations.length).toBeLessThan(share);
          }
        },
      ),
    );
  });

  it("forgets all but the last 1,024 calls", () => {
    const metrics = new Metrics(1);
    metrics.complete(1e6, 0, 1, 0);
    for (let i = 0; i < 1023; i++) metrics.complete(1, 0, 1, 0);
    expect(metrics.snapshot().latency.max).toBe(1e6);
    metrics.complete(1, 0, 1, 0);
    expect(metrics.snapshot().latency.max).toBe(1);
    expect(metrics.snapshot().completed).toBe(1025);
  });
});
