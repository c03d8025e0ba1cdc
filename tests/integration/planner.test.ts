import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  type CallTrace,
  KernelError,
  ParallelExecutor,
  type ParallelFailure,
  type TelemetryEvents,
} from "sharray";
import { Trace } from "sharray/trace";
import { afterEach, describe, expect, test } from "vitest";

type Told = {
  [E in keyof TelemetryEvents]: { readonly event: E; readonly payload: TelemetryEvents[E] };
}[keyof TelemetryEvents];

const executors: ParallelExecutor[] = [];
afterEach(async () => {
  await Promise.all(executors.splice(0).map((executor) => executor.shutdown()));
});

function create(options: ConstructorParameters<typeof ParallelExecutor>[0] = {}) {
  const told: Told[] = [];
  const telemetry = (event: unknown, payload: unknown): void => {
    told.push({ event, payload } as Told);
  };
  const executor = new ParallelExecutor({ maxWorkers: 2, ...options, telemetry });
  executors.push(executor);
  const of = <E extends keyof TelemetryEvents>(event: E): TelemetryEvents[E][] =>
    told.filter((each) => each.event === event).map(({ payload }) => payload as TelemetryEvents[E]);
  return { executor, of };
}

/** Its first task takes far longer than the caller's thread may be blocked to find out. */
function slowFirst(x: { readonly [i: number]: number }, seed: number): number {
  let s = seed;
  for (let k = 0; k < 4e7; k++) s = (Math.imul(s, 1103515245) + 12345) | 0;
  return s + (x[0] as number);
}
const slow = `(item, shared, { index }) => (${slowFirst})(shared.x, index)`;
const slowKernel = new Function(`return ${slow}`)() as (item: number) => number;

const items = Array.from({ length: 40 }, (_, i) => i);
const shared = { x: new Float64Array([0.5]) };

describe("a call of an unknown kernel on a cold pool", () => {
  test("starts on the caller's thread; a first task that takes too long is given up, and runs on the workers", async () => {
    const { executor, of } = create();
    const values = await executor.map(items, slowKernel, { shared });
    const [first, second, ...more] = of("parallel_decision");
    expect([first?.decision, second?.decision, more]).toEqual(["sequential", "threads", []]);
    expect(second?.job).toBe(first?.job);
    expect(second?.reason).toMatch(/^handed over/);
    expect(of("parallel_execution")).toMatchObject([{ strategy: "threads", items: 40, job: first?.job }]);
    expect(values).toEqual(await executor.map(items, slowKernel, { shared, strategy: "sequential" }));
  });

  test("moves in the middle, and every task counts once", async () => {
    const { executor, of } = create();
    // Some milliseconds each, and many of them.
    const work = (part: { readonly [i: number]: number; readonly length: number }): number => {
      let s = part[0] as number;
      for (let k = 0; k < 4e6; k++) s = (Math.imul(s, 1103515245) + 12345) | 0;
      return s;
    };
    const x = Float64Array.from({ length: 400 }, (_, i) => i);
    const seen: number[] = [];
    const values = await executor.mapShared(x, work, {
      chunkSize: 1,
      onProgress: ({ completed }) => seen.push(completed),
    });
    expect(of("parallel_decision").map(({ decision }) => decision)).toEqual(["sequential", "threads"]);
    expect(of("parallel_execution")[0]?.strategy).toBe("threads");
    expect(values).toEqual(await executor.mapShared(x, work, { chunkSize: 1, strategy: "sequential" }));
    expect(seen.at(-1)).toBe(400);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  test("outputs come out the same, whichever thread wrote them", async () => {
    const { executor, of } = create();
    const scale = (
      part: { readonly [i: number]: number; readonly length: number },
      out: { [i: number]: number },
    ) => {
      // Adds to what it finds: a task that is given up half way must find zeros again.
      for (let k = 0; k < 1e7; k++) out[0] = (out[0] as number) * 0.9999999 + (part[0] as number);
    };
    const x = Float64Array.from({ length: 40 }, (_, i) => i + 0.5);
    const run = (strategy: "auto" | "sequential") =>
      executor.transformShared(x, Float64Array, scale, { chunkSize: 1, strategy });
    const values = await run("auto");
    expect(of("parallel_execution")[0]?.strategy).toBe("threads");
    expect(values).toEqual(await run("sequential"));
  });

  test("an error is the one of the lowest index, wherever its task runs", async () => {
    const { executor } = create();
    const failing = new Function(
      `return (item) => { let s = item; for (let k = 0; k < 2e6; k++) s = (Math.imul(s, 1103515245) + 12345) | 0;
        if (item === 3 || item === 390) throw new RangeError("item " + item); return s; }`,
    )() as (item: number) => number;
    const all = Array.from({ length: 400 }, (_, i) => i);
    await expect(executor.map(all, failing)).rejects.toMatchObject({ index: 3 });
    const late = all.filter((item) => item !== 3);
    const error = await executor.map(late, failing).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KernelError);
    expect((error as KernelError).index).toBe(389);
  });

  test("a first task without end is given up, and an abort ends the call", async () => {
    const { executor, of } = create();
    const controller = new AbortController();
    const endless = new Function("return () => { for (;;); }")() as () => number;
    const call = executor.map(items, endless, { signal: controller.signal });
    const outcome = call.catch((thrown: unknown) => thrown);
    await expect.poll(() => of("parallel_decision").length).toBe(2);
    controller.abort(new Error("enough"));
    expect(await outcome).toEqual(new Error("enough"));
    expect(await executor.map([1, 2], (item) => item + 1)).toEqual([2, 3]);
  });

  test("stays where it starts when its tasks are cheap", async () => {
    const x = new Float64Array(1000).fill(2);
    const stays = async (): Promise<boolean> => {
      const { executor, of } = create();
      expect(await executor.mapShared(x, (part) => part.length, { chunkSize: 100 })).toHaveLength(10);
      expect(executor.memory().bytesPeak).toBeLessThan(100_000);
      const decisions = of("parallel_decision").map(({ decision }) => decision);
      return decisions.join() === "sequential";
    };
    // If this thread stalls in the middle of a task, it counts as a long one.
    let hasStayed = false;
    for (let i = 0; i < 10 && !hasStayed; i += 1) hasStayed = await stays();
    expect(hasStayed).toBe(true);
  });
});

test("gates win over an explicit strategy, and are named", async () => {
  for (const [options, reason] of [
    [{ enabled: false }, "disabled"],
    [{ minBatchSize: 41 }, "40 tasks are fewer than minBatchSize (41)"],
    [{ tinyWorkloadThreshold: 41 }, "40 instances are fewer than tinyWorkloadThreshold (41)"],
  ] as const) {
    const { executor, of } = create({ strategy: "threads", ...options });
    await executor.map(items, (item) => item);
    expect(of("parallel_decision")).toMatchObject([{ decision: "sequential", reason }]);
  }
});

test("explain() runs nothing, and a hint alone changes its choice both ways", () => {
  const { executor, of } = create();
  const x = executor.share(new Float64Array(1_000_000));
  const before = [executor.memory(), executor.metrics.snapshot()];
  const choose = (taskSizeHintBytes: number) => executor.explain(x, (part) => part[0], { taskSizeHintBytes });
  expect([choose(100).strategy, choose(10_000_000).strategy]).toEqual(["sequential", "threads"]);
  expect([executor.memory(), executor.metrics.snapshot()]).toEqual(before);
  expect(of("parallel_decision")).toEqual([]);
});

test("a given host profile goes before what is measured", () => {
  const { executor } = create({
    hostProfile: { computePerByte: 1, dispatchCold: 0, spawn: 0, spawnPerWorker: 0 },
  });
  expect(executor.hostProfile).toMatchObject({ computePerByte: 1, spawn: 0 });
  const x = executor.share(new Float64Array(1000));
  expect(executor.explain(x, (part) => part[0], { taskSizeHintBytes: 8 }).strategy).toBe("threads");
  expect(String(executor.hostProfile)).toMatch(/^spawn +0\.00 µs$/m);
});

test("a hint that neither payload nor time bear out is named after the run", async () => {
  const { executor, of } = create({ strategy: "sequential" });
  await executor.map(items, (item) => item, { taskSizeHintBytes: 1_000_000_000 });
  await executor.map(items, (item) => item);
  const [wrong, none] = of("parallel_execution");
  expect(wrong?.advice).toMatchObject([
    expect.stringMatching(/^taskSizeHintBytes \(1000000000\) is too large/),
  ]);
  expect(none?.advice).toEqual([]);
});

test("arrays that are placed again and again lead to the advice to share them", async () => {
  // Whether sharing would pay is a matter of the machine's figures, so they are given.
  const hostProfile = { placePerByteRecycled: 1, placePerByteFresh: 1, dispatchSequential: 1e6 };
  const { executor, of } = create({ strategy: "threads", hostProfile });
  const x = new Float64Array(100_000);
  const kernel = (part: { readonly [i: number]: number; readonly length: number }) => {
    let s = 0;
    for (let k = 0; k < 100; k++) for (let i = 0; i < part.length; i++) s += part[i] as number;
    return s;
  };
  for (let i = 0; i < 4; i++) await executor.mapShared(x, kernel);
  const advice = of("parallel_execution").map((event) =>
    event.advice.filter((each) => each.includes("share()")),
  );
  expect(advice.slice(0, 2)).toEqual([[], []]);
  expect(advice.slice(2)).toEqual([
    ["these 800 KB were placed 2 times: use executor.share()"],
    ["these 800 KB were placed 3 times: use executor.share()"],
  ]);
});

test("the parts of predicted and actual time are there, and add up", async () => {
  const { executor, of } = create();
  await executor.map(items, slowKernel, { shared });
  await executor.map(items, (item) => item, { strategy: "threads" });
  await executor.map(items, (item) => item, { strategy: "sequential" });
  const events = of("parallel_execution");
  expect(events).toHaveLength(3);
  for (const { predicted, actual, duration, wait, workerUtilisationPct } of events) {
    for (const estimate of [predicted, actual]) {
      const { total, ...parts } = estimate;
      for (const part of Object.values(parts)) expect(part).toBeGreaterThanOrEqual(0);
      expect(Object.values(parts).reduce((a, b) => a + b)).toBeCloseTo(total, 3);
    }
    expect(actual.total).toBe(duration);
    expect(wait).toBeGreaterThanOrEqual(0);
    expect(wait).toBeLessThanOrEqual(duration);
    expect(workerUtilisationPct).toBeGreaterThan(0);
    expect(workerUtilisationPct).toBeLessThanOrEqual(100);
  }
  const { latency, wait, run, workerUtilisationPct } = executor.metrics.snapshot();
  for (const { p50, p95, p99, max } of [latency, wait, run]) {
    expect([p50, p95, p99, max]).toEqual([p50, p95, p99, max].toSorted((a, b) => a - b));
  }
  expect(workerUtilisationPct).toBeGreaterThan(0);
});

describe("channels", () => {
  test("a call that failed is told, before its plan too", async () => {
    const failures: ParallelFailure[] = [];
    const listen = (message: unknown): void => {
      failures.push(message as ParallelFailure);
    };
    subscribe("sharray:parallel_failure", listen);
    try {
      const { executor } = create({ strategy: "threads" });
      const failing = () => {
        throw new RangeError("mine");
      };
      await expect(executor.map([1], failing)).rejects.toThrow(KernelError);
      await expect(executor.map([1], failing, { signal: AbortSignal.abort("before") })).rejects.toBe(
        "before",
      );
      expect(failures).toMatchObject([
        { call: "map", error: { index: 0 } },
        { call: "map", error: "before" },
      ]);
    } finally {
      unsubscribe("sharray:parallel_failure", listen);
    }
  });

  test.each(["sequential", "threads", "processes"] as const)(
    "a trace has every task once, on %s",
    async (strategy) => {
      const traces: CallTrace[] = [];
      const listen = (message: unknown): void => {
        traces.push(message as CallTrace);
      };
      subscribe("sharray:call_trace", listen);
      using file = new Trace();
      try {
        const { executor } = create({ strategy });
        await executor.mapShared(new Float64Array(5000), (part) => part.length, { chunkSize: 3 });
      } finally {
        unsubscribe("sharray:call_trace", listen);
      }
      const [trace, ...more] = traces;
      expect(more).toEqual([]);
      const ran = (trace?.claims ?? []).flatMap(({ firstTask, tasks }) =>
        Array.from({ length: tasks }, (_, i) => firstTask + i),
      );
      expect(ran.sort((a, b) => a - b)).toEqual(Array.from({ length: 1667 }, (_, i) => i));
      for (const { start, end, worker } of trace?.claims ?? []) {
        expect(start).toBeLessThanOrEqual(end);
        // The clocks of two threads agree within what a reading takes.
        expect(start).toBeGreaterThan((trace as CallTrace).start - 0.5);
        expect(end).toBeLessThan((trace as CallTrace).end + 0.5);
        expect(worker > 0).toBe(strategy !== "sequential");
      }
      const { traceEvents } = file.toJSON();
      expect(traceEvents.filter(({ cat }) => cat === "claim")).toHaveLength(
        (trace as CallTrace).claims.length,
      );
    },
  );
});
