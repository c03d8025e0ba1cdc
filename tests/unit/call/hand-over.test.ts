import { describe, expect, it, vi } from "vitest";
import { HandOver } from "../../../src/call/hand-over.js";
import { Arena } from "../../../src/memory/arena.js";
import { GUARD_MS } from "../../../src/plan/hand-over-cost.js";
import { defaultHostProfile } from "../../../src/plan/host-profile.js";
import { SLICE_MS } from "../../../src/platform/time-slice.js";
import type { HandOverPlan, Plan } from "../../../src/strategies/registry.js";
import type { Workers } from "../../../src/strategies/strategy.js";
import { LIMITS, makePlan, states, WORKLOAD } from "../plan/grounds.js";

/** 1000 tasks of a kernel that nobody knows, with a pool of two that is down. Threads cost 10 + 1 + 50 ms to reach. */
function unknownPlan(more: Partial<Plan["predicted"]["threads"]> = {}): Plan {
  const plan = makePlan(
    { ...WORKLOAD, tasks: 1000, instances: 1000, taskBytes: 8, bytesToPlace: 8000, kernel: undefined },
    { ...LIMITS, states: states({ serving: 0 }) },
    defaultHostProfile,
  );
  const threads = { spawn: 50, place: 10, dispatch: 1, compute: 0, results: 0, total: 61, ...more };
  return { ...plan, predicted: { ...plan.predicted, threads, processes: threads } } as Plan;
}

/** A pool that serves when it is told to. */
function fakePool(serving = 0) {
  const starts: { workers: number; resolve: () => void; reject: (error: unknown) => void }[] = [];
  const pool = {
    serving,
    start: vi.fn(
      (workers: number) =>
        new Promise<void>((resolve, reject) => {
          starts.push({ workers, resolve, reject });
        }),
    ),
  };
  return { pool, starts };
}

function setUp({ plan = unknownPlan(), serving = 0, limit = 2 ** 20, bytesNeeded = 8000 } = {}) {
  const { pool, starts } = fakePool(serving);
  const onFailure = vi.fn();
  const arena = new Arena(limit);
  const grounds = { rent: 0, planAgain: vi.fn(() => plan) };
  const handOver = new HandOver(plan, pool as unknown as Workers, arena, bytesNeeded, grounds, onFailure);
  return { handOver, pool, starts, onFailure, arena, grounds };
}

// Half of 999 such tasks is far more than the 61 ms of the way; each is far below a slice.
const WORTH_IT = 1;
// Half of 999 such tasks is less than placing and dispatching.
const NOT_WORTH_IT = 0.01;

describe("tasks shorter than a slice", () => {
  it("are not judged by the first slice", () => {
    const { handOver, pool } = setUp();
    expect(handOver.takesOver(999, WORTH_IT, 1)).toBe(false);
    expect(pool.start).not.toHaveBeenCalled();
    expect(handOver.takesOver(998, WORTH_IT, 1)).toBe(false);
    expect(pool.start).toHaveBeenCalledTimes(1);
  });

  it("go on here while the pool starts, which it does once, and leave when it serves", async () => {
    const { handOver, pool, starts, onFailure } = setUp();
    for (let left = 999; left > 990; left--) expect(handOver.takesOver(left, WORTH_IT, 1)).toBe(false);
    expect(starts.map(({ workers }) => workers)).toEqual([2]);
    starts[0]?.resolve();
    pool.serving = 1;
    // One of two: the plan counts on both.
    expect(handOver.takesOver(700, WORTH_IT, 1)).toBe(false);
    pool.serving = 2;
    expect(handOver.takesOver(690, WORTH_IT, 1)).toBe(true);
    expect(handOver.reason).toBe("handed over after 310 of 1000 tasks: each takes 1.0 ms");
    expect(pool.start).toHaveBeenCalledTimes(1);
    expect(onFailure).not.toHaveBeenCalled();
  });

  it("start no pool if the gain is less than the cost of moving", () => {
    const { handOver, pool } = setUp();
    for (let left = 999; left > 900; left--) expect(handOver.takesOver(left, NOT_WORTH_IT, 1)).toBe(false);
    expect(pool.start).not.toHaveBeenCalled();
  });

  it("leave a pool alone that serves, and count no start", () => {
    // Half of 999 tasks of 0.1 ms take 50 ms. That is more than the 11 ms of moving, and less than those and 50 ms for a start.
    const down = setUp();
    const up = setUp({ serving: 2 });
    for (const { handOver } of [down, up]) expect(handOver.takesOver(999, 0.1, 1)).toBe(false);
    expect(down.handOver.takesOver(998, 0.1, 1)).toBe(false);
    expect(up.handOver.takesOver(998, 0.1, 1)).toBe(true);
    for (const { pool } of [down, up]) expect(pool.start).not.toHaveBeenCalled();
  });

  it("stay if workers would take longer to compile the kernel than they gain", () => {
    // 60 tasks of 0.5 ms are left, so two workers gain 15 ms, and reaching them takes 11. Here 900 tasks took 18 ms more than
    // that.
    const warm = setUp({ serving: 2 });
    warm.handOver.takesOver(100, 0.5, 900);
    expect(warm.handOver.takesOver(60, 0.5, 40)).toBe(true);
    const cold = setUp({ serving: 2 });
    cold.handOver.takesOver(100, 0.52, 900);
    expect(cold.handOver.takesOver(60, 0.5, 40)).toBe(false);
  });

  it("stay when too few are left by the time the pool serves", () => {
    const { handOver, pool, starts } = setUp();
    handOver.takesOver(999, WORTH_IT, 1);
    handOver.takesOver(900, WORTH_IT, 1);
    expect(starts).toHaveLength(1);
    pool.serving = 2;
    // 11 ms of the way against half of 22 tasks of 1 ms; with 24 there is something to gain.
    expect(handOver.takesOver(22, WORTH_IT, 1)).toBe(false);
    expect(handOver.takesOver(24, WORTH_IT, 1)).toBe(true);
  });
});

describe("tasks longer than a slice", () => {
  it("leave at once and start no pool here, because the other strategy does", () => {
    const { handOver, pool } = setUp();
    expect(handOver.takesOver(999, SLICE_MS, 1)).toBe(true);
    expect(pool.start).not.toHaveBeenCalled();
    expect(handOver.reason).toBe("handed over after 1 of 1000 tasks: each takes 8.0 ms");
  });

  it("stay if they would not make up for the cost of moving, the start of the pool included", () => {
    const of = (serving: number) => setUp({ serving }).handOver;
    // 61 ms against half of 14 or 16 tasks of 8 ms; 11 ms if the pool serves.
    expect(of(0).takesOver(14, SLICE_MS, 1)).toBe(false);
    expect(of(0).takesOver(16, SLICE_MS, 1)).toBe(true);
    expect(of(2).takesOver(2, SLICE_MS, 1)).toBe(false);
    expect(of(2).takesOver(4, SLICE_MS, 1)).toBe(true);
  });

  it("pay for the start even while one is under way, as they would wait for it", () => {
    const { handOver, starts } = setUp();
    handOver.takesOver(999, WORTH_IT, 1);
    handOver.takesOver(998, WORTH_IT, 1);
    expect(starts).toHaveLength(1);
    expect(handOver.takesOver(14, SLICE_MS, 1)).toBe(false);
    expect(handOver.takesOver(16, SLICE_MS, 1)).toBe(true);
  });
});

it("a pool that does not start keeps the call here, however long its tasks last, and is reported once", async () => {
  const { handOver, pool, starts, onFailure } = setUp();
  handOver.takesOver(999, WORTH_IT, 1);
  handOver.takesOver(998, WORTH_IT, 1);
  const error = new Error("no more threads");
  starts[0]?.reject(error);
  await vi.waitUntil(() => onFailure.mock.calls.length > 0);
  expect(onFailure.mock.calls).toEqual([[error]]);
  pool.serving = 2;
  expect(handOver.takesOver(997, WORTH_IT, 1)).toBe(false);
  expect(handOver.takesOver(996, 1000, 1)).toBe(false);
  expect(pool.start).toHaveBeenCalledTimes(1);
});

it("a call whose payload does not fit the arena stays, until it does", () => {
  const { handOver, pool, arena } = setUp({ limit: 16_384, serving: 2 });
  const region = arena.take(10_000);
  expect(handOver.takesOver(999, 1000, 1)).toBe(false);
  expect(handOver.takesOver(998, WORTH_IT, 1)).toBe(false);
  arena.give(region);
  expect(handOver.takesOver(997, WORTH_IT, 1)).toBe(true);
  expect(pool.start).not.toHaveBeenCalled();
});

it("a plan without hand-over is never left", () => {
  const { handOver, pool } = setUp({ plan: { ...unknownPlan(), handOver: undefined }, serving: 2 });
  expect([1, 2, 3].map(() => handOver.takesOver(999, 1000, 1))).toEqual([false, false, false]);
  expect(handOver.firstTaskLimit).toBeUndefined();
  expect(pool.start).not.toHaveBeenCalled();
});

it("a hand-over guards the first task as the plan says, and has a reason if that one took too long", () => {
  const { handOver } = setUp();
  expect(handOver.firstTaskLimit).toBe(GUARD_MS);
  expect(handOver.reason).toBe("handed over: the first task takes too long for this thread");
  const unguarded = unknownPlan();
  const plan = {
    ...unguarded,
    handOver: { ...(unguarded.handOver as HandOverPlan), firstTaskLimit: undefined },
  };
  expect(setUp({ plan }).handOver.firstTaskLimit).toBeUndefined();
});
