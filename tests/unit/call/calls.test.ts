/** Calls of one pass and of several, on this thread: what a further public call is made of. */
import { channel } from "node:diagnostics_channel";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { readItemsCall, readPayloadCall } from "../../../src/call/read-request.js";
import type { Request } from "../../../src/call/request.js";
import type { CallOptions, Progress } from "../../../src/call/types.js";
import { KernelError } from "../../../src/errors.js";
import { BACKEND } from "../../../src/executor/executor.js";
import { ParallelExecutor } from "../../../src/executor/parallel-executor.js";
import type { AnyKernel } from "../../../src/kernel/types.js";
import type { CallTrace, ParallelFailure, Telemetry } from "../../../src/telemetry/events.js";

const CHUNKS = 4;
const CHUNK = 25;

function setUp() {
  const events: [event: string, payload: Record<string, unknown>][] = [];
  const telemetry = ((event: string, payload: Record<string, unknown>) => {
    events.push([event, payload]);
  }) as unknown as Telemetry;
  const executor = new ParallelExecutor({ strategy: "sequential", telemetry });
  const told = (name: string) => events.filter(([event]) => event === name).map(([, payload]) => payload);
  return { executor, told };
}

/** A public call of one pass: the largest element of each chunk. */
async function maxima(executor: ParallelExecutor, x: Float64Array, options: CallOptions<unknown> = {}) {
  const calls = executor[BACKEND];
  const { values } = await calls.run(requestOf(executor, x, (v: Float64Array) => Math.max(...v), options));
  return values;
}

interface Between {
  /** Called between the passes. */
  between?: () => unknown;
  second?: AnyKernel;
}

/** A public call of two passes: how far each element is from the largest one, summed up chunk by chunk. */
async function distances(
  executor: ParallelExecutor,
  x: Float64Array,
  options: CallOptions<unknown> = {},
  { between, second }: Between = {},
): Promise<unknown[]> {
  const largest = (v: Float64Array): number => Math.max(...v);
  const kernel =
    second ??
    ((v: Float64Array, { args }: { args: number }): number => v.reduce((sum, each) => sum + args - each, 0));
  const first = requestOf(executor, x, largest, options);
  return executor[BACKEND].runPasses(first, first.table, 2 * CHUNKS, async (run) => {
    const { values } = await run(first);
    await between?.();
    const args = Math.max(...(values as number[]));
    return (await run(requestOf(executor, x, kernel, { args }))).values;
  });
}

function requestOf(
  executor: ParallelExecutor,
  x: Float64Array,
  kernel: AnyKernel,
  options: CallOptions<unknown>,
): Request {
  const settings = { ...executor[BACKEND].settings, chunkSize: CHUNK };
  return readPayloadCall("mapShared", x, kernel, null, options, settings);
}

const upTo = (length: number): Float64Array => Float64Array.from({ length }, (_, i) => i);
const x = upTo(CHUNKS * CHUNK);
const EXPECTED = [99 * 25 - 300, 99 * 25 - 925, 99 * 25 - 1550, 99 * 25 - 2175];

describe("a call of one pass", () => {
  it("is its request, run", async () => {
    const { executor, told } = setUp();
    expect(await maxima(executor, x)).toEqual([24, 49, 74, 99]);
    expect(told("parallel_execution")).toMatchObject([{ items: 4, strategy: "sequential" }]);
    await executor.shutdown();
  });

  it("of tiny items ends at once, without a promise", async () => {
    const { executor } = setUp();
    const calls = executor[BACKEND];
    const request = (): Request => readItemsCall([1, 2], (n: number) => n + 1, {}, calls.settings);
    await calls.run(request());
    await nextTurn();
    expect(calls.run(request())).toMatchObject({ values: [2, 3] });
    expect(calls.isIdle).toBe(true);
    await executor.shutdown();
  });
});

describe("a call of several passes", () => {
  it("has the result that its last pass makes of those before", async () => {
    const { executor } = setUp();
    expect(await distances(executor, x)).toEqual(EXPECTED);
    await executor.shutdown();
  });

  it("counts once, with one number, one decision and one event over all passes", async () => {
    const { executor, told } = setUp();
    await distances(executor, x);
    const decisions = told("parallel_decision");
    const executions = told("parallel_execution");
    expect(decisions).toHaveLength(1);
    expect(executions).toMatchObject([{ items: 8, job: decisions[0]?.["job"], call: "mapShared" }]);
    expect(executor.metrics.snapshot()).toMatchObject({ submitted: 1, completed: 1, failures: 0 });
    const { predicted, actual, duration } = executions[0] as Record<string, { total: number }>;
    expect(actual?.total).toBe(duration);
    expect(predicted?.total).toBeGreaterThan(0);
    await executor.shutdown();
  });

  it("has one trace, with the parts of each pass", async () => {
    const traces: CallTrace[] = [];
    const onTrace = (message: unknown): void => {
      traces.push(message as CallTrace);
    };
    channel("sharray:call_trace").subscribe(onTrace);
    const { executor } = setUp();
    await distances(executor, x);
    channel("sharray:call_trace").unsubscribe(onTrace);
    expect(traces).toHaveLength(1);
    expect(traces[0]?.tasks).toBe(8);
    expect(traces[0]?.spans.filter(({ name }) => name === "compute")).toHaveLength(2);
    await executor.shutdown();
  });

  it("reports progress over all of its tasks", async () => {
    const { executor } = setUp();
    const reports: Progress[] = [];
    const onProgress = (progress: Progress): void => {
      reports.push(progress);
    };
    const between = () => vi.waitUntil(() => reports.length > 0, { interval: 1 });
    await distances(executor, x, { onProgress }, { between });
    // The first pass has ended by then.
    expect(reports[0]).toMatchObject({ completed: 4, total: 8 });
    expect(reports.at(-1)).toMatchObject({ completed: 8, total: 8 });
    await executor.shutdown();
  });

  it("is stopped by its signal in whichever pass it is, or between two", async () => {
    const { executor, told } = setUp();
    const controller = new AbortController();
    const { signal } = controller;
    const second = (): never => {
      throw new Error("no pass begins any more");
    };
    const between = (): void => controller.abort("enough");
    await expect(distances(executor, x, { signal }, { between, second })).rejects.toBe("enough");
    await expect(distances(executor, x, { signal })).rejects.toBe("enough");
    expect(told("parallel_execution")).toEqual([]);
    expect(executor.metrics.snapshot()).toMatchObject({ submitted: 2, failures: 2 });
    await executor.shutdown();
  });

  it("is stopped by cancel(), also after its last pass", async () => {
    const { executor } = setUp();
    const first = requestOf(executor, x, (v: Float64Array) => v.length, {});
    const call = executor[BACKEND].runPasses(first, first.table, CHUNKS, async (run) => {
      await run(first);
      executor.cancel("all");
    });
    await expect(call).rejects.toBe("all");
    await executor.shutdown();
  });

  it("fails with the failure of a pass, what that pass had finished, and one failure told", async () => {
    const failures: ParallelFailure[] = [];
    const onFailure = (message: unknown): void => {
      failures.push(message as ParallelFailure);
    };
    channel("sharray:parallel_failure").subscribe(onFailure);
    const { executor } = setUp();
    const second = (_: unknown, { index }: { index: number }): number => {
      if (index === 2) throw new RangeError("two");
      return index;
    };
    const error = await distances(executor, x, {}, { second }).catch((error: unknown) => error);
    channel("sharray:parallel_failure").unsubscribe(onFailure);
    expect(error).toBeInstanceOf(KernelError);
    expect([...((error as KernelError).partial?.values ?? [])]).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(failures).toMatchObject([{ error }]);
    await executor.shutdown();
  });

  it("holds the caller's arrays from its first pass to its end", async () => {
    const { executor } = setUp();
    const shared = executor.share(upTo(CHUNKS * CHUNK));
    const inUse = executor.memory().bytesInUse;
    const during: number[] = [];
    const first = requestOf(executor, shared, (v: Float64Array) => v.length, {});
    await executor[BACKEND].runPasses(first, first.table, CHUNKS, async (run) => {
      await run(first);
      executor.release(shared);
      await nextTurn();
      during.push(executor.memory().bytesInUse);
    });
    expect(during).toEqual([inUse]);
    await nextTurn();
    expect(executor.memory().bytesInUse).toBeLessThan(inUse);
    await executor.shutdown();
  });

  it("is waited for by shutdown(), passes that are still to come included", async () => {
    const { executor } = setUp();
    let closed: Promise<void> | undefined;
    const between = (): void => {
      closed = executor.shutdown();
    };
    expect(await distances(executor, x, {}, { between })).toEqual(EXPECTED);
    await closed;
    await expect(distances(executor, x)).rejects.toMatchObject({ code: "SHARRAY_EXECUTOR_CLOSED" });
  });
});
