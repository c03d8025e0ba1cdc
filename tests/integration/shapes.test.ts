/** Shapes of work: every strategy gives what a plain loop gives, bit for bit. The bridge's tests run the same calls. */
import { pathToFileURL } from "node:url";
import { type KernelError, ParallelExecutor, type Telemetry } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { until } from "./bridge.js";
import { program } from "./run.js";

type Shape = readonly [call: (executor: ParallelExecutor) => unknown, expected: () => unknown];

const { SHAPES } = (await import(pathToFileURL(program("shapes.mjs")).href)) as {
  SHAPES: Readonly<Record<string, Shape>>;
};

/** Tasks write anywhere in arrays of the caller's, of which child processes have copies. */
const WRITABLE = ["histogramInWritable", "tilesIntoARaster", "writableInOthers", "writableInASource"];

const executors = {
  sequential: new ParallelExecutor({ strategy: "sequential" }),
  "one thread": new ParallelExecutor({ strategy: "threads", maxWorkers: 1 }),
  "three threads": new ParallelExecutor({ strategy: "threads", maxWorkers: 3 }),
  processes: new ParallelExecutor({ strategy: "processes", maxWorkers: 2 }),
  auto: new ParallelExecutor({ maxWorkers: 2 }),
};
afterAll(() => Promise.all(Object.values(executors).map((each) => each.shutdown())));

describe.each(Object.entries(executors))("%s", (_, executor) => {
  test.each(Object.entries(SHAPES))("%s", async (shape, [call, expected]) => {
    if (executor.config.strategy === "processes" && WRITABLE.includes(shape)) {
      await expect(call(executor)).rejects.toThrow(
        'Cannot run on strategy "processes" as its tasks would each write to a copy of what is in "writable"',
      );
      return;
    }
    if (executor.config.strategy === "processes" && shape.startsWith("iterate")) {
      await expect(call(executor)).rejects.toThrow(
        'Cannot run on strategy "processes" as each pass of its workers reads what others have written in the one before',
      );
      return;
    }
    const result = await call(executor);
    // Arrays on shared memory are told apart from others.
    expect(plain(result)).toStrictEqual(plain(expected()));
  });
});

test("child processes see what another strategy has written to an array that they know", async () => {
  await using executor = new ParallelExecutor({ maxWorkers: 1 });
  const y = executor.share(Float64Array.of(1, 2, 3));
  const sum = () =>
    executor.mapShared([y], (y) => y.reduce((a, b) => a + b, 0), { strategy: "processes" as const });
  expect(await sum()).toEqual([6]);
  await executor.transformShared(y, y, (_y, out) => out.fill(5), { strategy: "threads" });
  expect(await sum()).toEqual([15]);
  await executor.map([0], (i, { y }) => (y[i] = 1), { writable: { y }, strategy: "sequential" });
  expect(await sum()).toEqual([11]);
});

describe("collectShared", () => {
  const x = Float64Array.from({ length: 100 }, (_, i) => i);

  test.each(Object.entries(executors))("fails by a count that is none (%s)", async (_, executor) => {
    const before = executor.memory().bytesInUse;
    const counts = [51, -1, 0.5, undefined, "3"];
    for (const [i, count] of counts.entries()) {
      const call = executor.collectShared(
        x,
        Float64Array,
        ((_x: unknown, _out: unknown, { index, args }: { index: number; args: { count: number } }) =>
          index === 0 ? 5 : args.count) as () => number,
        { chunkSize: 50, args: { count } },
      );
      const error = await call.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      const shown = ["51", "-1", "0.5", "undefined", '"3"'][i];
      expect(error).toMatchObject({
        name: "KernelError",
        index: 1,
        cause: {
          name: "TypeError",
          message:
            "Cannot collect the rows as the kernel must return how many it wrote, an integer from 0 to 50: " +
            `current value is ${shown}; raise "capacity" if there is no room for all`,
        },
        partial: { outputs: undefined, unfinished: [{ index: 1, start: 50, end: 100 }] },
      });
      expect([...((error as KernelError).partial?.values ?? [])]).toEqual([[0, 5]]);
    }
    await until(() => executor.memory().bytesInUse <= before, "The room for rows has returned");
  });

  test("is one call in telemetry, progress and signal; nothing passes through messages, and its room returns", async () => {
    const told: [string, number, number][] = [];
    const telemetry: Telemetry = (event, payload) => {
      if (event === "parallel_execution") told.push([payload.call, payload.job, payload.items]);
    };
    await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, telemetry });
    const large = executor.share(new Float64Array(1_000_000).map((_, i) => i));
    const before = executor.memory().bytesInUse;
    const progress: number[] = [];
    const found = await executor.collectShared(
      large,
      Float64Array,
      (part, out) => {
        let count = 0;
        for (const value of part) if (value % 1000 === 0) out[count++] = value;
        return count;
      },
      { onProgress: ({ completed, total }) => progress.push(completed, total) },
    );
    expect(found).toEqual(Float64Array.from({ length: 1000 }, (_, i) => i * 1000));
    expect(found.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(told).toEqual([["collectShared", expect.any(Number), 256]]);
    expect(progress.slice(-2)).toEqual([256, 256]);
    expect(executor.metrics.snapshot()).toMatchObject({ submitted: 1, completed: 1 });
    await until(() => executor.memory().bytesInUse <= before + 16_384, "The room for rows has returned");
    const reason = new Error("enough");
    const controller = new AbortController();
    const call = executor.collectShared(large, Float64Array, () => 0, { signal: controller.signal });
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
  });
});

/** The same with arrays on memory of their own. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return (value as Float64Array).slice();
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}
