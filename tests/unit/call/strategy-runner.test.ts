import { describe, expect, it, vi } from "vitest";
import type { CallRecord, PlannedPass } from "../../../src/call/call-record.js";
import type { Planner } from "../../../src/call/planner.js";
import { StrategyRunner } from "../../../src/call/strategy-runner.js";
import { ParallelConfig } from "../../../src/config/config.js";
import type { ParallelOptions } from "../../../src/config/options.js";
import { WorkerLostError } from "../../../src/errors.js";
import { defineKernel } from "../../../src/kernel/module/define.js";
import { Arena } from "../../../src/memory/arena.js";
import type { MaybePromise } from "../../../src/platform/maybe-promise.js";
import { STRATEGIES, type StrategyName } from "../../../src/strategies/registry.js";
import type { Leg, RunReport } from "../../../src/strategies/strategy.js";
import type { StrategySet } from "../../../src/strategies/strategy-set.js";
import { Metrics } from "../../../src/telemetry/metrics.js";
import type { Reporter } from "../../../src/telemetry/reporter.js";

const report = (strategy: StrategyName, left = 0): RunReport => ({
  strategy,
  workers: 1,
  busy: 1,
  sending: 0,
  metadataBytes: 0,
  retries: 0,
  ran: 10 - left,
  left,
  woken: 0,
  ready: 0,
  computing: undefined,
  claims: [],
});

const notStarted = new WorkerLostError("Cannot start a worker", undefined, undefined);
const died = new WorkerLostError("It died", 1, undefined);

interface Given {
  readonly options?: ParallelOptions;
  readonly plan?: object;
  readonly isStopped?: boolean;
  /** When its inputs are ready; `undefined` if at once. */
  readonly prepared?: Promise<void>;
  /** What each leg comes to, in order. */
  readonly legs: readonly ((leg: Leg) => MaybePromise<RunReport>)[];
}

/** A pass whose legs are told beforehand, and all that was told of it. */
function setUp({ options = {}, plan = {}, isStopped = false, prepared, legs }: Given) {
  const ran: StrategyName[] = [];
  const waiting = [...legs];
  const get = (name: StrategyName) => {
    const descriptor = STRATEGIES.find((each) => each.name === name);
    const run = (_job: unknown, leg: Leg): MaybePromise<RunReport> => {
      ran.push(name);
      return (waiting.shift() as (typeof legs)[number])(leg);
    };
    const workers = descriptor?.isHere === true ? undefined : { serving: 2 };
    return { descriptor, strategy: { workers, run } };
  };
  const lease = { hold: () => {}, drop: () => {} };
  const job = { isStopped, parts: { lease }, onStop: () => {}, throwIfStopped: () => {} };
  const planner = {
    here: "sequential",
    began: (_plan: unknown, _request: unknown, strategy = "threads") => ({ strategy }),
    ended: vi.fn(),
    rentOf: () => 0,
    planAgain: () => pass.plan,
  } as unknown as Planner;
  const reporter = { metrics: new Metrics(2), planned: vi.fn(), fellBack: vi.fn() };
  const pass = {
    request: { placement: { bytesNeeded: 0 } },
    plan: {
      strategy: "threads",
      workers: 2,
      fallbacks: [],
      handOver: undefined,
      kernel: undefined,
      tasks: 10,
      predicted: {
        sequential: { compute: 9 },
        threads: { compute: 5, place: 0, dispatch: 0, spawn: 0 },
      },
      ...plan,
    },
    memory: { job, prepare: () => prepared },
    runs: [],
  } as unknown as PlannedPass;
  const call = {
    job: 7,
    call: "map",
    streamBuffer: undefined,
    announced: "threads",
  } as unknown as CallRecord;
  const runner = new StrategyRunner(
    new ParallelConfig(options),
    new Arena(2 ** 20),
    { get } as unknown as StrategySet,
    planner,
    reporter as unknown as Reporter,
  );
  return { run: () => runner.run(call, pass), ran, pass, call, planner, reporter };
}

/** The calling thread was planned, and may move after a look. */
const MAY_MOVE = {
  strategy: "sequential",
  workers: 1,
  handOver: { strategy: "threads", workers: 2, width: 2, firstTaskLimit: undefined, firstLook: 1 },
};

describe("a pass", () => {
  it("runs on its planned strategy, and makes no promise if that ends at once", () => {
    const { run, ran, pass } = setUp({ legs: [() => report("threads")] });
    expect(run()).toBeUndefined();
    expect(ran).toEqual(["threads"]);
    expect(pass.runs).toHaveLength(1);
  });

  it("runs once its inputs are ready, if that takes a while", async () => {
    let beReady = (): void => {};
    const prepared = new Promise<void>((resolve) => {
      beReady = resolve;
    });
    const { run, ran } = setUp({ prepared, legs: [() => report("threads")] });
    const running = run();
    await undefined;
    expect(ran).toEqual([]);
    beReady();
    await running;
    expect(ran).toEqual(["threads"]);
  });

  it("falls back if its inputs can't be made ready", async () => {
    const options = { forceSerialOnFailure: true };
    const prepared = Promise.reject(new Error("no room"));
    const { run, ran, reporter } = setUp({ options, prepared, legs: [() => report("sequential")] });
    await expect(run()).rejects.toThrow("no room");
    expect(ran).toEqual([]);
    expect(reporter.fellBack).toHaveBeenCalledTimes(1);
  });

  it("is told how long its computing is expected to take, once the kernel is known", () => {
    const expected: unknown[] = [];
    const leg = (leg: Leg): RunReport => {
      expected.push(leg.expected);
      return report("threads");
    };
    setUp({ legs: [leg] }).run();
    setUp({ legs: [leg], plan: { kernel: {} } }).run();
    setUp({ legs: [leg], plan: { kernel: {}, strategy: "sequential" } }).run();
    expect(expected).toEqual([undefined, 5, 9]);
  });

  it("occupies workers as long as it runs on them, however it ends", async () => {
    let end = (_: RunReport): void => {};
    const ran = new Promise<RunReport>((resolve) => {
      end = resolve;
    });
    const { run, reporter } = setUp({ legs: [() => ran] });
    const occupy = vi.spyOn(reporter.metrics, "occupyWorkers");
    const running = run();
    const { value } = occupy.mock.results[0] as { value: { end: (busy: number) => void } };
    const ended = vi.spyOn(value, "end");
    expect(ended).not.toHaveBeenCalled();
    end(report("threads"));
    await running;
    expect(ended).toHaveBeenCalledExactlyOnceWith(1);
    // The calling thread is no worker.
    setUp({ plan: { strategy: "sequential" }, legs: [() => report("sequential")] }).run();
    expect(occupy).toHaveBeenCalledTimes(1);
  });
});

describe("a pass that may move", () => {
  it("goes on elsewhere with what the calling thread has left, and tells why", async () => {
    const handsOver = ({ overseer }: Leg): RunReport => {
      // Tasks of more than a slice.
      expect(overseer?.takesOver(6, 100, 1)).toBe(true);
      return report("sequential", 6);
    };
    const { run, ran, pass, call, planner, reporter } = setUp({
      plan: MAY_MOVE,
      legs: [handsOver, () => Promise.resolve(report("threads"))],
    });
    await run();
    expect(ran).toEqual(["sequential", "threads"]);
    expect(pass.runs.map(({ strategy }) => strategy)).toEqual(["sequential", "threads"]);
    expect(pass.occupant).toEqual({ strategy: "threads" });
    expect(planner.ended).toHaveBeenCalledTimes(1);
    expect(call.announced).toBe("threads");
    const why = "handed over after 4 of 10 tasks: each takes 100 ms";
    expect(reporter.planned).toHaveBeenCalledExactlyOnceWith(7, "map", pass.plan, "threads", why);
  });

  it("stays if nothing is left", () => {
    const { run, ran, reporter } = setUp({ plan: MAY_MOVE, legs: [() => report("sequential")] });
    expect(run()).toBeUndefined();
    expect(ran).toEqual(["sequential"]);
    expect(reporter.planned).not.toHaveBeenCalled();
  });

  it("comes back if there are no workers after all", async () => {
    const { run, ran, reporter } = setUp({
      plan: MAY_MOVE,
      legs: [
        () => report("sequential", 6),
        () => {
          throw notStarted;
        },
        () => report("sequential"),
      ],
    });
    await run();
    expect(ran).toEqual(["sequential", "threads", "sequential"]);
    expect(reporter.fellBack).toHaveBeenCalledExactlyOnceWith(7, "map", notStarted, "threads", "sequential");
  });
});

describe("a strategy that fails", () => {
  const initializer = defineKernel(import.meta.url, "initializer", () => {});
  const open = { fallbacks: ["sequential"] };

  it.each<[string, ParallelOptions, object, unknown]>([
    ["no worker could be started, and auto had chosen", {}, open, notStarted],
    ["the caller allows it", { forceSerialOnFailure: true }, {}, died],
    [
      "the caller allows it in spite of an initializer",
      { forceSerialOnFailure: true, workerInitializer: initializer },
      {},
      died,
    ],
  ])("is replaced by the calling thread if %s", async (_, options, plan, error) => {
    const legs = [() => Promise.reject(error), () => report("sequential")];
    const { run, ran, reporter } = setUp({ options, plan, legs });
    await run();
    expect(ran).toEqual(["threads", "sequential"]);
    expect(reporter.fellBack).toHaveBeenCalledExactlyOnceWith(7, "map", error, "threads", "sequential");
  });

  it.each<[string, ParallelOptions, object, unknown]>([
    ["was asked for", {}, {}, notStarted],
    ["lost workers to the kernel", {}, open, died],
    ["failed otherwise", {}, open, new RangeError("other")],
    ["has an initializer, on which kernels may count", { workerInitializer: initializer }, open, notStarted],
  ])("fails the call if it %s", async (_, options, plan, error) => {
    const later = setUp({ options, plan, legs: [() => Promise.reject(error)] });
    await expect(later.run()).rejects.toBe(error);
    const throws = (): never => {
      throw error;
    };
    const now = setUp({ options, plan, legs: [throws] });
    expect(() => now.run()).toThrow(error as Error);
    for (const { reporter, ran } of [later, now]) {
      expect(ran).toEqual(["threads"]);
      expect(reporter.fellBack).not.toHaveBeenCalled();
    }
  });

  it("is not replaced once the call was stopped, nor if it is the calling thread", async () => {
    const options = { forceSerialOnFailure: true };
    const stopped = setUp({ options, isStopped: true, legs: [() => Promise.reject(died)] });
    await expect(stopped.run()).rejects.toBe(died);
    const here = { strategy: "sequential" };
    const own = setUp({ options, plan: here, legs: [() => Promise.reject(died)] });
    await expect(own.run()).rejects.toBe(died);
  });
});
