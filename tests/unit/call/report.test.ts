import { describe, expect, it, vi } from "vitest";
import type { PassReport } from "../../../src/call/call-record.js";
import type { Measured } from "../../../src/call/measured-time.js";
import { callTrace, executionEvent } from "../../../src/call/report.js";
import { busyOf, type Totals, totalsOf } from "../../../src/call/totals.js";
import { defaultHostProfile } from "../../../src/plan/host-profile.js";
import type { Estimate } from "../../../src/plan/plan.js";
import { clock } from "../../../src/platform/clock.js";
import type { Plan, StrategyName } from "../../../src/strategies/registry.js";
import type { RunReport } from "../../../src/strategies/strategy.js";

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
  taskBytes: 7,
  taskSizeHintBytes: 7,
  kernel: undefined,
  host: defaultHostProfile,
  bytesShared: 40,
  reason: "planned",
  predicted: { sequential: estimate(1), threads: estimate(2) },
  advice: ["share"],
} as unknown as Plan;
const measured: Measured = { actual: estimate(50), wait: 3 };
const totals: Totals = { ...measured, retries: 0, ended: 150 };

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

function passOf(runs: readonly RunReport[], more: Partial<PassReport> = {}): PassReport {
  return {
    kernel: "k",
    plan,
    started: 100,
    planned: 101,
    ended: 150,
    runs,
    placing: undefined,
    tasks: plan.tasks,
    bytesPlaced: 0,
    bytesShared: plan.bytesShared,
    isJoined: false,
    itemBytes: 0,
    capturedBytes: 0,
    measured,
    taskBytes: 7,
    ...more,
  };
}

/** A call of these passes. */
function callOf(...passes: PassReport[]) {
  return { job: 9, call: "map", started: 100, passes } as const;
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
    const pass = passOf(handedOver, { bytesPlaced: 800 });
    expect(executionEvent(callOf(pass), totals, "sequential")).toEqual({
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
      capturedBytes: 0,
      predicted: plan.predicted.threads,
      actual: measured.actual,
      advice: ["share"],
    });
    expect(busyOf(handedOver)).toBe(70);
  });

  it("of a sequential call counts nothing as sent", () => {
    const pass = passOf([report("sequential", { busy: 10 })]);
    const event = executionEvent(callOf(pass), totals, "sequential");
    expect(event).toMatchObject({
      strategy: "sequential",
      workers: 1,
      metadataBytes: 0,
      workerUtilisationPct: 20,
    });
    expect(event.predicted).toBe(plan.predicted.sequential);
  });

  it("counts items as sent, where they were", () => {
    const sent = passOf(handedOver, { itemBytes: 80 });
    expect(executionEvent(callOf(sent), totals, "sequential").metadataBytes).toBe(380);
    // A call that ended on this thread counts neither.
    const here = passOf([report("sequential", { metadataBytes: 300 })], { itemBytes: 80 });
    expect(executionEvent(callOf(here), totals, "sequential").metadataBytes).toBe(0);
  });

  it("adds advice about the hint, by the prediction that it led to", () => {
    const hinted = {
      ...plan,
      tasks: 10,
      taskBytes: 80_000,
      taskSizeHintBytes: 80_000,
      host: { ...defaultHostProfile, perTask: 0, computePerByte: 0.001 },
    };
    const adviceFor = (busy: number, taskBytes: number) =>
      executionEvent(
        callOf(passOf([report("sequential", { busy })], { plan: hinted, taskBytes })),
        totals,
        "sequential",
      ).advice;
    // 10 tasks of 80,000 bytes at 0.001 ms.
    expect(adviceFor(10, 800)).toEqual([
      "share",
      expect.stringContaining("it led to expect 800 ms of computing, and it was 10.0 ms"),
    ]);
    expect(adviceFor(800, 800)).toEqual(["share"]);
    expect(adviceFor(10, 80_000)).toEqual(["share"]);
    expect(plan.advice).toEqual(["share"]);
  });

  it("keeps utilisation a percentage, even if no time passed", () => {
    const of = (busy: number, total: number) =>
      executionEvent(
        callOf(passOf([report("sequential", { busy })])),
        { ...totals, actual: estimate(total) },
        "sequential",
      ).workerUtilisationPct;
    expect([of(0, 0), of(5, 0), of(11, 10), of(5, 10)]).toEqual([0, 0, 100, 50]);
  });
});

describe("the trace of a call", () => {
  const spansOf = (pass: PassReport) =>
    callTrace(callOf(pass), 150, measured.actual, undefined).spans.map(({ name, start, end }) => [
      name,
      start,
      end,
    ]);

  it("has a span for each part that took time", () => {
    const placing = { start: 114, end: 119, isRecycled: false };
    expect(spansOf(passOf(handedOver, { placing }))).toEqual([
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
    expect(callTrace(callOf(passOf(handedOver)), 150, measured.actual, undefined)).toMatchObject({
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
    expect(spansOf(passOf(handedOver, { measured: undefined })).at(-1)).toEqual(["compute", 31, 40]);
    const early = callTrace(callOf(passOf([], { measured: undefined })), 150, undefined, error);
    expect(early).toMatchObject({ strategy: "sequential", actual: undefined, error, claims: [] });
    expect(early.spans).toEqual([{ name: "plan", start: 0, end: 1 }]);
  });
});

describe("a call of several passes", () => {
  const first = passOf([report("sequential", { busy: 10, retries: 1, metadataBytes: 5 })], {
    bytesPlaced: 8,
  });
  const second = passOf([report("threads", { busy: 30, workers: 2, retries: 2, metadataBytes: 7 })], {
    started: 200,
    planned: 202,
    ended: 260,
    bytesPlaced: 4,
    measured: { actual: { ...estimate(60), results: 5, compute: 55 }, wait: 1 },
  });
  const call = callOf(first, second);

  it("took the time of its passes, and the time between them to prepare them", () => {
    // Long enough ago for all that its passes took, however young this process is.
    const started = clock() - 1000;
    const { actual, wait, retries, ended } = totalsOf({ ...call, started });
    expect(actual).toEqual({
      spawn: 0,
      place: 0,
      compute: 105,
      results: 5,
      dispatch: ended - started - 110,
      total: ended - started,
    });
    expect(wait).toBe(first.started - started + 3);
    expect(retries).toBe(3);
    // A pass that is alone is the call.
    expect(totalsOf(callOf(first))).toEqual({ ...measured, retries: 1, ended: 150 });
  });

  it("tells one event over them, of the strategy that finished it", () => {
    expect(executionEvent(call, totals, "sequential")).toMatchObject({
      strategy: "threads",
      items: 200,
      workers: 2,
      bytesPlaced: 12,
      bytesShared: 80,
      metadataBytes: 12,
      predicted: { compute: 3, total: 3 },
      workerUtilisationPct: 40,
      advice: ["share"],
    });
  });

  it("has the parts of all passes in its trace", () => {
    const { spans, tasks } = callTrace(call, 260, totals.actual, undefined);
    expect(tasks).toBe(200);
    expect(spans.filter(({ name }) => name === "plan")).toEqual([
      { name: "plan", start: 0, end: 1 },
      { name: "plan", start: 100, end: 102 },
    ]);
  });
});
