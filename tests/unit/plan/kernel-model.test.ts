import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KernelModels } from "../../../src/plan/kernel-model.js";
import type * as records from "../../../src/plan/shape-record.js";
import { type WorkShape, workShapeOf } from "../../../src/plan/work-shape.js";
import { type KernelCost, MODELS, type StrategyName } from "./grounds.js";

type KernelRun = records.KernelRun<StrategyName>;

/** Ten tasks of 100 bytes without arguments, unless a test says something else. */
const shape = ({ tasks = 10, taskBytes = 100, args = 0 }: Partial<WorkShape> = {}): WorkShape =>
  workShapeOf(tasks, taskBytes, args);

/** A kernel that learns, and tells what it knows. */
function setUp() {
  const models = new KernelModels(MODELS);
  const learn = (busy: number, more: Partial<KernelRun> = {}, of: Partial<WorkShape> = {}, key = 1): void => {
    const { tasks } = shape(of);
    models.learn(key, shape(of), {
      strategy: "sequential",
      tasks,
      busy,
      sending: 0,
      results: undefined,
      dispatch: undefined,
      afterPause: false,
      ...more,
    });
  };
  const cost = (of: Partial<WorkShape> = {}, afterPause = false, key = 1): KernelCost | undefined =>
    models.costOf(key, shape(of), afterPause);
  const here = (of: Partial<WorkShape> = {}) => cost(of)?.perTask.sequential;
  return { learn, cost, here };
}

const THREADS = { strategy: "threads" } as const;

describe("calls of one shape", () => {
  it("are nothing for a kernel that never ran, or ran no task", () => {
    const { learn, cost } = setUp();
    expect(cost()).toBeUndefined();
    learn(5, {}, { tasks: 0 });
    expect(cost()).toBeUndefined();
  });

  it("teach: the first as it is, shorter ones for two thirds and longer ones for one", () => {
    const { learn, cost, here } = setUp();
    learn(6);
    expect(here()).toBe(0.6);
    learn(12);
    expect(here()).toBeCloseTo(0.8, 12);
    learn(2);
    expect(here()).toBeCloseTo(0.4, 12);
    expect(cost()).toMatchObject({ basis: "seen", runs: 3, runsAlike: 3 });
  });

  it("teach what is measured again and again, from anywhere", () => {
    const any = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(any, any, (first, then) => {
        const { learn, cost } = setUp();
        learn(first);
        for (let i = 0; i < 120; i++) learn(then);
        expect(cost()?.perTask.sequential).toBeCloseTo(then / 10, 4);
        expect(cost()?.within).toBe(1.1);
      }),
    );
  });

  it("let an outlier count as three times what was known", () => {
    const { learn, cost, here } = setUp();
    learn(6, { dispatch: 3 });
    learn(600, { dispatch: 3000 });
    expect(here()).toBeCloseTo(1, 12);
    expect(cost()?.dispatch.sequential).toBe(5);
  });

  it("are good to a factor of twice their mean deviation", () => {
    const { learn, cost } = setUp();
    learn(10);
    // The first run of the kernel is compiled on the way.
    expect(cost()?.within).toBe(Infinity);
    learn(10, {}, { taskBytes: 5000 });
    expect(cost()?.within).toBe(2);
    // Half as long: deviates by a half, which counts for a third.
    learn(5);
    expect(cost()?.within).toBeCloseTo(1 + 2 / 6, 12);
    // The first run of another strategy deviates from nothing.
    learn(500, THREADS);
    expect(cost()?.within).toBeCloseTo(1 + 2 / 6, 12);
  });

  it("are kept apart by kernel, kinds of arrays, size of tasks and their number", () => {
    const { learn, cost, here } = setUp();
    learn(10);
    learn(30, {}, {}, 2);
    learn(50, {}, { taskBytes: 1000 });
    learn(7000, {}, { tasks: 1000 });
    expect(cost({}, false, 2)?.perTask.sequential).toBe(3);
    expect([here(), here({ taskBytes: 1000 }), here({ tasks: 1000 })]).toEqual([1, 5, 7]);
    // Nearly the same is the same.
    expect(here({ taskBytes: 102 })).toBe(1);
  });

  it("stay as they were in figures that were given, whatever comes after", () => {
    const { learn, cost } = setUp();
    learn(6);
    const before = cost();
    const copy = structuredClone(before);
    learn(60, { ...THREADS, dispatch: 4 });
    expect(before).toEqual(copy);
    expect(cost()).not.toEqual(copy);
  });

  it("do not grow for ever in number, and the last ones are known", () => {
    const { learn, cost } = setUp();
    for (let kernel = 0; kernel <= 10_000; kernel++) learn(1, {}, {}, kernel);
    expect(cost({}, false, 10_000)?.runs).toBe(1);
    expect(cost({}, false, 0)).toBeUndefined();
    for (let i = 0; i < 40; i++)
      for (let args = 1; args < 20; args++) learn(1, {}, { taskBytes: 2 ** i, args });
    expect(cost({ taskBytes: 2 ** 39, args: 19 })).toMatchObject({ basis: "seen" });
    expect(cost({ taskBytes: 100 })).toMatchObject({ basis: "fitted" });
  });
});

describe("a strategy teaches another", () => {
  it("that was never measured: it costs the same, sequential a little less", () => {
    const one = setUp();
    one.learn(5, { ...THREADS, results: 20 });
    expect(one.cost()).toMatchObject({ perTask: { threads: 0.5 }, isOnWorkers: true });
    expect(one.here()).toBeCloseTo(0.35, 12);
    expect(one.cost()?.perResult).toEqual({ sequential: 2, threads: 2 });
    const other = setUp();
    other.learn(5);
    expect(other.cost()).toMatchObject({ perTask: { sequential: 0.5, threads: 0.5 }, isOnWorkers: false });
  });

  it("that was measured once, and compiled on the way", () => {
    const { learn, here } = setUp();
    learn(9);
    for (let i = 0; i < 2; i++) learn(5, THREADS);
    expect(here()).toBeCloseTo(0.35, 12);
    learn(9);
    expect(here()).toBeCloseTo(0.9, 12);
  });

  it("in calls of other shapes too, by the ratio of shapes on which both were measured", () => {
    const { learn, cost } = setUp();
    for (let i = 0; i < 2; i++) learn(10);
    for (let i = 0; i < 2; i++) learn(30, THREADS);
    for (let i = 0; i < 2; i++) learn(100, {}, { taskBytes: 1e6 });
    expect(cost({ taskBytes: 1e6 })?.perTask.threads).toBeCloseTo(30, 9);
    for (let i = 0; i < 2; i++) learn(60, THREADS, { taskBytes: 1e4 });
    expect(cost({ taskBytes: 1e4 })?.perTask.sequential).toBeCloseTo(2, 9);
  });

  it("only by calls that are long enough to tell", () => {
    const { learn, cost } = setUp();
    for (let i = 0; i < 2; i++) learn(0.01);
    for (let i = 0; i < 2; i++) learn(0.3, THREADS);
    for (let i = 0; i < 2; i++) learn(100, {}, { taskBytes: 1e6 });
    expect(cost({ taskBytes: 1e6 })?.perTask.threads).toBeCloseTo(10, 9);
  });

  it("what contradicts its knowledge, which is half as true then", () => {
    const { learn, cost } = setUp();
    for (let i = 0; i < 2; i++) learn(10);
    for (let i = 0; i < 2; i++) learn(20, THREADS);
    // A hundred times the work counts as three times, for a third: 1 + 2/3.
    learn(1000);
    expect(cost()?.perTask.sequential).toBeCloseTo(5 / 3, 9);
    expect(cost()?.perTask.threads).toBeCloseTo(2 * Math.sqrt(5 / 3), 9);
    // What lies near contradicts nothing.
    const { threads } = (cost() as KernelCost).perTask;
    learn(18);
    expect(cost()?.perTask.threads).toBe(threads);
  });

  it("and is looked at: runs since it was measured last are counted, and its figures kept", () => {
    const { learn, cost } = setUp();
    for (let i = 0; i < 2; i++) learn(80, { ...THREADS, dispatch: 2 });
    expect(cost()?.since).toEqual({ sequential: 2, threads: 0 });
    for (let i = 0; i < 300; i++) learn(40, { dispatch: 1 });
    expect(cost()).toMatchObject({
      perTask: { sequential: 4, threads: 8 },
      dispatch: { sequential: 1, threads: 2 },
      since: { sequential: 0, threads: 300 },
    });
  });
});

describe("what a call takes beside its tasks", () => {
  it("is learned if it could be told", () => {
    const { learn, cost } = setUp();
    learn(1);
    expect(cost()).toMatchObject({
      perResult: { sequential: 0 },
      dispatch: { sequential: undefined, threads: undefined },
    });
    learn(1, { results: 30, dispatch: 6 });
    learn(1);
    expect(cost()?.perResult.sequential).toBe(3);
    expect(cost()?.dispatch).toEqual({ sequential: 6, threads: undefined });
  });

  it("is one thing at once, and another after a pause", () => {
    const { learn, cost } = setUp();
    learn(1, { ...THREADS, dispatch: 1 });
    learn(1, { dispatch: 5 });
    // Workers have gone to sleep, which the host profile prices; for this thread it makes little difference.
    expect(cost({}, true)?.dispatch).toEqual({ sequential: 5, threads: undefined });
    learn(1, { ...THREADS, dispatch: 3, afterPause: true });
    expect(cost({}, true)?.dispatch.threads).toBeCloseTo(1 + 2 / 3, 12);
    expect(cost({}, false)?.dispatch.threads).toBe(1);
  });
});

describe("calls that were never made", () => {
  it("are fitted: a constant and a part per byte", () => {
    const { learn, cost, here } = setUp();
    const costs = (taskBytes: number) => 2 + taskBytes / 1000;
    for (const taskBytes of [1000, 8000, 64_000]) {
      for (let i = 0; i < 2; i++) learn(10 * costs(taskBytes), {}, { taskBytes });
    }
    expect(here({ taskBytes: 20_000 })).toBeCloseTo(costs(20_000), 9);
    expect(cost({ taskBytes: 20_000 })).toMatchObject({ basis: "fitted", runs: 6, runsAlike: 0 });
    expect(cost({ taskBytes: 20_000 })?.within).toBeCloseTo(2, 9);
  });

  it("may cost anything beyond the sizes that were measured", () => {
    const { learn, cost } = setUp();
    for (const taskBytes of [1000, 64_000]) learn(10, {}, { taskBytes });
    const within = (taskBytes: number) => cost({ taskBytes })?.within;
    expect([500, 900, 8000, 64_000, 70_000, 1e6].map(within)).toEqual([
      Infinity,
      Infinity,
      2,
      expect.any(Number),
      expect.any(Number),
      Infinity,
    ]);
  });

  it("are less sure the less calls of other sizes lie on a line", () => {
    const { learn, cost } = setUp();
    for (const taskBytes of [1e3, 1e4, 1e5, 1e6]) learn((taskBytes / 1e3) ** 2, {}, { taskBytes });
    expect(cost({ taskBytes: 3e4 })?.within).toBeGreaterThan(4);
  });

  it("of the same size are good to a factor of two, or to that of their likes", () => {
    const { learn, cost } = setUp();
    learn(10);
    expect(cost({ tasks: 1000 })).toMatchObject({ basis: "fitted", within: 2 });
    expect(cost({ tasks: 1000 })?.perTask.sequential).toBeCloseTo(1, 9);
    for (let i = 0; i < 20; i++) learn(i % 2 === 0 ? 1 : 100);
    expect(cost({ tasks: 1000 })?.within).toBeGreaterThan(2);
  });

  it("know the longest tasks of the calls that they rest on, and forget them slowly", () => {
    const { learn, cost } = setUp();
    learn(500);
    learn(20, {}, { taskBytes: 1000 });
    expect(cost({ taskBytes: 1e6 })?.longest).toBe(50);
    for (let i = 0; i < 20; i++) learn(10);
    expect(cost()?.longest).toBeCloseTo(1, 1);
  });
});

describe("arguments", () => {
  it("that were never given may make any difference, until others have made none", () => {
    const { learn, cost } = setUp();
    const knows = (args: number) => {
      const { basis, within } = cost({ args }) as KernelCost;
      return basis === "seen" ? "seen" : within;
    };
    for (let i = 0; i < 2; i++) learn(10, {}, { args: 1 });
    expect(knows(1)).toBe("seen");
    expect(knows(2)).toBe(Infinity);
    learn(11, {}, { args: 2 });
    expect(knows(3)).toBe(Infinity);
    learn(9, {}, { args: 3 });
    expect(knows(4)).toBe("seen");
    expect(cost({ args: 4 })?.perTask.sequential).toBeCloseTo(1, 0);
    // One that makes a difference after all lowers the trust in all that are new.
    learn(1000, {}, { args: 4 });
    expect(knows(5)).toBe(Infinity);
    expect(knows(1)).toBe("seen");
  });

  it("that change the work are known one by one", () => {
    const { learn, here } = setUp();
    for (let i = 0; i < 4; i++) {
      learn(1, {}, { args: 1 });
      learn(1000, {}, { args: 2 });
    }
    expect(here({ args: 1 })).toBeCloseTo(0.1, 9);
    expect(here({ args: 2 })).toBeCloseTo(100, 9);
  });
});

it("a model believes nothing outside of what was measured, and nothing that is not a time", () => {
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
    fc.property(runs, fc.nat(1e7), (all, taskBytes) => {
      const { learn, cost } = setUp();
      for (const { busy, ...more } of all) learn(busy, more);
      for (const each of [cost(), cost({ taskBytes }), cost({ args: 7 })] as KernelCost[]) {
        expect(each.runs).toBe(all.length);
        expect(each.within).toBeGreaterThanOrEqual(1.1);
        for (const strategy of ["sequential", "threads"] as const) {
          expect(each.perTask[strategy]).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(each.perTask[strategy])).toBe(true);
          expect(each.perResult[strategy]).toBeGreaterThanOrEqual(0);
          expect(each.dispatch[strategy] ?? 0).toBeGreaterThanOrEqual(0);
        }
      }
    }),
  );
});
