import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GUARD_MS } from "../../../src/plan/hand-over-cost.js";
import { defaultHostProfile, type HostProfile } from "../../../src/plan/host-profile.js";
import {
  KERNEL,
  type KernelCost,
  LIMITS,
  type Limits,
  makePlan,
  states,
  WORKLOAD,
  type Workload,
} from "./grounds.js";

/** Round figures, so that expectations can be worked out by hand. */
const host: HostProfile = {
  parallelism: 4,
  spawn: 50,
  spawnPerWorker: 10,
  dispatchSequential: 2,
  dispatchHot: 1,
  dispatchIdle: 2,
  dispatchCold: 3,
  spawnProcess: 90,
  dispatchProcess: 1,
  dispatchProcessIdle: 2,
  dispatchProcessCold: 3,
  perClaim: 0.25,
  perTask: 0.25,
  placePerByteRecycled: 0.001,
  placePerByteFresh: 0.01,
  clonePerByte: 1,
  computePerByte: 0.1,
};
const workload: Workload = {
  ...WORKLOAD,
  tasks: 8,
  instances: 800,
  taskBytes: 100,
  hint: 100,
  bytesToPlace: 800,
  kernel: undefined,
};
const limits: Limits = { ...LIMITS, maxWorkers: 4, states: states({ serving: 4 }) };

/** @param perByte milliseconds, of tasks of 100 bytes */
function measured(perByte: number, more: Partial<KernelCost> = {}): KernelCost {
  const perTask = 100 * perByte;
  return { ...KERNEL, perTask: { sequential: perTask, threads: perTask }, longest: perTask, ...more };
}

describe("predictions", () => {
  it("sequential: the call itself and every task", () => {
    const { sequential } = makePlan(workload, limits, host).predicted;
    expect(sequential).toEqual({ spawn: 0, place: 0, dispatch: 2, compute: 84, results: 0, total: 86 });
  });

  it("threads: starting, copying, waking, and a share of the tasks", () => {
    const { threads } = makePlan(workload, { ...limits, states: states({ serving: 0 }) }, host).predicted;
    expect(threads).toEqual({ spawn: 80, place: 8, dispatch: 3, compute: 21, results: 0, total: 112 });
  });

  it("only missing workers are started", () => {
    const spawnOf = (liveWorkers: number) =>
      makePlan(workload, { ...limits, states: states({ serving: liveWorkers }) }, host).predicted.threads
        .spawn;
    const waiting = { ...limits, states: states({ serving: 0, respawnWait: 400 }) };
    // Workers that may not be started yet are waited for, unless there are others.
    expect(makePlan(workload, waiting, host).predicted.threads.spawn).toBe(400 + spawnOf(0));
    expect(
      makePlan(workload, { ...waiting, states: states({ serving: 1 }) }, host).predicted.threads.spawn,
    ).toBeLessThan(400);
    expect([0, 2, 3, 4, 5].map(spawnOf)).toEqual([80, 60, 50, 0, 0]);
  });

  it("copying into used memory is charged less", () => {
    const placeOf = (recycles: boolean) =>
      makePlan(workload, { ...limits, recycles }, host).predicted.threads.place;
    expect([placeOf(false), placeOf(true)]).toEqual([8, 0.8]);
  });

  it("fresh memory is shared by calls of one shape, as it is used memory for the next", () => {
    const placeOf = (runsAlike: number, keepsRegions: boolean) => {
      const kernel = measured(1, { runs: 99, runsAlike });
      return makePlan({ ...workload, kernel }, { ...limits, keepsRegions }, host).predicted.threads.place;
    };
    // 7.2 ms more than used memory.
    const [none, one, three] = [0, 1, 3].map((runs) => placeOf(runs, true));
    expect(none).toBeCloseTo(8, 9);
    expect(one).toBeCloseTo(4.4, 9);
    expect(three).toBeCloseTo(2.6, 9);
    expect(placeOf(40, false)).toBe(8);
  });

  it("shared bytes cost nothing, however many", () => {
    const few = makePlan({ ...workload, bytesToPlace: 0, bytesShared: 1e3 }, limits, host);
    const many = makePlan({ ...workload, bytesToPlace: 0, bytesShared: 1e9 }, limits, host);
    expect(few.predicted).toEqual(many.predicted);
    expect(few.predicted.threads.place).toBe(0);
  });

  it("the last tasks may leave threads idle, and there are no more threads than the machine runs", () => {
    const computeOf = (tasks: number, parallelism: number) =>
      makePlan({ ...workload, tasks }, limits, { ...host, parallelism }).predicted.threads.compute / 10.5;
    expect([4, 5, 8, 9].map((tasks) => computeOf(tasks, 4))).toEqual([1, 2, 2, 3]);
    expect([4, 5, 8, 9].map((tasks) => computeOf(tasks, 2))).toEqual([2, 3, 4, 5]);
  });

  it("what was measured goes before what is supposed, strategy by strategy", () => {
    const kernel = measured(0, {
      perTask: { sequential: 50, threads: 100 },
      perResult: { sequential: 0.125, threads: 0.25 },
      dispatch: { sequential: 7, threads: undefined },
    });
    const { sequential, threads } = makePlan({ ...workload, kernel }, limits, host).predicted;
    expect(sequential).toMatchObject({ dispatch: 7, compute: 400, results: 1 });
    expect(threads).toMatchObject({ dispatch: 1, compute: 200, results: 2 });
    const onWorkers = measured(1, { dispatch: { sequential: undefined, threads: 5 } });
    expect(makePlan({ ...workload, kernel: onWorkers }, limits, host).predicted.threads.dispatch).toBe(5);
    const elsewhere = measured(1, { isOnWorkers: false });
    expect(makePlan({ ...workload, kernel: elsewhere }, limits, host).predicted.threads.dispatch).toBe(3);
  });

  it("are the same however the choice falls", () => {
    const predictions = (["auto", "sequential", "threads"] as const).map(
      (strategy) => makePlan(workload, { ...limits, strategy }, host).predicted,
    );
    expect(predictions[1]).toEqual(predictions[0]);
    expect(predictions[2]).toEqual(predictions[0]);
  });
});

describe("auto, of a kernel that was measured", () => {
  it("takes what is predicted to be faster, and says so", () => {
    const plan = makePlan({ ...workload, kernel: measured(1) }, limits, host);
    expect(plan).toMatchObject({
      strategy: "threads",
      workers: 4,
      fallbacks: ["sequential"],
      handOver: undefined,
      reason: "predicted to be faster: sequential 802 ms, threads 209 ms",
    });
    const cheap = makePlan({ ...workload, kernel: measured(0.001) }, limits, host);
    expect(cheap).toMatchObject({
      strategy: "sequential",
      workers: 1,
      fallbacks: [],
      handOver: { workers: 4, width: 4, firstTaskLimit: undefined },
      reason: "predicted to be faster: sequential 2.8 ms, threads 9.2 ms",
    });
  });

  it("within a tenth it takes what leaves the caller's thread free", () => {
    // One task: threads save nothing. 1 ms of dispatch against 2 ms of the call itself, and `place` on top.
    const of = (bytesToPlace: number) =>
      makePlan({ ...workload, tasks: 1, kernel: measured(0.98), bytesToPlace }, limits, host);
    const within = of(1000);
    expect(within.predicted.sequential.total).toBe(100);
    expect(within.predicted.threads.total).toBe(109);
    expect(within.strategy).toBe("threads");
    expect(within.reason).toBe(
      "predicted to be as fast within a tenth, and leaves this thread free: sequential 100 ms, threads 109 ms",
    );
    expect(of(1200).predicted.threads.total).toBe(111);
    expect(of(1200).strategy).toBe("sequential");
  });

  it("is decided by the totals alone", () => {
    const some = fc.record({
      tasks: fc.integer({ min: 1, max: 1000 }),
      taskBytes: fc.integer({ min: 1, max: 1e7 }),
      bytesToPlace: fc.nat(1e9),
      perTask: fc.double({ min: 1e-9, max: 1e-3, noNaN: true }),
      liveWorkers: fc.nat(8),
      maxWorkers: fc.integer({ min: 1, max: 16 }),
    });
    fc.assert(
      fc.property(some, ({ tasks, taskBytes, bytesToPlace, perTask, liveWorkers, maxWorkers }) => {
        const plan = makePlan(
          { ...workload, tasks, taskBytes, bytesToPlace, hint: 0, kernel: measured(perTask) },
          { ...limits, states: states({ serving: liveWorkers }), maxWorkers },
          defaultHostProfile,
        );
        const { sequential, threads } = plan.predicted;
        expect(plan.strategy === "threads").toBe(threads.total <= 1.1 * sequential.total);
        for (const each of [sequential, threads]) {
          const { spawn, place, dispatch, compute, results, total } = each;
          expect(total).toBeCloseTo(spawn + place + dispatch + compute + results, 6);
        }
        expect(plan.workers).toBe(plan.strategy === "threads" ? Math.min(maxWorkers, tasks) : 1);
        expect(plan.handOver !== undefined).toBe(plan.strategy === "sequential");
      }),
    );
  });
});

describe("auto, of a kernel that was never measured", () => {
  const unknown: Workload = { ...workload, hint: 0, bytesToPlace: 0 };
  const cheapToReach: HostProfile = { ...host, dispatchCold: 0.5 };

  it("lets the workers find out if that costs next to nothing, and nothing could stop it here", () => {
    const plan = makePlan({ ...unknown, canGiveUp: false }, limits, cheapToReach);
    expect(plan).toMatchObject({ strategy: "threads", fallbacks: ["sequential"], basis: "supposed" });
    expect(plan.reason).toBe(
      "the kernel was never measured: the workers find out what it costs, for 0.500 ms",
    );
  });

  it.each<[string, Workload, Limits]>([
    ["a task can be given up", unknown, limits],
    [
      "workers must be started",
      { ...unknown, canGiveUp: false },
      { ...limits, states: states({ serving: 0 }) },
    ],
    ["much must be copied", { ...unknown, canGiveUp: false, bytesToPlace: 100 }, limits],
  ])("starts on the caller's thread if %s, and may move", (_why, work, limited) => {
    const plan = makePlan(work, limited, cheapToReach);
    expect(plan).toMatchObject({ strategy: "sequential", handOver: { workers: 4, width: 4 } });
    expect(plan.reason).toBe(
      "the kernel was never measured: the call starts on this thread and moves to the workers when that pays",
    );
  });

  it("limits the first task if it may be given up: soon if many remain, else once moving has cost as much", () => {
    const cold = { ...limits, states: states({ serving: 0 }) };
    const limitOf = (more: Partial<Workload>) =>
      makePlan({ ...unknown, ...more }, cold, host).handOver?.firstTaskLimit;
    expect(limitOf({ tasks: 100 })).toBe(GUARD_MS);
    expect(limitOf({ tasks: 100, canGiveUp: false })).toBeUndefined();
    const { spawn, place, dispatch } = makePlan({ ...unknown, tasks: 2 }, cold, host).predicted.threads;
    expect(limitOf({ tasks: 2 })).toBe(spawn + place + dispatch);
    expect(limitOf({ tasks: 100, kernel: measured(1e-9) })).toBeUndefined();
  });

  it("one task, or one worker, moves only to leave the caller's thread free", () => {
    const cold = { ...limits, states: states({ serving: 0 }) };
    const one = makePlan({ ...unknown, tasks: 1 }, cold, host).handOver;
    expect(one).toMatchObject({ workers: 1, width: 1, firstTaskLimit: expect.any(Number) });
    expect(makePlan({ ...unknown, tasks: 1, canGiveUp: false }, cold, host).handOver).toMatchObject({
      width: 1,
      firstTaskLimit: undefined,
    });
    const lonely = makePlan(unknown, { ...cold, maxWorkers: 1 }, host);
    expect(lonely.handOver).toMatchObject({ workers: 1, firstTaskLimit: expect.any(Number) });
    expect(makePlan(unknown, cold, { ...host, parallelism: 1 }).handOver).toBeUndefined();
  });

  it("believes a hint, which alone tips the choice both ways", () => {
    const strategyOf = (hint: number) => {
      return makePlan(
        { ...unknown, hint, taskBytes: hint },
        { ...limits, states: states({ serving: 0 }) },
        host,
      ).strategy;
    };
    expect([1, 1000].map(strategyOf)).toEqual(["sequential", "threads"]);
  });
});

describe("gates", () => {
  const heavy: Workload = { ...workload, kernel: measured(100) };

  it("without any, the heavy workload runs on threads", () => {
    expect(makePlan(heavy, limits, host).strategy).toBe("threads");
  });

  it.each<[string, Partial<Limits>, string]>([
    ["hereBecause", { hereBecause: "nested" }, "nested"],
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
      // What was decided by a rule is not overturned by a measurement.
      expect(plan.handOver).toBeUndefined();
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
      handOver: undefined,
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
    const plan = makePlan({ ...workload, kernel: measured(0.001) }, limits, host);
    for (const part of [
      plan,
      plan.fallbacks,
      plan.advice,
      plan.handOver,
      plan.kernel,
      plan.kernel?.perTask,
      plan.kernel?.perResult,
      plan.kernel?.dispatch,
      plan.predicted,
      plan.predicted.sequential,
      plan.predicted.threads,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it("prints as a table", () => {
    const kernel = measured(1, { runs: 3, within: 1.25 });
    const placedBefore = { bytes: 800, times: 3 };
    const plan = makePlan({ ...workload, bytesShared: 40, kernel, placedBefore }, limits, host);
    expect(String(plan)).toMatchInlineSnapshot(`
      "strategy       spawn     place  dispatch  compute   total
      sequential  0.000 ms  0.000 ms    2.0 ms   800 ms  802 ms
      threads *   0.000 ms    8.0 ms    1.0 ms   200 ms  209 ms
      * chosen: predicted to be faster: sequential 802 ms, threads 209 ms
      8 tasks of 100 bytes on 4 threads; seen: the kernel was measured in 3 runs, calls like this one among them; good to a factor of 1.3
      40 bytes are shared already, 800 would be placed for workers
      advice: these 800 bytes were placed 3 times: use executor.share()"
    `);
  });

  it("prints for one thread too", () => {
    const plan = makePlan({ ...workload, tasks: 1 }, { ...limits, strategy: "sequential" }, host);
    expect(`${plan}`).toMatchInlineSnapshot(`
      "strategy         spawn     place  dispatch  compute    total
      sequential *  0.000 ms  0.000 ms    2.0 ms  10.5 ms  12.5 ms
      threads       0.000 ms    8.0 ms    3.0 ms  10.5 ms  21.5 ms
      * chosen: strategy "sequential" was asked for
      1 tasks of 100 bytes on 1 thread; supposed: the kernel was never measured
      0 bytes are shared already, 800 would be placed for workers"
    `);
  });
});

it("the built-in host profile is frozen and charges something for everything", () => {
  expect(Object.isFrozen(defaultHostProfile)).toBe(true);
  for (const cost of Object.values(defaultHostProfile)) expect(cost).toBeGreaterThan(0);
  expect(defaultHostProfile.placePerByteFresh).toBeGreaterThan(defaultHostProfile.placePerByteRecycled);
});
