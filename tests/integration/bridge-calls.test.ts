/** The executor of another thread, used as if it were the own one: results, errors, memory, progress. */
import { type ParallelExecution, ParallelExecutor, type Telemetry } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { runClient, until } from "./bridge.js";

const MIB = 2 ** 20;
const executions: ParallelExecution[] = [];
const telemetry: Telemetry = (event, payload) => {
  if (event === "parallel_execution") executions.push(payload);
};
const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, telemetry });
const sequential = new ParallelExecutor({ strategy: "sequential" });
const auto = new ParallelExecutor({ maxWorkers: 2 });
afterAll(() => Promise.all([executor, sequential, auto].map((each) => each.shutdown())));

describe("every call gives what it gives on the thread's own executor, bit for bit", () => {
  test.each([
    ["threads", executor],
    ["sequential", sequential],
    ["auto", auto],
  ])("%s", async (_, host) => {
    expect(await runClient(host, "equal")).toBe(70);
  });

  test("with the chunks of the executor's configuration", async () => {
    const chunky = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, chunkSize: 123 });
    expect(await runClient(chunky, "equal", { config: { chunkSize: 123 } })).toBe(70);
    await chunky.shutdown();
  });
});

describe("errors", () => {
  test.each([
    ["threads", executor],
    ["sequential", sequential],
  ])("have class, code, fields and causes (%s)", async (_, host) => {
    expect(await runClient(host, "equal failures")).toEqual({
      kernel: "KernelError",
      thrownValue: "KernelError",
      inStream: "KernelError",
      inTransform: "KernelError",
      inOneOfSeveral: "KernelError",
      objects: "KernelError",
      resultThatCannotTravel: "KernelError",
      capture: "KernelCaptureError",
      arguments: "TypeError",
      items: "TypeError",
      payload: "TypeError",
      lengths: "RangeError",
      option: "ConfigurationError",
      strategy: "ConfigurationError",
      combine: "TypeError",
      empty: "TypeError",
      list: "TypeError",
    });
  });

  test("of wrong calls are thrown before anything is sent, and a call takes one message each way, its kernel once", async () => {
    expect(await runClient(executor, "refused here")).toEqual({ refused: 0, calls: 100, texts: 1 });
  });
});

describe("options of calls and of the executor", () => {
  test("a task's time-out", async () => {
    expect(await runClient(executor, "out of time")).toMatchObject({
      name: "TaskTimeoutError",
      code: "SHARRAY_TASK_TIMEOUT",
      index: 1,
      timeout: 100,
      partial: { values: [[0, 0]], outputs: undefined, unfinished: [{ index: 1, start: 1, end: 2 }] },
    });
  });

  test("verifyImmutable, for arrays that the client copied too", async () => {
    const host = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, verifyImmutable: true });
    const seen = await runClient<{ name: string; message: string }[]>(host, "changed inputs");
    expect(seen.map(({ name }) => name)).toEqual(["PayloadMutatedError", "PayloadMutatedError"]);
    for (const { message } of seen) expect(message).toContain('"x"');
    await host.shutdown();
  });
});

describe("memory", () => {
  test("a plain array is copied once per call, by the client, and the same region serves the next call", async () => {
    executions.length = 0;
    const before = executor.memory().bytesPeak;
    const memory = await runClient<ReturnType<ParallelExecutor["memory"]>>(executor, "large plain array");
    expect(memory).toMatchObject({ regions: 1, bytesInUse: 0, bytesIdle: 64 * MIB, bytesPeak: 64 * MIB });
    expect(executions).toHaveLength(2);
    for (const { bytesShared, bytesPlaced, metadataBytes } of executions) {
      expect([bytesShared, bytesPlaced]).toEqual([64 * MIB, 0]);
      expect(metadataBytes).toBeLessThan(5000);
    }
    expect(executor.memory().bytesPeak).toBeLessThan(before + MIB);
  });

  test("shared arrays cross by reference, outputs too, and are the client's", async () => {
    executions.length = 0;
    expect(await runClient(executor, "shared arrays")).toEqual({
      isShared: true,
      values: [4, 4, 100],
      placedByCalls: 0,
      same: true,
    });
    expect(executions.map(({ bytesShared, bytesPlaced }) => [bytesShared, bytesPlaced])).toEqual([
      [16 * MIB, 0],
      [8 * MIB, 0],
      [8 * MIB, 0],
    ]);
    // A worker may leave a call after its end.
    await until(() => executor.memory().bytesInUse === 0, "The executor keeps nothing of it");
  });

  test("outputs start zero-filled in memory that was used before", async () => {
    expect(await runClient(executor, "outputs in used memory")).toEqual({ sum: 2, regions: 2 });
  });

  test("outputs that are unreachable return to the client's memory", async () => {
    expect(await runClient(executor, "unreachable outputs")).toBe("returned");
  });
});

test("a list may change as soon as the call is made", async () => {
  const expected = Array.from({ length: 100 }, (_, i) => i + 1);
  expect(await runClient(executor, "changed list")).toEqual(expected);
});

test("plain arrays are read when the client's code has ended, and those that have gone by then are named", async () => {
  expect(await runClient(executor, "changed plain arrays")).toEqual({
    sums: [4000, 4000, 4000, 4000],
    name: "TypeError",
    message:
      'Cannot read "input[1]" as its buffer must stay whole until the call has settled: it was transferred away or shrunk; ' +
      "pass a copy made with slice()",
  });
});

describe("stopping", () => {
  test("a signal rejects with its reason; the call's memory returns when nobody touches it", async () => {
    expect(await runClient(executor, "aborted")).toEqual({
      before: true,
      during: true,
      hasEnded: true,
      after: [2, 4],
    });
  });

  test("cancel() is for the calls of the client", async () => {
    expect(await runClient(executor, "cancelled")).toEqual({
      reasons: ["enough", "enough"],
      other: ["unharmed"],
      after: [1],
    });
  });

  test("leaving the loop over a stream cancels the rest, which is no failure", async () => {
    const { left, failures } = executor.metrics.snapshot();
    expect(await runClient(executor, "stream left early")).toEqual({ seen: 3, ranAll: false });
    expect(executor.metrics.snapshot()).toMatchObject({ left: left + 1, failures });
  });

  test("a loop that stops reading holds a stream back", async () => {
    const seen = await runClient(executor, "stream that is not read");
    expect(seen).toEqual({ wasHeldBack: true, read: 50_000 });
  });
});

test("results of a stream come in batches", async () => {
  const seen = await runClient<{ answers: number }>(executor, "stream in batches");
  expect(seen).toMatchObject({ results: 20_000, inOrder: true });
  // The client posts the call, and one answer per batch.
  expect(seen.answers).toBeLessThan(5000);
});

test("the loop over a stream may make calls, with a limit of one call too", async () => {
  const values = await runClient(executor, "loop that makes calls", {}, { maxCalls: 1 });
  expect(values).toEqual(new Array(30).fill(11));
});

test("progress is told on the client's thread", async () => {
  const seen = await runClient<{ count: number }>(executor, "progress");
  expect(seen).toMatchObject({
    first: { total: 20 },
    last: { completed: 20, total: 20, eta: 0 },
    failed: "the listener's",
  });
  expect(seen.count).toBeGreaterThan(1);
});

test("explain() asks the executor, which knows the kernel from calls of its clients", async () => {
  const seen = await runClient<{ text: string }>(executor, "explained");
  expect(seen).toMatchObject({
    frozen: true,
    host: 17,
    bytesShared: 8e6,
    runs: [undefined, 1],
    wrong: "TypeError",
  });
  expect(seen.text).toContain("8000000 bytes are shared already, 0 would be placed for workers");
});

test("start() and metrics are the executor's", async () => {
  const host = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
  await host.map([1], (x) => x);
  expect(await runClient(host, "asked")).toEqual({ completed: 2, maxWorkers: 2, hasLatency: true });
  await host.shutdown();
});

test("a bridge ignores other messages on its endpoint", async () => {
  expect(await runClient(executor, "beside other messages")).toEqual({ values: [2, 3], echoed: [1, 2] });
});
