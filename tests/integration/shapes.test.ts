/** Shapes of work: every strategy gives what a plain loop gives, bit for bit. The bridge's tests run the same calls. */
import { pathToFileURL } from "node:url";
import { ParallelExecutor } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { program } from "./run.js";

type Shape = readonly [call: (executor: ParallelExecutor) => unknown, expected: () => unknown];

const { SHAPES } = (await import(pathToFileURL(program("shapes.mjs")).href)) as {
  SHAPES: Readonly<Record<string, Shape>>;
};

const executors = {
  sequential: new ParallelExecutor({ strategy: "sequential" }),
  "one thread": new ParallelExecutor({ strategy: "threads", maxWorkers: 1 }),
  "three threads": new ParallelExecutor({ strategy: "threads", maxWorkers: 3 }),
  auto: new ParallelExecutor({ maxWorkers: 2 }),
};
afterAll(() => Promise.all(Object.values(executors).map((each) => each.shutdown())));

describe.each(Object.entries(executors))("%s", (_, executor) => {
  test.each(Object.entries(SHAPES))("%s", async (_, [call, expected]) => {
    const result = await call(executor);
    // Arrays on shared memory are told apart from others.
    expect(plain(result)).toStrictEqual(plain(expected()));
  });
});

/** The same with arrays on memory of their own. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return (value as Float64Array).slice();
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}
