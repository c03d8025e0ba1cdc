/** Calls give the same answers without any one optimization (src/platform/optimizations.ts). */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type ChannelMessages, ConfigurationError, ParallelExecutor } from "sharray";
import { afterEach, describe, expect, test } from "vitest";

const OPTIMIZATIONS = ["bell", "spin", "look", "grain", "slots", "recycling"];

const opened: ParallelExecutor[] = [];

function executorWithout(name: string): ParallelExecutor {
  process.env["SHARRAY_WITHOUT"] = name;
  try {
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
    opened.push(executor);
    return executor;
  } finally {
    delete process.env["SHARRAY_WITHOUT"];
  }
}

afterEach(() => Promise.all(opened.splice(0).map((executor) => executor.shutdown())));

describe.each(OPTIMIZATIONS)("without %s", (name) => {
  test("calls give the same results", async () => {
    const executor = executorWithout(name);
    const x = Float64Array.from({ length: 10_000 }, (_, i) => i / 3);
    for (let i = 0; i < 50; i++) {
      expect(await executor.map([3, 1, 2], (item, _, { args }) => item + args, { args: i })).toEqual([
        3 + i,
        1 + i,
        2 + i,
      ]);
    }
    expect(await executor.mapShared(x, (part) => `${part.length}`, { chunkSize: 4000 })).toEqual([
      "4000",
      "4000",
      "2000",
    ]);
    const values = await executor.mapShared(x, (part) => part[0] as number, { chunkSize: 1 });
    expect(Float64Array.from(values)).toEqual(x);
    const twice = await executor.transformShared(x, Float64Array, (part, out) => {
      for (let i = 0; i < out.length; i++) out[i] = 2 * (part[i] as number);
    });
    expect(twice).toEqual(x.map((value) => 2 * value));
  });
});

test("an executor without recycling keeps no region", async () => {
  const executor = executorWithout("recycling");
  await executor.mapShared(new Float64Array(1000), (part) => part.length);
  await expect.poll(() => executor.memory()).toMatchObject({ regions: 0, bytesInUse: 0, bytesIdle: 0 });
});

test("every claim without grain is of one task", async () => {
  const traces: ChannelMessages["call_trace"][] = [];
  const listener = (message: unknown): void => {
    traces.push(message as ChannelMessages["call_trace"]);
  };
  subscribe("sharray:call_trace", listener);
  const items = Array.from({ length: 500 }, (_, i) => i);
  try {
    await executorWithout("").map(items, (item) => item);
    await executorWithout("grain").map(items, (item) => item);
  } finally {
    unsubscribe("sharray:call_trace", listener);
  }
  const [withAll, without] = traces;
  expect(withAll?.claims.length).toBeLessThan(500);
  expect(without?.claims.map(({ tasks }) => tasks)).toEqual(items.map(() => 1));
});

test("the name of an optimization that does not exist is refused", () => {
  expect(() => executorWithout("magic")).toThrow(ConfigurationError);
});
