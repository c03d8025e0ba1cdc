import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultHostProfile, type HostProfile } from "../../../src/plan/host-profile.js";
import { type Limits, makePlan, type Workload } from "../../../src/plan/plan.js";

/** Round figures, so that expectations can be worked out by hand. */
const host: HostProfile = {
  spawnPerWorker: 50,
  dispatch: 1,
  placePerByteRecycled: 0.001,
  placePerByteFresh: 0.01,
  perTask: 0.5,
  computePerByte: 0.1,
};
const workload: Workload = {
  tasks: 8,
  instances: 800,
  taskBytes: 100,
  bytesShared: 0,
  bytesToPlace: 800,
  costPerByte: undefined,
};
const limits: Limits = {
  strategy: "auto",
  maxWorkers: 4,
  liveWorkers: 0,
  bytesIdle: 0,
  sequentialBecause: undefined,
  minBatchSize: undefined,
  minInstancesForParallel: undefined,
  tinyWorkloadThreshold: undefined,
};

describe("predictions", () => {
  it("sequential: every task, nothing else", () => {
    const { sequential } = makePlan(workload, limits, host).predicted;
    expect(sequential).toEqual({ spawn: 0, place: 0, dispatch: 0, compute: 84, total: 84 });
  });

  it("threads: starting, copying, waking, and a share of the tasks", () => {
    const { threads } = makePlan(workload, limits, host).predicted;
    expect(threads).toEqual({ spawn: 50, place: 8, dispatch: 1, compute: 21, total: 80 });
  });

  it("starting costs nothing while enough workers are up", () => {
    const spawnOf = (liveWorkers: number) =>
      makePlan(workload, { ...limits, liveWorkers }, host).predicted.threads.spawn;
    expect([0, 3, 4, 5].map(spawnOf)).toEqual([50, 50, 0, 0]);
  });

  it("copying into used memory is charged less, as far as there is any", () => {
    const placeOf = (bytesIdle: number) =>
      makePlan(workload, { ...limits, bytesIdle }, host).predicted.threads.place;
    expect(placeOf(300)).toBeCloseTo(300 * 0.001 + 500 * 0.01, 12);
    expect(placeOf(10_000)).toBeCloseTo(0.8, 12);
  });

  it("shared bytes cost nothing, however many", () => {
    const few = makePlan({ ...workload, bytesToPlace: 0, bytesShared: 1e3 }, limits, host);
    const many = makePlan({ ...workload, bytesToPlace: 0, bytesShared: 1e9 }, limits, host);
    expect(few.predicted).toEqual(many.predicted);
    expect(few.predicted.threads.place).toBe(0);
  });

  it("the last round may be uneven", () => {
    const computeOf = (tasks: number) =>
      makePlan({ ...workload, tasks }, limits, host).predicted.threads.compute / 10.5;
    expect([4, 5, 8, 9].map(computeOf)).toEqual([1, 2, 2, 3]);
  });

  it("a measured kernel goes before the guess", () => {
    const { sequential } = makePlan({ ...workload, costPerByte: 1 }, limits, host).predicted;
    expect(sequential.compute).toBe(8 * (0.5 + 100));
    const free = makePlan({ ...workload, costPerByte: 0 }, limits, host).predicted.sequential;
    expect(free.compute).toBe(4);
  });

  it("are the same however the choice falls", () => {
    const predictions = (["auto", "sequential", "threads"] as const).map(
      (strategy) => makePlan(workload, { ...limits, strategy }, host).predicted,
    );
    expect(predictions[1]).toEqual(predictions[0]);
    expect(predictions[2]).toEqual(predictions[0]);
  });
});

describe("auto", () => {
  it("takes what is predicted to be faster, and says so", () => {
    const plan = makePlan(workload, limits, host);
    expect(plan).toMatchObject({ strategy: "threads", workers: 4, fallbacks: ["sequential"] });
    expect(plan.reason).toBe("predicted to be faster: sequential 84.0 ms, threads 80.0 ms");
    const dear = makePlan({ ...workload, bytesToPlace: 1200 }, limits, host);
    expect(dear).toMatchObject({ strategy: "sequential", workers: 1, fallbacks: [] });
    expect(dear.reason).toBe("predicted to be no slower: sequential 84.0 ms, threads 84.0 ms");
  });

  it("is tipped both ways by the bytes per task", () => {
    const strategyOf = (taskBytes: number) => makePlan({ ...workload, taskBytes }, limits, host).strategy;
    expect([1, 100, 1e6].map(strategyOf)).toEqual(["sequential", "threads", "threads"]);
    expect(makePlan({ ...workload, taskBytes: 1, costPerByte: 100 }, limits, host).strategy).toBe("threads");
  });

  it("is tipped both ways by what the kernel was measured to cost", () => {
    const strategyOf = (costPerByte: number) => makePlan({ ...workload, costPerByte }, limits, host).strategy;
    expect([0.001, 10].map(strategyOf)).toEqual(["sequential", "threads"]);
  });

  it("never prefers threads for one task", () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(100), (taskBytes, liveWorkers) => {
        const one = { ...workload, tasks: 1, taskBytes };
        expect(makePlan(one, { ...limits, liveWorkers }, host).strategy).toBe("sequential");
      }),
    );
  });

  it("is decided by the totals alone", () => {
    const some = fc.record({
      tasks: fc.nat(1000),
      taskBytes: fc.nat(1e7),
      bytesToPlace: fc.nat(1e9),
      liveWorkers: fc.nat(8),
      maxWorkers: fc.integer({ min: 1, max: 16 }),
    });
    fc.assert(
      fc.property(some, ({ tasks, taskBytes, bytesToPlace, liveWorkers, maxWorkers }) => {
        const plan = makePlan(
          { ...workload, tasks, taskBytes, bytesToPlace },
          { ...limits, liveWorkers, maxWorkers },
          defaultHostProfile,
        );
        const { sequential, threads } = plan.predicted;
        expect(plan.strategy === "threads").toBe(threads.total < sequential.total);
        for (const each of [sequential, threads]) {
          expect(each.total).toBe(each.spawn + each.place + each.dispatch + each.compute);
        }
        expect(plan.workers).toBe(plan.strategy === "threads" ? Math.max(1, Math.min(maxWorkers, tasks)) : 1);
      }),
    );
  });
});

describe("gates", () => {
  const heavy: Workload = { ...workload, costPerByte: 100 };

  it("without any, the heavy workload runs on threads", () => {
    expect(makePlan(heavy, limits, host).strategy).toBe("threads");
  });

  it.each<[string, Partial<Limits>, string]>([
    ["sequentialBecause", { sequentialBecause: "nested" }, "nested"],
    ["minBatchSize", { minBatchSize: 9 }, "8 tasks are fewer than minBatchSize (9)"],
    [
      "minInstancesForParallel",
      { minInstancesForParallel: 801 },
      "800 instances are fewer than minInstancesForParallel (801)",
    ],
    [
      "tinyWorkloadThreshold",
      { tinyWorkloadThreshold: 801 },
      "800 instances are fewer than tinyWorkloadThreshold (801)",
    ],
  ])("%s goes before the cost model, and before an explicit strategy", (_name, gate, reason) => {
    for (const strategy of ["auto", "threads"] as const) {
      const plan = makePlan(heavy, { ...limits, strategy, ...gate }, host);
      expect(plan).toMatchObject({ strategy: "sequential", workers: 1, fallbacks: [], reason });
    }
  });

  it("open at their value, and at zero", () => {
    for (const gate of [
      { minBatchSize: 8 },
      { minInstancesForParallel: 800 },
      { tinyWorkloadThreshold: 800 },
      { minBatchSize: 0, minInstancesForParallel: 0, tinyWorkloadThreshold: 0 },
    ]) {
      expect(makePlan(heavy, { ...limits, ...gate }, host).strategy).toBe("threads");
    }
  });
});

describe("an explicit strategy", () => {
  it("is taken against the prediction, with nothing to fall back on", () => {
    const dear = { ...workload, bytesToPlace: 1e9 };
    expect(makePlan(dear, { ...limits, strategy: "threads" }, host)).toMatchObject({
      strategy: "threads",
      workers: 4,
      fallbacks: [],
      reason: 'strategy "threads" was asked for',
    });
    expect(makePlan(workload, { ...limits, strategy: "sequential" }, host)).toMatchObject({
      strategy: "sequential",
      workers: 1,
      fallbacks: [],
      reason: 'strategy "sequential" was asked for',
    });
  });

  it("uses no more workers than there are tasks", () => {
    const plan = makePlan({ ...workload, tasks: 3 }, { ...limits, strategy: "threads" }, host);
    expect(plan.workers).toBe(3);
    expect(makePlan({ ...workload, tasks: 0 }, { ...limits, strategy: "threads" }, host).workers).toBe(1);
  });
});

describe("a plan", () => {
  it("is pure: the same data in, the same plan out, inputs untouched", () => {
    const frozen = [workload, limits, host].map((each) => Object.freeze({ ...each })) as unknown as [
      Workload,
      Limits,
      HostProfile,
    ];
    const [first, second] = [makePlan(...frozen), makePlan(...frozen)];
    expect(JSON.stringify(first)).toBe(JSON.stringify(second));
    expect(String(first)).toBe(String(second));
  });

  it("is frozen throughout", () => {
    const plan = makePlan(workload, limits, host);
    for (const part of [
      plan,
      plan.fallbacks,
      plan.predicted,
      plan.predicted.sequential,
      plan.predicted.threads,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it("prints as a table", () => {
    const plan = makePlan({ ...workload, bytesShared: 40 }, limits, host);
    expect(String(plan)).toMatchInlineSnapshot(`
      "strategy       spawn     place  dispatch  compute    total
      sequential  0.000 ms  0.000 ms  0.000 ms  84.0 ms  84.0 ms
      threads *    50.0 ms    8.0 ms    1.0 ms  21.0 ms  80.0 ms
      * chosen: predicted to be faster: sequential 84.0 ms, threads 80.0 ms
      8 tasks of 100 bytes on 4 threads; 40 bytes are shared already, threads would place 800"
    `);
  });

  it("prints for one thread too", () => {
    const plan = makePlan({ ...workload, tasks: 1 }, { ...limits, strategy: "sequential" }, host);
    expect(`${plan}`).toMatchInlineSnapshot(`
      "strategy         spawn     place  dispatch  compute    total
      sequential *  0.000 ms  0.000 ms  0.000 ms  10.5 ms  10.5 ms
      threads        50.0 ms    8.0 ms    1.0 ms  10.5 ms  69.5 ms
      * chosen: strategy "sequential" was asked for
      1 tasks of 100 bytes on 1 thread; 0 bytes are shared already, threads would place 800"
    `);
  });
});

it("the built-in host profile is frozen and charges something for everything", () => {
  expect(Object.isFrozen(defaultHostProfile)).toBe(true);
  for (const cost of Object.values(defaultHostProfile)) expect(cost).toBeGreaterThan(0);
  expect(defaultHostProfile.placePerByteFresh).toBeGreaterThan(defaultHostProfile.placePerByteRecycled);
});
