import { channel } from "node:diagnostics_channel";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { CallTrace } from "../../../src/telemetry/events.js";
import { Trace, type TraceEvent } from "../../../src/telemetry/trace.js";

const estimate = { spawn: 0, place: 0, dispatch: 1, compute: 2, results: 0, total: 3 };

function publish(trace: Partial<CallTrace>): void {
  channel("sharray:call_trace").publish({
    executor: 1,
    job: 1,
    call: "map",
    kernel: "square",
    tasks: 2,
    strategy: "threads",
    reason: "asked for",
    start: 10,
    end: 20,
    spans: [],
    claims: [],
    predicted: estimate,
    actual: estimate,
    error: undefined,
    ...trace,
  } satisfies CallTrace);
}

function record(publishAll: () => void): readonly TraceEvent[] {
  using trace = new Trace();
  publishAll();
  return (JSON.parse(JSON.stringify(trace)) as { traceEvents: TraceEvent[] }).traceEvents;
}

it("a call: its parts, its claims by thread, the waits between them", () => {
  const events = record(() =>
    publish({
      spans: [
        { name: "plan", start: 10, end: 11 },
        { name: "compute", start: 12, end: 19 },
      ],
      claims: [
        { worker: 1, start: 12, end: 15, firstTask: 0, tasks: 1 },
        { worker: 1, start: 17, end: 19, firstTask: 2, tasks: 1 },
        { worker: 2, start: 13, end: 16, firstTask: 1, tasks: 1 },
      ],
    }),
  );
  const slices = events.filter(({ ph }) => ph === "X").map(({ name, tid, ts, dur }) => [name, tid, ts, dur]);
  expect(slices).toEqual([
    ["square", 100, 12_000, 3000],
    ["wait", 100, 15_000, 2000],
    ["square", 100, 17_000, 2000],
    ["wait", 200, 12_000, 1000],
    ["square", 200, 13_000, 3000],
  ]);
  const parts = events.filter(({ ph }) => ph === "b" || ph === "e").map(({ name, ph, ts }) => [name, ph, ts]);
  expect(parts).toEqual([
    ["map", "b", 10_000],
    ["plan", "b", 10_000],
    ["plan", "e", 11_000],
    ["compute", "b", 12_000],
    ["compute", "e", 19_000],
    ["map", "e", 20_000],
  ]);
  expect(events.find(({ ph }) => ph === "b")?.args).toMatchObject({ predicted: estimate, actual: estimate });
  expect(events.find(({ ph }) => ph === "C")?.args).toEqual({ predicted: 3, actual: 3 });
  const names = events.filter(({ ph }) => ph === "M").map(({ tid, args }) => [tid, args["name"]]);
  expect(names).toEqual([
    [0, "sharray executor 1"],
    [100, "worker 1"],
    [200, "worker 2"],
  ]);
});

it("a call that failed says why, and has no figures to compare", () => {
  const events = record(() => publish({ error: new RangeError("x"), actual: undefined }));
  expect(events.find(({ ph }) => ph === "b")?.args["error"]).toBe("RangeError: x");
  expect(events.filter(({ ph }) => ph === "C")).toEqual([]);
});

it("no two slices of a lane overlap, and every claim is there once", () => {
  const claim = fc.record({
    executor: fc.integer({ min: 1, max: 2 }),
    job: fc.integer({ min: 1, max: 4 }),
    worker: fc.nat(2),
    start: fc.nat(100),
    length: fc.integer({ min: 1, max: 30 }),
  });
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 30 }), (claims) => {
      const events = record(() => {
        for (const { executor, job, worker, start, length } of claims) {
          const own = [{ worker, start, end: start + length, firstTask: 0, tasks: 1 }];
          publish({ executor, job, start, end: start + length, claims: own });
        }
      });
      const lanes = new Map<string, TraceEvent[]>();
      for (const event of events) {
        if (event.ph !== "X") continue;
        const lane = `${event.pid} ${event.tid}`;
        lanes.set(lane, [...(lanes.get(lane) ?? []), event]);
      }
      for (const lane of lanes.values()) {
        lane.sort((a, b) => a.ts - b.ts);
        for (let i = 1; i < lane.length; i++) {
          const { ts, dur = 0 } = lane[i - 1] as TraceEvent;
          expect((lane[i] as TraceEvent).ts).toBeGreaterThanOrEqual(ts + dur);
        }
      }
      const found = events.filter(({ cat }) => cat === "claim").map(({ pid, ts, dur }) => [pid, ts, dur]);
      const published = claims.map(({ executor, start, length }) => [executor, start * 1000, length * 1000]);
      expect(found.map(String).sort()).toEqual(published.map(String).sort());
    }),
  );
});

it("records between its making and its stop, and writes a file", async () => {
  const listeners = channel("sharray:call_trace");
  expect(listeners.hasSubscribers).toBe(false);
  const trace = new Trace();
  publish({ job: 7 });
  trace.stop();
  expect(listeners.hasSubscribers).toBe(false);
  publish({ job: 8 });
  const folder = mkdtempSync(join(tmpdir(), "sharray-trace-"));
  try {
    await trace.write(join(folder, "trace.json"));
    const written = JSON.parse(readFileSync(join(folder, "trace.json"), "utf8")) as {
      traceEvents: TraceEvent[];
    };
    expect(new Set(written.traceEvents.flatMap(({ id }) => id ?? []))).toEqual(new Set([7]));
    expect(written).toEqual(JSON.parse(JSON.stringify(trace)));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("keeps the latest 10,000 calls", () => {
  const events = record(() => {
    for (let job = 1; job <= 10_001; job++) publish({ job });
  });
  const jobs = events.flatMap(({ ph, id }) => (ph === "b" && id !== undefined ? [id] : []));
  expect(jobs).toHaveLength(10_000);
  expect([jobs[0], jobs.at(-1)]).toEqual([2, 10_001]);
});
