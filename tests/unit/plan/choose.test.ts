import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as module from "../../../src/plan/choose.js";
import type { Estimate } from "../../../src/plan/plan.js";
import {
  KERNEL,
  type KernelCost,
  LIMITS,
  type Limits,
  MODELS,
  type Plan,
  states,
  WORKLOAD,
  type Workload,
} from "./grounds.js";

const kernel: KernelCost = { ...KERNEL, isOnWorkers: false };
const workload: Workload = { ...WORKLOAD, call: "map", kernel };
const limits = LIMITS;

function estimate(total: number, parts: Partial<Estimate> = {}): Estimate {
  return { spawn: 0, place: 0, dispatch: 0, compute: 0, results: 0, ...parts, total };
}

const of = (sequential: number, threads: number) => ({
  sequential: estimate(sequential),
  threads: estimate(threads),
});

function choose(workload: Workload, limits: Limits, predicted: Plan["predicted"]) {
  const choice = module.choose(MODELS, workload, limits, predicted);
  return { ...choice, reason: choice.reason() };
}

describe("workers that died", () => {
  const dead = { ...limits, states: states({ serving: 0, respawnWait: 400 }) };

  it("are told of if none may be started and the call stays here", () => {
    expect(choose(workload, dead, of(100, 500))).toEqual({
      strategy: "sequential",
      reason:
        "predicted to be faster: sequential 100 ms, threads 500 ms; workers died, and none is started for 400 ms",
      isOpen: true,
      isUnsure: false,
    });
    const unknown = { ...workload, kernel: undefined };
    const predicted = { sequential: estimate(100), threads: estimate(500, { spawn: 450 }) };
    expect(choose(unknown, dead, predicted).reason).toMatch(
      /; workers died, and none is started for 400 ms$/,
    );
  });

  it("do not count if others are up, or if the wait pays", () => {
    expect(
      choose(workload, { ...dead, states: states({ serving: 1, respawnWait: 400 }) }, of(100, 500)).reason,
    ).not.toContain("died");
    expect(choose(workload, dead, of(1000, 500)).reason).not.toContain("died");
    expect(choose(workload, { ...dead, states: states({ serving: 0 }) }, of(100, 500)).reason).not.toContain(
      "died",
    );
  });
});

describe("the choice by cost", () => {
  it.each<[number, number, string, string]>([
    [100, 99, "threads", "predicted to be faster: sequential 100 ms, threads 99.0 ms"],
    [
      100,
      100,
      "threads",
      "predicted to be as fast within a tenth, and leaves this thread free: sequential 100 ms, threads 100 ms",
    ],
    [
      1000,
      1100,
      "threads",
      "predicted to be as fast within a tenth, and leaves this thread free: sequential 1000 ms, threads 1100 ms",
    ],
    [1000, 1101, "sequential", "predicted to be faster: sequential 1000 ms, threads 1101 ms"],
  ])("sequential %d ms, threads %d ms: %s", (sequential, threads, strategy, reason) => {
    expect(choose(workload, limits, of(sequential, threads))).toEqual({
      strategy,
      reason,
      isOpen: true,
      isUnsure: false,
    });
  });

  it("never takes what is predicted to be more than a tenth longer than the other", () => {
    const total = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(total, total, (sequential, threads) => {
        const { strategy } = choose(workload, limits, of(sequential, threads));
        const best = Math.min(sequential, threads);
        expect({ sequential, threads }[strategy]).toBeLessThanOrEqual(1.1 * best);
      }),
    );
  });
});

it("a kernel that was never measured goes to the workers if nothing could stop it on this thread", () => {
  const unknown = { ...workload, kernel: undefined };
  const dear = { sequential: estimate(100), threads: estimate(500, { spawn: 450 }) };
  expect(choose(unknown, limits, dear).strategy).toBe("sequential");
  const choice = choose(unknown, { ...limits, canInterrupt: false }, dear);
  expect(choice.strategy).toBe("threads");
  expect(choice.reason).toMatch(/never measured, and nothing could stop it on this thread/);
  expect(choose(workload, { ...limits, canInterrupt: false }, of(100, 500)).strategy).toBe("sequential");
});

describe("a strategy that was not measured for long", () => {
  const since = (runs: number, more: Partial<KernelCost> = {}): Workload => ({
    ...workload,
    kernel: { ...kernel, since: { sequential: runs, threads: runs }, ...more },
  });

  // A hundredth of the time: what costs a third more is looked at after 33 runs.
  it.each([
    [31, of(100, 131), "sequential"],
    [32, of(100, 132), "threads"],
    [32, of(100, 133), "sequential"],
    [33, of(100, 133), "threads"],
    [49, of(150, 100), "threads"],
    [50, of(150, 100), "sequential"],
    [31, of(100, 100), "threads"],
    [32, of(100, 100), "sequential"],
    [99, of(100, 200), "sequential"],
    [100, of(100, 200), "threads"],
    [9899, of(1, 100), "sequential"],
    [9900, of(1, 100), "threads"],
  ])("after %d runs, %j: %s", (runs, predicted, strategy) => {
    expect(choose(since(runs), limits, predicted).strategy).toBe(strategy);
  });

  it("is said to be looked at again", () => {
    expect(choose(since(40), limits, of(100, 120))).toEqual({
      strategy: "threads",
      reason: "not measured in the last 40 runs, so it is looked at again: sequential 100 ms, threads 120 ms",
      isOpen: true,
      isUnsure: false,
    });
  });

  it("is not looked at if workers would have to be started for it", () => {
    const cold = { sequential: estimate(100), threads: estimate(150, { spawn: 1 }) };
    expect(choose(since(1000), limits, cold).strategy).toBe("sequential");
  });

  it("is not looked at here if a task would block this thread", () => {
    const long = { perTask: { sequential: 1, threads: 8.1 } };
    expect(choose(since(1000, long), limits, of(100, 90)).strategy).toBe("threads");
    const short = { perTask: { sequential: 1, threads: 8 } };
    expect(choose(since(1000, short), limits, of(100, 90)).strategy).toBe("sequential");
  });

  it("is not looked at if the caller has chosen", () => {
    expect(choose(since(1000), { ...limits, strategy: "threads" }, of(100, 100)).strategy).toBe("threads");
  });
});

describe("an unknown kernel", () => {
  const unknown: Workload = { ...workload, kernel: undefined };
  const toReach = (parts: Partial<Estimate>) => ({
    // However good threads look: the figures are guesses.
    sequential: estimate(1e6),
    threads: estimate(1, parts),
  });

  it.each<[string, Partial<Estimate>, string]>([
    ["nothing", {}, "threads"],
    ["a millisecond of all parts together", { spawn: 0.5, place: 0.25, dispatch: 0.25 }, "threads"],
    ["more of starting", { spawn: 1.01 }, "sequential"],
    ["more of placing", { place: 1.01 }, "sequential"],
    ["more of dispatching", { dispatch: 1.01 }, "sequential"],
    // What it computes is what is to be found out.
    ["much of what is not known anyway", { compute: 1e9, results: 1e9 }, "threads"],
  ])("whose workers cost %s to reach", (_name, parts, strategy) => {
    const choice = choose({ ...unknown, canGiveUp: false }, limits, toReach(parts));
    expect(choice).toMatchObject({ strategy, isOpen: true });
    expect(choice.reason).toMatch(/^the kernel was never measured: /);
  });

  it("that was given a hint is chosen by cost", () => {
    const hinted = { ...unknown, hint: 1 };
    expect(choose(hinted, limits, of(10, 5))).toMatchObject({
      strategy: "threads",
      reason: "predicted to be faster: sequential 10.0 ms, threads 5.0 ms",
    });
    expect(choose(hinted, limits, of(5, 10)).strategy).toBe("sequential");
  });
});

describe("knowledge that the choice can't rest on", () => {
  const know = (cost: Partial<KernelCost>, more: Partial<Workload> = {}): Workload => ({
    ...workload,
    kernel: { ...kernel, ...cost },
    ...more,
  });
  /** Ten tasks of `each` ms, on two threads that take 1 ms to reach. */
  const costing = (each: number, place = 0) => ({
    sequential: estimate(10 * each, { compute: 10 * each }),
    threads: estimate(1 + place + 5 * each, { place, dispatch: 1, compute: 5 * each }),
  });

  it("is none for a size or arguments that were never measured: the first tasks decide", () => {
    for (const each of [0.01, 100]) {
      const choice = choose(know({ basis: "fitted", within: Infinity }), limits, costing(each));
      expect(choice).toMatchObject({ strategy: "sequential", isOpen: true, isUnsure: true });
      expect(choice.reason).toBe(
        "no call like this one was measured: the call starts on this thread and moves to the workers when that pays",
      );
    }
  });

  it("is enough between sizes that were measured, if the choice is the same wherever the cost lies", () => {
    const fitted = know({ basis: "fitted", within: 3 });
    // Tasks of 1/6 ms and more pay within a tenth: three times as much, and a third of it, are beyond doubt.
    expect(choose(fitted, limits, costing(0.51))).toMatchObject({ strategy: "threads", isUnsure: false });
    expect(choose(fitted, limits, costing(0.49))).toMatchObject({ strategy: "sequential", isUnsure: true });
    expect(choose(fitted, limits, costing(0.05))).toMatchObject({ strategy: "sequential", isUnsure: false });
  });

  it("is none if calls of this very shape differ by more than a factor of two", () => {
    expect(choose(know({ within: 2 }), limits, costing(100)).strategy).toBe("threads");
    const choice = choose(know({ within: 2.1 }), limits, costing(100));
    expect(choice).toMatchObject({ strategy: "sequential", isUnsure: true });
    expect(choice.reason).toMatch(/^calls like this one differ by a factor of 2\.1: /);
  });

  it("sends a call to the workers if nothing could stop a long task here", () => {
    const unsure = { basis: "fitted", within: Infinity } as const;
    const browser = { ...limits, canInterrupt: false };
    const long = know({ ...unsure, perTask: { sequential: 8.1, threads: 8.1 } });
    expect(choose(long, browser, costing(8.1)).strategy).toBe("threads");
    // They must be reached all the same: what is large is not placed for that.
    expect(choose(long, browser, costing(8.1, 1000)).strategy).toBe("sequential");
    const short = know({ ...unsure, perTask: { sequential: 8, threads: 8 } });
    expect(choose(short, browser, costing(8)).strategy).toBe("sequential");
    const stateful = { canGiveUp: false };
    expect(choose({ ...long, ...stateful }, limits, costing(8.1)).strategy).toBe("threads");
    expect(choose({ ...long, ...stateful }, limits, costing(8.1, 0.1)).strategy).toBe("sequential");
    expect(choose({ ...short, ...stateful }, limits, costing(8)).strategy).toBe("sequential");
  });
});

it("a hint goes before all that is known", () => {
  const unsure = {
    ...workload,
    hint: 1e9,
    kernel: { ...kernel, basis: "fitted", within: Infinity } as const,
  };
  expect(choose(unsure, limits, of(10, 5))).toMatchObject({ strategy: "threads", isUnsure: false });
  expect(choose(unsure, limits, of(5, 10))).toMatchObject({ strategy: "sequential", isUnsure: false });
});

describe("what calls have lost without workers", () => {
  const cold = { sequential: estimate(60), threads: estimate(95, { spawn: 65 }) };

  it("pays for their start, as far as it goes", () => {
    expect(choose(workload, { ...limits, states: states({ serving: 0 }) }, cold).strategy).toBe("sequential");
    expect(choose(workload, { ...limits, states: states({ serving: 0, rent: 28 }) }, cold).strategy).toBe(
      "sequential",
    );
    expect(choose(workload, { ...limits, states: states({ serving: 0, rent: 40 }) }, cold)).toMatchObject({
      strategy: "threads",
      reason:
        "predicted to be faster apart from the start of workers, which earlier calls would have needed too: " +
        "sequential 60.0 ms, threads 95.0 ms",
    });
    // No more than the start is paid.
    const useless = { sequential: estimate(20), threads: estimate(95, { spawn: 65 }) };
    expect(choose(workload, { ...limits, states: states({ serving: 0, rent: 1e6 }) }, useless).strategy).toBe(
      "sequential",
    );
  });
});

describe("gates", () => {
  const favoursThreads = of(1e6, 1);

  it("without tasks there is nothing to choose", () => {
    expect(choose({ ...workload, tasks: 0 }, { ...limits, strategy: "threads" }, favoursThreads)).toEqual({
      strategy: "sequential",
      reason: "there are no tasks",
      isOpen: false,
      isUnsure: false,
    });
  });

  it("the first closed one gives the reason", () => {
    const all: Limits = {
      ...limits,
      hereBecause: "disabled",
      minBatchSize: 11,
      minInstancesForParallel: 12,
      tinyWorkloadThreshold: 13,
    };
    const reasons = [
      choose({ ...workload, tasks: 0 }, all, favoursThreads),
      choose(workload, all, favoursThreads),
      choose(workload, { ...all, hereBecause: undefined }, favoursThreads),
      choose(workload, { ...all, hereBecause: undefined, minBatchSize: undefined }, favoursThreads),
      choose(
        workload,
        { ...all, hereBecause: undefined, minBatchSize: undefined, minInstancesForParallel: undefined },
        favoursThreads,
      ),
    ];
    expect(reasons.map(({ reason }) => reason)).toEqual([
      "there are no tasks",
      "disabled",
      "10 tasks are fewer than minBatchSize (11)",
      "10 instances are fewer than minInstancesForParallel (12)",
      "10 instances are fewer than tinyWorkloadThreshold (13)",
    ]);
    for (const { strategy, isOpen } of reasons) expect([strategy, isOpen]).toEqual(["sequential", false]);
  });

  it("count tasks and instances apart", () => {
    const few: Workload = { ...workload, tasks: 2, instances: 1000 };
    expect(choose(few, { ...limits, minInstancesForParallel: 1000 }, favoursThreads).strategy).toBe(
      "threads",
    );
    expect(choose(few, { ...limits, minBatchSize: 3 }, favoursThreads).strategy).toBe("sequential");
  });
});

it("an explicit strategy is not overturned by the run", () => {
  for (const strategy of ["sequential", "threads"] as const) {
    expect(choose(workload, { ...limits, strategy }, of(1, 1e6))).toEqual({
      strategy,
      reason: `strategy "${strategy}" was asked for`,
      isOpen: false,
      isUnsure: false,
    });
  }
});
