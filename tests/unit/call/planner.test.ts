import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Placing } from "../../../src/call/job-memory.js";
import { readPayloadCall } from "../../../src/call/read-request.js";
import type { Request } from "../../../src/call/request.js";
import type { CallOptions } from "../../../src/call/types.js";
import { ParallelConfig } from "../../../src/config/config.js";
import type { ParallelOptions } from "../../../src/config/options.js";
import type { AnyKernel } from "../../../src/kernel/types.js";
import { Arena } from "../../../src/memory/arena.js";
import { CostModels } from "../../../src/plan/cost-model.js";
import { type Plan, STRATEGIES, type StrategyName } from "../../../src/strategies/registry.js";
import type { RunReport } from "../../../src/strategies/strategy.js";
import type { StrategySet } from "../../../src/strategies/strategy-set.js";
import { callSettings } from "./settings.js";

type Module = typeof import("../../../src/call/planner.js");

let Planner: Module["Planner"];

// What was measured of the host is the process's, so each test gets a process of its own, as far as that goes.
beforeEach(async () => {
  vi.resetModules();
  ({ Planner } = await import("../../../src/call/planner.js"));
});

let lastKernel = 0;

/** A kernel that nobody has seen. */
function newKernel(): AnyKernel {
  lastKernel += 1;
  return new Function(`return (view) => view.length + ${lastKernel}`)() as AnyKernel;
}

function request(
  kernel: AnyKernel,
  { tasks = 10, options = {} }: { tasks?: number; options?: CallOptions<unknown> } = {},
): Request {
  return readPayloadCall(
    "mapShared",
    new Float64Array(tasks * 100),
    kernel,
    null,
    options,
    callSettings({ chunkSize: 100 }),
  );
}

function setUp(options: ParallelOptions = {}, serving = 0) {
  const config = new ParallelConfig({ maxWorkers: 2, hostProfile: { parallelism: 2 }, ...options });
  const arena = new Arena(2 ** 24);
  const pool = { serving, respawnWait: 0, start: vi.fn(() => Promise.resolve()) };
  const get = (name: StrategyName) => {
    const descriptor = STRATEGIES.find((each) => each.name === name);
    return { descriptor, strategy: { workers: descriptor?.isHere === true ? undefined : pool } };
  };
  const models = new CostModels<StrategyName>(STRATEGIES);
  return { planner: new Planner(config, arena, { get, models } as unknown as StrategySet), pool };
}

function report(strategy: StrategyName, more: Partial<RunReport> = {}): RunReport {
  return {
    strategy,
    workers: 1,
    busy: 10,
    sending: 0,
    metadataBytes: 0,
    retries: 0,
    ran: 10,
    left: 0,
    woken: 0,
    ready: 0,
    computing: { start: 2, end: 12 },
    claims: [],
    ...more,
  };
}

type Planning = InstanceType<Module["Planner"]>;

function learn(
  planner: Planning,
  asked: Request,
  plan: Plan,
  runs: readonly RunReport[],
  { placing, ended = 13, isAlone = true }: { placing?: Placing; ended?: number; isAlone?: boolean } = {},
) {
  // As planned: a test that tells of something else has its own plan.
  const planned =
    runs.length > 1 || plan.fallbacks.length > 0
      ? plan
      : { ...plan, strategy: (runs[0]?.strategy ?? plan.strategy) as StrategyName };
  return planner.learn(asked, planned, runs, placing, { started: 0, ended, isAlone });
}

const once = (strategy: StrategyName, more: Partial<RunReport> = {}): RunReport[] => [report(strategy, more)];

describe("what a call was measured to take", () => {
  it("is cut into parts that make up the whole", () => {
    const { planner } = setUp();
    const asked = request(newKernel());
    const placing = { start: 1, end: 4, isRecycled: false };
    const run = once("threads", { workers: 2, woken: 5, ready: 25, computing: { start: 27, end: 37 } });
    const { actual, wait } = learn(planner, asked, planner.plan(asked), run, { placing, ended: 40 });
    expect(actual).toEqual({ spawn: 20, place: 3, compute: 10, results: 3, dispatch: 4, total: 40 });
    expect(wait).toBe(27);
  });

  it("of two strategies is the computing of both", () => {
    const { planner } = setUp();
    const asked = request(newKernel());
    const runs: RunReport[] = [
      report("sequential", { ran: 4, left: 6, computing: { start: 1, end: 9 } }),
      report("threads", { workers: 2, woken: 10, ready: 10, computing: { start: 11, end: 20 } }),
    ];
    const { actual, wait } = learn(planner, asked, planner.plan(asked), runs, { ended: 22 });
    expect(actual).toEqual({ spawn: 0, place: 0, compute: 17, results: 2, dispatch: 3, total: 22 });
    expect(wait).toBe(1);
  });

  it("of no tasks is all dispatch", () => {
    const { planner } = setUp();
    const asked = request(newKernel(), { tasks: 0 });
    const { actual, wait } = learn(
      planner,
      asked,
      planner.plan(asked),
      once("sequential", { ran: 0, computing: undefined }),
    );
    expect(actual).toMatchObject({ compute: 0, results: 0, dispatch: 13, total: 13 });
    expect(wait).toBe(13);
    expect(planner.plan(asked).kernel).toBeUndefined();
  });
});

describe("what a plan knows of the kernel", () => {
  it("is what the last call of it showed, by the clock of its longest thread", () => {
    const { planner } = setUp();
    const asked = request(newKernel());
    expect(planner.plan(asked).kernel).toBeUndefined();
    // Two threads ran ten tasks of 800 bytes in 10 ms: 20 ms of one thread, though they were busy for 18.
    learn(planner, asked, planner.plan(asked), once("threads", { workers: 2, busy: 18 }));
    const { kernel } = planner.plan(asked);
    expect(kernel?.perTask.threads).toBeCloseTo(2, 12);
    expect(kernel).toMatchObject({ runs: 1, isOnWorkers: true });
    // From 12 to 13 it was collected. From 0 to 2 it was prepared, and sent the kernel, which is not done again.
    expect(kernel?.perResult.threads).toBeCloseTo(0.1, 12);
    expect(kernel?.dispatch.threads).toBeUndefined();
    learn(planner, asked, planner.plan(asked), once("threads", { workers: 2, busy: 18 }));
    // The next call comes at once; after a pause the workers would sleep.
    expect(planner.plan({ ...asked, started: 13.5 }).kernel?.dispatch.threads).toBe(2);
    expect(planner.plan({ ...asked, started: 33 }).kernel?.dispatch.threads).toBeUndefined();
    expect(planner.plan(request(newKernel())).kernel).toBeUndefined();
  });

  it("of a call that did not run alone is the time in its tasks, and nothing of its waits", () => {
    const { planner } = setUp();
    const asked = request(newKernel());
    learn(planner, asked, planner.plan(asked), once("threads", { workers: 2, busy: 18 }), { isAlone: false });
    const { kernel } = planner.plan(asked);
    expect(kernel?.perTask.threads).toBeCloseTo(1.8, 12);
    expect(kernel?.dispatch.threads).toBeUndefined();
    expect(kernel?.perResult.threads).toBe(0);
  });

  it("of a call that was handed over is what each strategy did with its share", () => {
    const { planner } = setUp();
    const asked = request(newKernel());
    const runs: RunReport[] = [
      report("sequential", { ran: 4, left: 6, busy: 8 }),
      report("threads", { ran: 6, workers: 2, busy: 18 }),
    ];
    learn(planner, asked, planner.plan(asked), runs);
    const { kernel } = planner.plan(asked);
    // Of single runs the lower figure counts: 8 ms over 4 tasks of 800 bytes, against 18 over 6.
    expect(kernel?.perTask.sequential).toBeCloseTo(2, 12);
    expect(kernel?.perTask.threads).toBeCloseTo(2, 12);
    expect(kernel).toMatchObject({ runs: 2, isOnWorkers: true });
    learn(planner, asked, planner.plan(asked), once("threads", { busy: 18 }), { isAlone: false });
    expect(planner.plan(asked).kernel?.dispatch).toEqual({ sequential: undefined, threads: undefined });
  });

  it("of a first task that was given up is nothing", () => {
    const { planner } = setUp();
    const asked = request(newKernel());
    const runs: RunReport[] = [
      report("sequential", { ran: 0, left: 10, busy: 0, computing: undefined }),
      report("threads", { workers: 2, busy: 18 }),
    ];
    learn(planner, asked, planner.plan(asked), runs);
    expect(planner.plan(asked).kernel).toMatchObject({ runs: 1, isOnWorkers: true });
  });
});

describe("what a plan knows of the host", () => {
  it("is what calls showed that ran alone", () => {
    const { planner } = setUp();
    const asked = request(newKernel());
    const before = planner.host;
    learn(planner, asked, planner.plan(asked), once("sequential"), { isAlone: false });
    expect(planner.host).toEqual(before);
    // 2 ms of preparing, against 0.03 that were supposed.
    learn(planner, asked, planner.plan(asked), once("sequential"));
    expect(planner.host.dispatchSequential).toBeGreaterThan(before.dispatchSequential);
    const { dispatchSequential: _, ...others } = planner.host;
    expect(before).toMatchObject(others);
  });

  it("tells workers that know the kernel from those that do not, and from those that are not up", () => {
    const { planner } = setUp();
    const asked = request(newKernel());
    const before = planner.host;
    const teach = (more: Partial<RunReport> = {}) =>
      learn(planner, asked, planner.plan(asked), once("threads", { workers: 2, ...more }));
    teach();
    expect(planner.host.dispatchCold).toBeGreaterThan(before.dispatchCold);
    expect(planner.host.dispatchHot).toBe(before.dispatchHot);
    teach();
    expect(planner.host.dispatchHot).toBeGreaterThan(before.dispatchHot);
    expect(planner.host.spawn).toBe(before.spawn);
    const { dispatchCold } = planner.host;
    teach({ woken: 0, ready: 1 });
    expect(planner.host.spawn).toBeLessThan(before.spawn);
    expect(planner.host.dispatchCold).toBe(dispatchCold);
  });

  it("counts a start of the pool as the cost of the first worker", () => {
    const { planner } = setUp({ maxWorkers: 3, hostProfile: { spawnPerWorker: 10 } });
    planner.observeStart("threads", 45);
    // 25 ms, for two thirds, against 55.
    expect(planner.host.spawn).toBeCloseTo(35, 9);
  });
});

describe("hints", () => {
  it("replace the payload in the plan, the call's before the executor's", () => {
    const { planner } = setUp({ taskSizeHintBytes: 5000 });
    const kernel = newKernel();
    expect(planner.plan(request(kernel)).taskBytes).toBe(5000);
    const own = request(kernel, { options: { taskSizeHintBytes: 7 } });
    expect(planner.plan(own).taskBytes).toBe(7);
    expect(setUp().planner.plan(request(kernel)).taskBytes).toBe(800);
  });
});

describe("why nothing but sequential is possible", () => {
  it("is `undefined` if threads are possible, else the reason of the plan", () => {
    expect(setUp({ strategy: "threads" }).planner.plan(request(newKernel())).strategy).toBe("threads");
    const { planner } = setUp({ strategy: "threads", enabled: false });
    expect(planner.plan(request(newKernel()))).toMatchObject({ strategy: "sequential", reason: "disabled" });
  });
});

describe("what must not be learned", () => {
  // The fallback's run carries the time of the strategy that failed as its own dispatch.
  it("a pool that could not be started does not make sequential look expensive", () => {
    const { planner } = setUp();
    const asked = request(newKernel());
    const plan: Plan = { ...planner.plan(asked), strategy: "threads", fallbacks: ["sequential"] };
    const before = planner.host.dispatchSequential;
    // 90 ms passed before the pool was given up and this thread took over.
    learn(
      planner,
      asked,
      plan,
      once("sequential", { woken: 90, ready: 90, computing: { start: 90, end: 100 } }),
      {
        ended: 100,
      },
    );
    expect(planner.plan(asked).kernel?.dispatch.sequential ?? 0).toBeLessThan(90);
    expect(planner.host.dispatchSequential).toBeLessThanOrEqual(before);
  });

  it("what a run after a loss takes over counts for its own tasks only", () => {
    const { planner } = setUp();
    const asked = request(newKernel());
    const plan: Plan = { ...planner.plan(asked), strategy: "threads", fallbacks: ["sequential"] };
    learn(planner, asked, plan, once("sequential", { ran: 2, busy: 10 }));
    expect(planner.plan(asked).kernel?.perTask.sequential).toBeCloseTo(5, 12);
  });

  it("a hint in one call does not spoil the prediction for the next one without", () => {
    const { planner } = setUp();
    const kernel = newKernel();
    const hinted = request(kernel, { options: { taskSizeHintBytes: 80_000 } });
    learn(planner, hinted, planner.plan(hinted), once("sequential"));
    learn(planner, hinted, planner.plan(hinted), once("sequential"));
    expect(planner.plan(hinted).predicted.sequential.compute).toBeCloseTo(10, 9);
    expect(planner.plan(request(kernel)).predicted.sequential.compute).toBeCloseTo(10, 9);
  });
});
