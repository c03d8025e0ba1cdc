import { describe, expect, it, vi } from "vitest";
import type { Execution } from "../../../src/call/execution.js";
import type { Measured } from "../../../src/call/measured-time.js";
import { busyOf, callTrace, executionEvent, type Planned } from "../../../src/call/report.js";
import type { Request } from "../../../src/call/request.js";
import type { Estimate, Plan, StrategyName } from "../../../src/plan/plan.js";
import type { RunReport } from "../../../src/strategies/job.js";

/** What `clock` said when `performance.now()` began to count. */
const ORIGIN = 100;

vi.mock("../../../src/platform/runtime.js", async (original) => ({
  ...(await original<object>()),
  performanceTime: (time: number) => time - ORIGIN,
}));

function estimate(total: number): Estimate {
  return { spawn: 0, place: 0, dispatch: 0, compute: total, results: 0, total };
}

const plan = {
  strategy: "sequential",
  tasks: 100,
  taskSizeHintBytes: 7,
  bytesShared: 40,
  reason: "planned",
  predicted: { sequential: estimate(1), threads: estimate(2) },
  advice: ["share"],
} as unknown as Plan;
const measured: Measured = { actual: estimate(50), wait: 3 };

function report(strategy: StrategyName, more: Partial<RunReport>): RunReport {
  return {
    strategy,
    workers: 1,
    busy: 0,
    sending: 0,
    metadataBytes: 0,
    retries: 0,
    ran: 100,
    left: 0,
    woken: 0,
    ready: 0,
    computing: undefined,
    claims: [],
    ...more,
  };
}

function courseOf(runs: RunReport[], placing?: { start: number; end: number; isRecycled: boolean }): Planned {
  return {
    job: 9,
    started: 100,
    request: { call: "map", kernel: { name: "k" }, items: undefined, itemBytes: 0 } as unknown as Request,
    ownSignal: undefined,
    beganAlone: true,
    stopWatching: undefined,
    occupant: undefined,
    cancelled: undefined,
    plan,
    planned: 101,
    lease: {} as Planned["lease"],
    execution: { placing, bytesPlaced: placing === undefined ? 0 : 800 } as unknown as Execution,
    runs,
  };
}

const claim = (worker: number) => ({ worker, start: 1, end: 2, firstTask: 0, tasks: 1 });
const handedOver: RunReport[] = [
  report("sequential", {
    busy: 10,
    woken: 102,
    ready: 102,
    computing: { start: 103, end: 113 },
    ran: 10,
    left: 90,
    claims: [claim(0)],
  }),
  report("threads", {
    workers: 2,
    busy: 60,
    metadataBytes: 300,
    woken: 120,
    ready: 130,
    computing: { start: 131, end: 140 },
    claims: [claim(1), claim(2)],
  }),
];

describe("the event of a call", () => {
  it("tells of the strategy that finished it, and sums up all that took part", () => {
    const course = courseOf(handedOver, { start: 114, end: 119, isRecycled: false });
    expect(executionEvent(course, measured, undefined)).toEqual({
      job: 9,
      call: "map",
      strategy: "threads",
      items: 100,
      duration: 50,
      wait: 3,
      workers: 2,
      // 70 ms of tasks in 50 ms on two threads.
      workerUtilisationPct: 70,
      taskSizeHintBytes: 7,
      bytesPlaced: 800,
      bytesShared: 40,
      metadataBytes: 300,
      predicted: plan.predicted.threads,
      actual: measured.actual,
      advice: ["share"],
    });
    expect(busyOf(handedOver)).toBe(70);
  });

  it("of a sequential call counts nothing as sent", () => {
    const event = executionEvent(courseOf([report("sequential", { busy: 10 })]), measured, undefined);
    expect(event).toMatchObject({
      strategy: "sequential",
      workers: 1,
      metadataBytes: 0,
      workerUtilisationPct: 20,
    });
    expect(event.predicted).toBe(plan.predicted.sequential);
  });

  it("counts items as sent, where they were", () => {
    const course = courseOf(handedOver);
    const request = { ...course.request, itemBytes: 80 };
    expect(executionEvent({ ...course, request }, measured, undefined).metadataBytes).toBe(380);
    // A call that ended on this thread counts neither.
    const here: RunReport[] = [report("sequential", { metadataBytes: 300 })];
    expect(executionEvent({ ...course, request, runs: here }, measured, undefined).metadataBytes).toBe(0);
  });

  it("adds what is to be said of the hint", () => {
    expect(executionEvent(courseOf(handedOver), measured, "too large").advice).toEqual([
      "share",
      "too large",
    ]);
    expect(plan.advice).toEqual(["share"]);
  });

  it("keeps utilisation a percentage, of no time too", () => {
    const of = (busy: number, total: number) =>
      executionEvent(
        courseOf([report("sequential", { busy })]),
        { actual: estimate(total), wait: 0 },
        undefined,
      ).workerUtilisationPct;
    expect([of(0, 0), of(5, 0), of(11, 10), of(5, 10)]).toEqual([0, 0, 100, 50]);
  });
});

describe("the trace of a call", () => {
  const spansOf = (course: Planned, error?: unknown) =>
    callTrace(course, 150, measured.actual, error).spans.map(({ name, start, end }) => [name, start, end]);

  it("has a span for each part that took time", () => {
    const course = courseOf(handedOver, { start: 114, end: 119, isRecycled: false });
    expect(spansOf(course)).toEqual([
      ["plan", 0, 1],
      ["place", 14, 19],
      ["dispatch", 2, 3],
      ["compute", 3, 13],
      ["spawn", 20, 30],
      ["dispatch", 30, 31],
      ["compute", 31, 40],
      ["results", 40, 50],
    ]);
  });

  it("tells what was planned, what came of it, and every claim", () => {
    expect(callTrace(courseOf(handedOver), 150, measured.actual, undefined)).toMatchObject({
      job: 9,
      call: "map",
      kernel: "k",
      tasks: 100,
      strategy: "threads",
      reason: "planned",
      start: 0,
      end: 50,
      claims: [claim(0), claim(1), claim(2)].map((each) => {
        return { ...each, start: each.start - ORIGIN, end: each.end - ORIGIN };
      }),
      predicted: plan.predicted.threads,
      actual: measured.actual,
      error: undefined,
    });
  });

  it("of a call that failed ends where it failed", () => {
    const error = new Error("x");
    expect(spansOf(courseOf(handedOver), error).at(-1)).toEqual(["compute", 31, 40]);
    const early = callTrace({ ...courseOf([]), execution: undefined }, 150, undefined, error);
    expect(early).toMatchObject({ strategy: "sequential", actual: undefined, error, claims: [] });
    expect(early.spans).toEqual([{ name: "plan", start: 0, end: 1 }]);
  });
});
