/** One kernel in calls of several shapes, and many calls on a pool that is not up: what `auto` makes of what it has learnt. */
import { ParallelExecutor, type ParallelOptions, type TelemetryEvents } from "sharray";
import { afterEach, describe, expect, test } from "vitest";

const executors: ParallelExecutor[] = [];
afterEach(async () => {
  await Promise.all(executors.splice(0).map((executor) => executor.shutdown()));
});

/** Two threads, whatever this machine has, so that plans are the same everywhere. */
function create(options: ParallelOptions = {}) {
  const decisions: TelemetryEvents["parallel_decision"][] = [];
  const executions: TelemetryEvents["parallel_execution"][] = [];
  const executor = new ParallelExecutor({
    maxWorkers: 2,
    hostProfile: { parallelism: 2 },
    telemetry: (...[event, payload]) => {
      if (event === "parallel_decision") decisions.push(payload);
      if (event === "parallel_execution") executions.push(payload);
    },
    ...options,
  });
  executors.push(executor);
  return { executor, decisions, executions };
}

/** Busy for as many milliseconds as its arguments say. */
const busy = (
  array: { readonly length: number },
  { args }: { readonly args: { readonly ms: number } },
): number => {
  const until = performance.now() + args.ms;
  while (performance.now() < until);
  return array.length;
};

const arrays = (count: number, bytes: number): Float64Array[] =>
  Array.from({ length: count }, () => new Float64Array(bytes / 8));

describe("a kernel that was expensive", () => {
  test("is not copied for in calls of other sizes and arguments, whose first tasks show that they are cheap", async () => {
    const { executor, decisions } = create();
    await executor.start();
    const small = executor.share(arrays(8, 4096));
    for (let i = 0; i < 4; i++) await executor.mapShared(small, busy, { args: { ms: 5 } });
    decisions.length = 0;
    const [large, other] = [arrays(16, 2 ** 20), arrays(2, 2 ** 22)];
    for (const list of [large, other]) {
      expect(await executor.mapShared(list, busy, { args: { ms: 0 } })).toEqual(
        list.map(({ length }) => length),
      );
    }
    // What comes first for each call. On a thread that stalls it may move after all.
    const first = new Map(
      decisions.toReversed().map(({ job, decision, basis }) => [job, { decision, basis }]),
    );
    expect([...first.values()]).toEqual([
      { decision: "sequential", basis: "fitted" },
      { decision: "sequential", basis: "fitted" },
    ]);
    expect(executor.explain(large, busy, { args: { ms: 0 } }).basis).toBe("seen");
    expect(executor.explain(large, busy, { args: { ms: 1 } })).toMatchObject({
      basis: "fitted",
      kernel: { within: Infinity },
    });
  });
});

test("a kernel that was cheap moves in a call whose arguments make it expensive", async () => {
  const { executor, decisions } = create();
  await executor.start();
  const shared = executor.share(arrays(8, 4096));
  for (let i = 0; i < 4; i++) await executor.mapShared(shared, busy, { args: { ms: 0 } });
  decisions.length = 0;
  await executor.mapShared(shared, busy, { args: { ms: 10 } });
  expect(decisions.map(({ decision }) => decision)).toEqual(["sequential", "threads"]);
  expect(decisions[1]?.reason).toMatch(/^handed over/);
});

test("`explain` says what it rests on", async () => {
  const { executor } = create();
  const shared = executor.share(new Float64Array(1000));
  const kernel = (part: { readonly length: number }): number => part.length;
  expect(String(executor.explain(shared, kernel))).toContain("; supposed: the kernel was never measured\n");
  for (let i = 0; i < 3; i++) await executor.mapShared(shared, kernel);
  expect(String(executor.explain(shared, kernel))).toMatch(
    /; seen: the kernel was measured in 3 runs, calls like this one among them; good to a factor of \d/,
  );
  expect(String(executor.explain(executor.share(new Float64Array(1e5)), kernel))).toContain(
    "; fitted: the kernel was measured in 3 runs, but none like this one; its tasks may cost anything\n",
  );
});

describe("a pool that is not up", () => {
  // A start that no single call of these would pay for.
  const hostProfile = { parallelism: 2, spawn: 60, spawnPerWorker: 0 };

  test("is started for calls that repeat, once they have lost as much without it", async () => {
    const { executor, decisions } = create({ hostProfile: { ...hostProfile, spawn: 400 } });
    const shared = executor.share(arrays(4, 4096));
    let calls = 0;
    // Each loses some 10 ms of its 20; on a machine that is busy, more.
    while (decisions.at(-1)?.decision !== "threads") {
      await executor.mapShared(shared, busy, { args: { ms: 5 } });
      calls += 1;
      expect(calls).toBeLessThan(200);
    }
    // The first calls don't know yet what they lose; none of them alone was worth a start.
    expect(calls).toBeGreaterThan(3);
  });

  test("is started for calls at once, and those that wait for their turn go there", async () => {
    const { executor, executions } = create({ hostProfile });
    const shared = executor.share(arrays(1, 4096));
    const results = await Promise.all(
      Array.from({ length: 60 }, () => executor.mapShared(shared, busy, { args: { ms: 5 } })),
    );
    expect(results).toEqual(results.map(() => [512]));
    const onThreads = executions.filter(({ strategy }) => strategy === "threads").length;
    expect(onThreads).toBeGreaterThan(0);
  });

  test("is not started for calls that lose nothing", async () => {
    const { executor, decisions } = create({ hostProfile });
    const shared = executor.share(arrays(1, 4096));
    for (let i = 0; i < 40; i++) await executor.mapShared(shared, busy, { args: { ms: 2 } });
    expect(decisions.every(({ decision }) => decision === "sequential")).toBe(true);
  });
});

test("results that cost much are named in the advice of calls that are cut fine", async () => {
  const { executor, executions } = create({ strategy: "sequential" });
  const x = executor.share(new Float64Array(1000));
  const kernel = (part: { readonly length: number }): Map<number, string> =>
    new Map(Array.from({ length: 500 }, (_, i) => [i, `${part.length}`]));
  for (let i = 0; i < 2; i++) await executor.mapShared(x, kernel, { chunkSize: 10 });
  expect(executions.at(-1)?.advice).toContainEqual(
    expect.stringMatching(/^sending 100 results takes \d+ % of the tasks' time: cut fewer chunks/),
  );
  for (let i = 0; i < 2; i++) await executor.mapShared(x, kernel, { chunkSize: 500 });
  expect(executions.at(-1)?.advice.join()).not.toContain("sending");
});
