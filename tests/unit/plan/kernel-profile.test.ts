import fc from "fast-check";
import { expect, it } from "vitest";
import { KernelProfiles, type KernelRun } from "../../../src/plan/kernel-profile.js";

function run(busy: number, more: Partial<KernelRun> = {}): KernelRun {
  return {
    strategy: "sequential",
    bytes: 1000,
    tasks: 10,
    busy,
    results: undefined,
    dispatch: undefined,
    ...more,
  };
}

it("knows nothing of a kernel that never ran", () => {
  expect(new KernelProfiles().costOf(1)).toBeUndefined();
});

it("takes the first measurement as it is, shorter ones for two thirds and longer ones for one", () => {
  const profiles = new KernelProfiles();
  profiles.learn(1, run(6));
  expect(profiles.costOf(1)?.perByte.sequential).toBe(0.006);
  profiles.learn(1, run(12));
  expect(profiles.costOf(1)?.perByte.sequential).toBeCloseTo(0.008, 12);
  profiles.learn(1, run(2));
  expect(profiles.costOf(1)?.perByte.sequential).toBeCloseTo(0.004, 12);
  expect(profiles.costOf(1)?.runs).toBe(3);
});

it("comes to what is measured again and again, from anywhere", () => {
  const cost = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(cost, cost, (first, then) => {
      const profiles = new KernelProfiles();
      profiles.learn(1, run(first));
      for (let i = 0; i < 120; i++) profiles.learn(1, run(then));
      expect(profiles.costOf(1)?.perByte.sequential).toBeCloseTo(then / 1000, 6);
      expect(profiles.costOf(1)?.spread).toBeLessThan(0.01);
    }),
  );
});

it("one outlier counts as three times what was known", () => {
  const profiles = new KernelProfiles();
  profiles.learn(1, run(6, { dispatch: 3 }));
  profiles.learn(1, run(600, { dispatch: 3000 }));
  expect(profiles.costOf(1)?.perByte.sequential).toBeCloseTo(0.01, 12);
  expect(profiles.costOf(1)?.dispatch.sequential).toBe(5);
});

it("a strategy that was never measured costs what the other one does, sequential a little less", () => {
  const profiles = new KernelProfiles();
  profiles.learn(1, run(5, { strategy: "threads", results: 20 }));
  expect(profiles.costOf(1)).toMatchObject({
    perByte: { threads: 0.005 },
    perResult: { sequential: 2, threads: 2 },
    isOnWorkers: true,
  });
  expect(profiles.costOf(1)?.perByte.sequential).toBeCloseTo(0.0035, 12);
});

it("a first run, which is compiled on the way, tells of sequential no more than none would", () => {
  const profiles = new KernelProfiles();
  profiles.learn(1, run(9));
  for (let i = 0; i < 2; i++) profiles.learn(1, run(5, { strategy: "threads" }));
  expect(profiles.costOf(1)?.perByte.sequential).toBeCloseTo(0.0035, 12);
  profiles.learn(1, run(9));
  expect(profiles.costOf(1)?.perByte.sequential).toBeCloseTo(0.009, 12);
});

it("keeps strategies apart once each was measured twice; of a single run the lower figure counts", () => {
  const profiles = new KernelProfiles();
  for (let i = 0; i < 2; i++) profiles.learn(1, run(4));
  expect(profiles.costOf(1)?.isOnWorkers).toBe(false);
  profiles.learn(1, run(8, { strategy: "threads" }));
  expect(profiles.costOf(1)?.perByte.threads).toBe(0.004);
  profiles.learn(1, run(8, { strategy: "threads" }));
  const { sequential, threads } = profiles.costOf(1)?.perByte ?? { sequential: 0, threads: 0 };
  expect(threads).toBe(0.008);
  expect(sequential).toBe(0.004);
});

it("counts the runs since each strategy was measured, and keeps its figures meanwhile", () => {
  const profiles = new KernelProfiles();
  for (let i = 0; i < 2; i++) profiles.learn(1, run(8, { strategy: "threads", dispatch: 2 }));
  expect(profiles.costOf(1)?.since).toEqual({ sequential: 2, threads: 0 });
  for (let i = 0; i < 300; i++) profiles.learn(1, run(4, { dispatch: 1 }));
  expect(profiles.costOf(1)).toMatchObject({
    perByte: { sequential: 0.004, threads: 0.008 },
    dispatch: { sequential: 1, threads: 2 },
    since: { sequential: 0, threads: 300 },
  });
});

it("learns of results and dispatch only where they could be told", () => {
  const profiles = new KernelProfiles();
  profiles.learn(1, run(1));
  expect(profiles.costOf(1)).toMatchObject({
    perResult: { sequential: 0 },
    dispatch: { sequential: undefined, threads: undefined },
  });
  profiles.learn(1, run(1, { results: 30, dispatch: 6 }));
  profiles.learn(1, run(1));
  // The first run, which could not be told, does not count as none.
  expect(profiles.costOf(1)?.perResult.sequential).toBe(3);
  expect(profiles.costOf(1)?.dispatch).toEqual({ sequential: 6, threads: undefined });
});

it("keeps kernels and kinds of arrays apart", () => {
  const profiles = new KernelProfiles();
  profiles.learn(8, run(1));
  profiles.learn(9, run(3));
  expect([8, 9].map((key) => profiles.costOf(key)?.perByte.sequential)).toEqual([0.001, 0.003]);
});

it("learns nothing from no tasks, and of tasks without payload by the task", () => {
  const profiles = new KernelProfiles();
  profiles.learn(1, run(5, { tasks: 0, bytes: 0 }));
  expect(profiles.costOf(1)).toBeUndefined();
  profiles.learn(1, run(5, { bytes: 0 }));
  expect(profiles.costOf(1)?.perByte.sequential).toBe(5);
});

it("does not grow for ever, and keeps what it learned last", () => {
  const profiles = new KernelProfiles();
  for (let kernel = 0; kernel <= 10_000; kernel++) profiles.learn(kernel, run(1));
  expect(profiles.costOf(10_000)?.runs).toBe(1);
  expect(profiles.costOf(0)).toBeUndefined();
});

it("the spread is the mean deviation from what was known, whatever the strategy; 0 after one run", () => {
  const profiles = new KernelProfiles();
  const spread = (): number => profiles.costOf(1)?.spread as number;
  profiles.learn(1, run(10));
  expect(spread()).toBe(0);
  // Half as long: deviates by a half, which counts for a third.
  profiles.learn(1, run(5));
  expect(spread()).toBeCloseTo(1 / 6, 12);
  // The first run of the other strategy deviates from nothing.
  profiles.learn(1, run(500, { strategy: "threads" }));
  expect(spread()).toBeCloseTo(1 / 6, 12);
  profiles.learn(1, run(500, { strategy: "threads" }));
  expect(spread()).toBeCloseTo(1 / 9, 12);
});

it("believes nothing that lies outside of what was measured, and nothing that is not a time", () => {
  // Clocks tell nanoseconds: nothing, or at least one of them.
  const timeUpTo = (max: number) => fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max, noNaN: true }));
  const runs = fc.array(
    fc.record({
      strategy: fc.constantFrom("sequential" as const, "threads" as const),
      busy: timeUpTo(1e6),
      results: fc.option(timeUpTo(1e3), { nil: undefined }),
      dispatch: fc.option(timeUpTo(1e3), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(runs, (all) => {
      const profiles = new KernelProfiles();
      for (const { busy, ...more } of all) profiles.learn(1, run(busy, more));
      const cost = profiles.costOf(1);
      const busy = all.map((each) => each.busy / 1000);
      const dispatched = all.map(({ dispatch }) => dispatch).filter((each) => each !== undefined);
      expect(cost?.runs).toBe(all.length);
      expect(cost?.spread).toBeGreaterThanOrEqual(0);
      for (const strategy of ["sequential", "threads"] as const) {
        // A strategy that never ran is supposed to be up to three tenths cheaper.
        expect(cost?.perByte[strategy]).toBeGreaterThanOrEqual(0.7 * Math.min(...busy) - 1e-9);
        expect(cost?.perByte[strategy]).toBeLessThanOrEqual(Math.max(...busy) + 1e-9);
        expect(cost?.perResult[strategy]).toBeGreaterThanOrEqual(0);
        const dispatch = cost?.dispatch[strategy];
        if (dispatch === undefined) continue;
        expect(dispatch).toBeGreaterThanOrEqual(Math.min(...dispatched) - 1e-9);
        expect(dispatch).toBeLessThanOrEqual(Math.max(...dispatched) + 1e-9);
      }
    }),
  );
});

it("gives figures that stay as they are when it learns more", () => {
  const profiles = new KernelProfiles();
  profiles.learn(1, run(6));
  const before = profiles.costOf(1);
  const copy = structuredClone(before);
  profiles.learn(1, run(60, { strategy: "threads", dispatch: 4 }));
  expect(before).toEqual(copy);
  expect(profiles.costOf(1)).not.toEqual(copy);
});

it("the spread stays finite, however small the figure was", () => {
  const profiles = new KernelProfiles();
  profiles.learn(1, run(Number.MIN_VALUE * 1000));
  profiles.learn(1, run(1e6));
  profiles.learn(1, run(1e6));
  expect(profiles.costOf(1)?.spread).toBeLessThanOrEqual(3);
});
