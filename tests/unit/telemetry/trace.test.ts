import { channel } from "node:diagnostics_channel";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CallTrace, TraceSpan } from "../../../src/telemetry/events.js";
import { Trace, type TraceEvent, type TraceFile } from "../../../src/telemetry/trace.js";
import { checkTrace } from "../../trace-check.js";

const estimate = { spawn: 0, place: 0, dispatch: 1, compute: 2, results: 0, total: 3 };
const MAX_ENTRIES = 500_000;

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

function recordAsIs(publishAll: () => void): TraceFile {
  using trace = new Trace();
  publishAll();
  return trace.toJSON();
}

function record(publishAll: () => void): TraceFile {
  return JSON.parse(JSON.stringify(recordAsIs(publishAll))) as TraceFile;
}

describe("a call", () => {
  const { traceEvents } = record(() =>
    publish({
      spans: [
        { name: "plan", start: 10, end: 11 },
        { name: "compute", start: 12, end: 19 },
      ],
      claims: [
        { worker: 1, start: 12, end: 15, firstTask: 0, tasks: 1 },
        { worker: 2, start: 13, end: 16, firstTask: 1, tasks: 1 },
        { worker: 1, start: 17, end: 19, firstTask: 2, tasks: 3 },
      ],
    }),
  );
  const lane = (tid: number) => traceEvents.find(({ ph, tid: own }) => ph === "M" && own === tid);

  it("has its claims on the lanes of its workers, and the waits between them", () => {
    const slices = traceEvents.filter(({ ph }) => ph === "X");
    expect(slices.map(({ name, tid, ts, dur }) => [lane(tid)?.args["name"], name, ts, dur])).toEqual([
      ["worker 1", "square", 12_000, 3000],
      ["worker 1", "wait", 15_000, 2000],
      ["worker 1", "square", 17_000, 2000],
      ["worker 2", "wait", 12_000, 1000],
      ["worker 2", "square", 13_000, 3000],
    ]);
    expect(slices[2]?.args).toEqual({ job: 1, kernel: "square", firstTask: 2, tasks: 3 });
  });

  it("is a track on which its parts nest, with what was predicted and what came", () => {
    const parts = traceEvents.filter(({ ph }) => ph === "b" || ph === "e");
    expect(parts.map(({ name, ph, ts }) => [name, ph, ts])).toEqual([
      ["map", "b", 10_000],
      ["plan", "b", 10_000],
      ["plan", "e", 11_000],
      ["compute", "b", 12_000],
      ["compute", "e", 19_000],
      ["map", "e", 20_000],
    ]);
    expect(new Set(parts.map(({ id }) => id))).toEqual(new Set(["1"]));
    expect(parts[0]?.args).toEqual({
      job: 1,
      kernel: "square",
      tasks: 2,
      strategy: "threads",
      reason: "asked for",
      predicted: estimate,
      actual: estimate,
    });
    expect(traceEvents.find(({ ph }) => ph === "C")?.args).toEqual({ predicted: 3, actual: 3 });
  });

  it("is named after its method if the kernel has no name", () => {
    const claims = [{ worker: 0, start: 10, end: 20, firstTask: 0, tasks: 1 }];
    const { traceEvents } = record(() => publish({ kernel: "", claims }));
    expect(traceEvents.filter(({ cat }) => cat === "claim").map(({ name }) => name)).toEqual(["map"]);
  });

  it("that failed says why, and has no figures to compare", () => {
    const { traceEvents } = record(() => publish({ error: new RangeError("x"), actual: undefined }));
    const call = traceEvents.find(({ ph }) => ph === "b");
    expect(call?.args["error"]).toBe("RangeError: x");
    expect(call?.args).not.toHaveProperty("actual");
    expect(traceEvents.filter(({ ph }) => ph === "C")).toEqual([]);
  });

  it("may have failed with what has no text", () => {
    const { traceEvents } = record(() => publish({ error: Object.create(null) }));
    expect(traceEvents.find(({ ph }) => ph === "b")?.args["error"]).toBe("object with keys (none)");
  });
});

describe("lanes", () => {
  it("are named by executor and thread; the caller's is the first, and no two share a number", () => {
    const claim = { start: 12, end: 15, firstTask: 0, tasks: 1 };
    const { traceEvents } = record(() => {
      publish({ claims: [3, 1, 0].map((worker) => ({ ...claim, worker })) });
      publish({ executor: 2, job: 2, claims: [{ ...claim, worker: 1 }] });
      publish({ job: 3, claims: [{ ...claim, worker: 1 }] });
    });
    const names = traceEvents.filter(({ ph }) => ph === "M");
    expect(names.map(({ name, pid, args }) => [name, pid, args["name"]])).toEqual([
      ["process_name", 1, "sharray executor 1"],
      ["thread_name", 1, "caller's thread"],
      ["thread_name", 1, "worker 1"],
      ["thread_name", 1, "worker 1, taking turns (1)"],
      ["thread_name", 1, "worker 3"],
      ["process_name", 2, "sharray executor 2"],
      ["thread_name", 2, "caller's thread"],
      ["thread_name", 2, "worker 1"],
    ]);
  });

  it("show waits from where a call could have begun on them, and none across calls", () => {
    const claim = { worker: 1, firstTask: 0, tasks: 1 };
    const { traceEvents } = record(() => {
      publish({ start: 0, end: 10, claims: [{ ...claim, start: 2, end: 5 }] });
      const spans: TraceSpan[] = [{ name: "compute", start: 30, end: 40 }];
      publish({ job: 2, start: 20, end: 40, spans, claims: [{ ...claim, start: 33, end: 40 }] });
    });
    const waits = traceEvents.filter(({ cat }) => cat === "wait").map(({ ts, dur, args }) => [ts, dur, args]);
    expect(waits).toEqual([
      [0, 2000, { job: 1 }],
      [30_000, 3000, { job: 2 }],
    ]);
  });

  it("are no more than overlapping claims need, in whichever order calls ended", () => {
    const claim = { worker: 1, firstTask: 0, tasks: 1 };
    const { traceEvents } = record(() => {
      publish({ start: 10, end: 12, claims: [{ ...claim, start: 10, end: 12 }] });
      const claims = [1, 20].map((start) => ({ ...claim, start, end: start + 1 }));
      publish({ job: 2, start: 0, end: 21, claims });
    });
    expect(new Set(traceEvents.filter(({ cat }) => cat === "claim").map(({ tid }) => tid)).size).toBe(1);
  });

  it("show waits of a run that another strategy took over from", () => {
    const spans: TraceSpan[] = [
      { name: "compute", start: 0, end: 10 },
      { name: "compute", start: 20, end: 30 },
    ];
    const claims = [0, 5].map((start) => ({ worker: 1, start, end: start + 3, firstTask: start, tasks: 1 }));
    const { traceEvents } = record(() => publish({ start: 0, end: 30, spans, claims }));
    const waits = traceEvents.filter(({ cat }) => cat === "wait").map(({ ts, dur }) => [ts, dur]);
    expect(waits).toEqual([[3000, 2000]]);
  });

  it("have a wait begin no earlier than the claim before it ends", () => {
    const claim = { worker: 1, firstTask: 0, tasks: 1 };
    const { traceEvents } = record(() => {
      publish({ start: 0, end: 10, claims: [{ ...claim, start: 0, end: 10 }] });
      publish({ job: 2, start: 5, end: 15, claims: [{ ...claim, start: 12, end: 15 }] });
    });
    const waits = traceEvents.filter(({ cat }) => cat === "wait").map(({ ts, dur }) => [ts, dur]);
    expect(waits).toEqual([[10_000, 2000]]);
  });
});

describe("whatever was recorded", () => {
  // Not `fc.double`: most doubles of a range lie next to 0. Coarse, so that ends meet, and not exact in binary.
  const time = fc.nat(200).map((n) => n / 7);
  const range = fc.tuple(time, time).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
  const claim = fc.tuple(range, fc.nat(2)).map(([times, worker]) => ({ ...times, worker }));
  const names: TraceSpan["name"][] = ["plan", "place", "spawn", "dispatch", "compute", "results"];
  const span = fc.tuple(range, fc.constantFrom(...names)).map(([times, name]) => ({ ...times, name }));
  const call = fc.record({
    executor: fc.integer({ min: 1, max: 3 }),
    times: range,
    kernel: fc.constantFrom("", "square", "wait"),
    spans: fc.array(span, { maxLength: 8 }),
    claims: fc.array(claim, { maxLength: 12 }),
    error: fc.option(fc.anything(), { nil: undefined }),
  });

  it("nests on every track, and every claim and part is there once", () => {
    fc.assert(
      fc.property(fc.array(call, { maxLength: 8 }), (calls) => {
        const published = calls.map(({ times, claims, ...rest }, i) => ({
          ...rest,
          ...times,
          job: i + 1,
          claims: claims.map((each, firstTask) => ({ ...each, firstTask, tasks: 1 })),
        }));
        const { traceEvents } = record(() => {
          for (const each of published) publish(each);
        });
        checkTrace(traceEvents);
        const found = traceEvents
          .filter(({ cat }) => cat === "claim")
          .map(({ pid, args, ts, dur = 0 }) => [pid, args["job"], args["firstTask"], ts, ts + dur]);
        const claims = published.flatMap(({ executor, job, claims }) =>
          claims.map(({ firstTask, start, end }) => [executor, job, firstTask, eighths(start), eighths(end)]),
        );
        expect(sorted(found)).toEqual(sorted(claims));
        const begun = traceEvents.filter(({ ph }) => ph === "b");
        const parts = begun.map(({ pid, id = "", name, ts }) => [pid, Number.parseInt(id, 10), name, ts]);
        const spans = published.flatMap(({ executor, job, start, spans }) => [
          [executor, job, "map", eighths(start)],
          ...spans.map((each) => [executor, job, each.name, eighths(each.start)]),
        ]);
        expect(sorted(parts)).toEqual(sorted(spans));
      }),
      { numRuns: 300 },
    );
  });

  it("the checker sees what does not nest", () => {
    const slice = { name: "a", ph: "X", cat: "claim", pid: 1, tid: 2, args: {} } as const;
    const lanes: TraceEvent[] = [
      { ...slice, ph: "M", name: "process_name", ts: 0 },
      { ...slice, ph: "M", name: "thread_name", ts: 0 },
    ];
    const crossing = [
      { ...slice, ts: 0, dur: 2 },
      { ...slice, ts: 1, dur: 2 },
    ];
    const tangled = (["b", "b", "e", "e"] as const).map((ph, i) => {
      return { ...slice, ph, ts: i, id: "1", name: i % 2 === 0 ? "a" : "b" };
    });
    expect(() => checkTrace([...lanes, crossing[0] as TraceEvent])).not.toThrow();
    expect(() => checkTrace([...lanes, ...crossing])).toThrow(/overlaps/);
    expect(() => checkTrace([...lanes, ...tangled])).toThrow(/a ends while b is open/);
    expect(() => checkTrace([...lanes, tangled[0] as TraceEvent])).toThrow(/never ends/);
    expect(() => checkTrace(crossing.slice(1))).toThrow(/no name/);
  });
});

describe("recording", () => {
  it("goes from its making to its stop, and is written as it stands", async () => {
    const listeners = channel("sharray:call_trace");
    expect(listeners.hasSubscribers).toBe(false);
    const trace = new Trace();
    publish({ job: 7 });
    trace.stop();
    expect(listeners.hasSubscribers).toBe(false);
    publish({ job: 8 });
    trace.stop();
    const folder = mkdtempSync(join(tmpdir(), "sharray-trace-"));
    try {
      const path = join(folder, "trace.json");
      await trace.write(path);
      const written = JSON.parse(readFileSync(path, "utf8")) as TraceFile;
      expect(new Set(written.traceEvents.flatMap(({ id }) => id ?? []))).toEqual(new Set(["7"]));
      expect(written.displayTimeUnit).toBe("ms");
      expect(written).toEqual(JSON.parse(JSON.stringify(trace)));
      await trace.write(pathToFileURL(join(folder, "by-url.json")));
      expect(readFileSync(join(folder, "by-url.json"), "utf8")).toBe(readFileSync(path, "utf8"));
      await expect(trace.write(join(folder, "missing", "trace.json"))).rejects.toMatchObject({
        code: "ENOENT",
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("of nothing is a file all the same", async () => {
    using trace = new Trace();
    const folder = mkdtempSync(join(tmpdir(), "sharray-trace-"));
    try {
      await trace.write(join(folder, "trace.json"));
      expect(JSON.parse(readFileSync(join(folder, "trace.json"), "utf8"))).toEqual({
        traceEvents: [],
        displayTimeUnit: "ms",
        otherData: { droppedCalls: 0 },
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("keeps the latest calls, says how many it dropped, and bears very many claims", () => {
    const claims = Array.from({ length: 49_999 }, (_, i) => {
      return { worker: 1, start: i, end: i + 1, firstTask: i, tasks: 1 };
    });
    const { traceEvents, otherData } = recordAsIs(() => {
      for (let job = 1; job <= MAX_ENTRIES / 50_000 + 1; job++) publish({ job, claims });
    });
    const jobs = traceEvents.filter(({ ph, name }) => ph === "b" && name === "map").map(({ id }) => id);
    // One more than there is room for: so many go that a tenth is free.
    expect(jobs).toEqual(["3", "4", "5", "6", "7", "8", "9", "10", "11"]);
    expect(otherData.droppedCalls).toBe(2);
  }, 30_000);

  it("keeps the latest call, whatever its size", () => {
    const claims = Array.from({ length: MAX_ENTRIES }, (_, i) => {
      return { worker: 1, start: i, end: i + 1, firstTask: i, tasks: 1 };
    });
    const { traceEvents, otherData } = recordAsIs(() => {
      publish({ job: 1 });
      publish({ job: 2, claims });
    });
    expect(traceEvents.filter(({ cat }) => cat === "claim")).toHaveLength(MAX_ENTRIES);
    expect(otherData.droppedCalls).toBe(1);
  }, 30_000);
});

/** As the file has times: in microseconds, to the eighth. */
function eighths(ms: number): number {
  return Math.round(ms * 8000) / 8;
}

function sorted(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map((row) => row.join(" ")).sort();
}
