import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Plan } from "../../../src/strategies/registry.js";
import type { CallTrace, ChannelMessages, ParallelExecution } from "../../../src/telemetry/events.js";
import { Reporter } from "../../../src/telemetry/reporter.js";

const estimate = { spawn: 0, place: 0, dispatch: 1, compute: 2, results: 0, total: 3 };
const plan = {
  tasks: 7,
  predicted: { sequential: estimate, threads: estimate },
  bytesShared: 10,
  bytesToPlace: 20,
  strategy: "threads",
  reason: "planned",
} as Plan;
const execution = { job: 1, call: "map" } as ParallelExecution;
const trace = { job: 1, call: "map", kernel: "k" } as Omit<CallTrace, "executor">;

const heard: [name: string, message: unknown][] = [];
const listening: (() => void)[] = [];

function listen(name: keyof ChannelMessages): void {
  const note = (message: unknown): void => {
    heard.push([name, message]);
  };
  subscribe(`sharray:${name}`, note);
  listening.push(() => unsubscribe(`sharray:${name}`, note));
}

afterEach(() => {
  for (const stop of listening.splice(0)) stop();
  heard.length = 0;
});

describe("calls", () => {
  it("have numbers of their own in this thread, whatever their executor", () => {
    const [one, other] = [new Reporter(undefined, 1), new Reporter(undefined, 1)];
    const numbers = [one.submitted(), other.submitted(), one.submitted()] as [number, number, number];
    expect(numbers.map((number) => number - numbers[0])).toEqual([0, 1, 2]);
    expect([one, other].map(({ metrics }) => metrics.snapshot().submitted)).toEqual([2, 1]);
  });
});

describe("a decision", () => {
  it("tells what was decided at that moment, which need not be what was planned", () => {
    const telemetry = vi.fn();
    listen("parallel_decision");
    new Reporter(telemetry, 1).planned(3, "map", plan, "sequential", "moved");
    const event = {
      job: 3,
      call: "map",
      decision: "sequential",
      reason: "moved",
      tasks: 7,
      predicted: plan.predicted,
      bytesShared: 10,
      bytesToPlace: 20,
    };
    expect(telemetry.mock.calls).toEqual([["parallel_decision", event]]);
    expect(heard).toEqual([["parallel_decision", event]]);
  });

  it("is put in words only if somebody listens", () => {
    const reason = vi.fn(() => "planned");
    const silent = Object.defineProperty({ ...plan }, "reason", { get: reason });
    new Reporter(undefined, 1).planned(3, "map", silent, "threads");
    expect(reason).not.toHaveBeenCalled();
    listen("parallel_decision");
    new Reporter(undefined, 1).planned(3, "map", silent, "threads");
    expect(heard).toMatchObject([["parallel_decision", { reason: "planned", decision: "threads" }]]);
  });
});

describe("a call that ends", () => {
  it("counts", () => {
    const quiet = new Reporter(undefined, 1);
    quiet.completed(10, 4, 2);
    expect(quiet.metrics.snapshot()).toMatchObject({ completed: 1, totalDuration: 10, retries: 2 });
    expect(quiet.metrics.snapshot().wait.max).toBeGreaterThan(3.9);
  });

  it("is told to every listener, and it can be asked whether there is one", () => {
    const quiet = new Reporter(undefined, 1);
    expect(quiet.isHeard("parallel_execution")).toBe(false);

    const telemetry = vi.fn();
    const told = new Reporter(telemetry, 1);
    expect(told.isHeard("parallel_execution")).toBe(true);
    told.executed(execution);
    expect(telemetry.mock.calls).toEqual([["parallel_execution", execution]]);

    listen("parallel_execution");
    expect(quiet.isHeard("parallel_execution")).toBe(true);
    quiet.executed(execution);
    expect(heard).toEqual([["parallel_execution", execution]]);
  });

  it("with an error is told to the process alone: the caller has the rejection", () => {
    const telemetry = vi.fn();
    listen("parallel_failure");
    const reporter = new Reporter(telemetry, 1);
    const error = new Error("x");
    reporter.failed(5, "map", error, 12);
    expect(heard).toEqual([["parallel_failure", { job: 5, call: "map", error, duration: 12 }]]);
    expect(telemetry).not.toHaveBeenCalled();
    expect(reporter.metrics.snapshot()).toMatchObject({ failures: 1, completed: 0 });
  });

  it("that was left is no failure", () => {
    listen("parallel_failure");
    listen("parallel_left");
    const reporter = new Reporter(undefined, 1);
    reporter.left(5, "streamShared", 12);
    expect(heard).toEqual([["parallel_left", { job: 5, call: "streamShared", duration: 12 }]]);
    expect(reporter.metrics.snapshot()).toMatchObject({ left: 1, failures: 0, completed: 0 });
  });

  it("on another strategy counts as fallen back", () => {
    const telemetry = vi.fn();
    const reporter = new Reporter(telemetry, 1);
    const error = new Error("x");
    reporter.fellBack(5, "map", error, "threads", "sequential");
    expect(telemetry.mock.calls).toEqual([
      ["parallel_fallback", { job: 5, call: "map", error, from: "threads", to: "sequential" }],
    ]);
    expect(reporter.metrics.snapshot()).toMatchObject({ fallbacks: 1, failures: 0 });
  });
});

describe("traces", () => {
  it("are recorded while somebody listens", () => {
    // The executor's own listener is none for traces.
    const reporter = new Reporter(vi.fn(), 1);
    expect(reporter.isTracing).toBe(false);
    listen("call_trace");
    expect(reporter.isTracing).toBe(true);
    reporter.traced(trace);
    expect(heard).toEqual([["call_trace", { ...trace, executor: expect.any(Number) }]]);
  });

  it("name their executor, in the order of their making", () => {
    listen("call_trace");
    const [first, second] = [new Reporter(undefined, 1), new Reporter(undefined, 1)];
    for (const reporter of [second, first, second]) reporter.traced(trace);
    const [a, b, c] = heard.map(([, message]) => (message as CallTrace).executor) as [number, number, number];
    expect([a - b, c]).toEqual([1, a]);
  });
});
