/** Calls that `auto` starts on the caller's thread and moves to the workers: nothing is lost, nothing counts twice. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type CallTrace, KernelError, ParallelExecutor, type Telemetry, type TelemetryEvents } from "sharray";
import { afterEach, describe, expect, test } from "vitest";
import { installed } from "./installed.js";

// Two threads and a pool that is cheap to start, whatever this machine has: then moving pays early in a call. A start
// of more than a millisecond keeps `auto` from asking the workers in the first place.
const hostProfile = { parallelism: 2, spawn: 5, spawnPerWorker: 0 };

// No worker starts with that.
const tooSmall = { maxOldGenerationSizeMb: 3, maxYoungGenerationSizeMb: 1 };

const executors: ParallelExecutor[] = [];
afterEach(async () => {
  await Promise.all(executors.splice(0).map((executor) => executor.shutdown()));
});

/** `hurry` of the calls of an executor, in the order in which they are made. */
const hurries = new WeakMap<ParallelExecutor, Int32Array[]>();

/** An executor whose calls stop being busy once they have moved. */
function create(options: ConstructorParameters<typeof ParallelExecutor>[0] = {}, listen?: Telemetry) {
  const told: { readonly event: string; readonly payload: unknown }[] = [];
  const jobs: number[] = [];
  const executor = new ParallelExecutor({
    maxWorkers: 2,
    hostProfile,
    ...options,
    telemetry: (...all) => {
      const [event, payload] = all;
      told.push({ event, payload });
      if (event === "parallel_decision") {
        if (!jobs.includes(payload.job)) jobs.push(payload.job);
        const hurry = hurries.get(executor)?.[jobs.indexOf(payload.job)];
        if (payload.decision === "threads" && hurry !== undefined) hurry[0] = 1;
      }
      listen?.(...all);
    },
  });
  hurries.set(executor, []);
  executors.push(executor);
  const of = <E extends keyof TelemetryEvents>(event: E): TelemetryEvents[E][] =>
    told.filter((each) => each.event === event).map(({ payload }) => payload as TelemetryEvents[E]);
  const decisions = () => of("parallel_decision").map(({ decision }) => decision);
  return { executor, of, decisions };
}

/** Kernels are sent as text, so their types say no more than the calls need. */
interface Context {
  readonly index: number;
}

type Numbers = { readonly [i: number]: number };

// Each kernel has the work in itself. Its first task is busy for `first` milliseconds, each other one for `rest`, and none
// any more once `hurry` is set. `began` and `ended` count how often each task did, in a way that the text does not show: a
// task that visibly writes to what it was given is not given up.
const WORK = `
  const { add } = Atomics;
  const { first, rest, failing, began, ended, hurry } = context.args;
  add(began, context.index, 1);
  const until = Date.now() + (context.index === 0 ? first : rest);
  while (Atomics.load(hurry, 0) === 0 && Date.now() < until);
  let s = context.index + 1;
  for (let k = 0; k < 1000; k++) s = (Math.imul(s, 1103515245) + 12345) | 0;
  if (failing.includes(context.index)) throw Object.assign(new RangeError("task " + context.index), { s });
  add(ended, context.index, 1);`;

type OnItem<R> = (item: number, shared: object, context: Context) => R;
type OnPart<R> = (part: Numbers, context: Context) => R;
type IntoPart = (part: Numbers, outputs: object, context: Context) => void;

/** @param before code before the work */
function kernels(before: string) {
  const make = <F>(head: string, returns: string, writes = ""): F =>
    new Function(`return ${head} => {${before} ${writes} ${WORK} ${returns} }`)() as F;
  return {
    onItem: make<OnItem<number>>("(item, shared, context)", "return s + item;"),
    onItemLater: make<OnItem<Promise<number>>>("async (item, shared, context)", "return s + item;"),
    onPart: make<OnPart<number>>("(part, context)", "return s / part[0];"),
    // Objects go another way than numbers, and are not written to the result table.
    toObject: make<OnPart<object>>("(part, context)", "return { s, of: Float64Array.of(part[0], s) };"),
    // Adds to what it finds, also before it is given up: a task that runs again must find zeros again.
    intoPart: make<IntoPart>(
      "(part, { sum, n }, context)",
      "n[0] += 1; sum[0] += s;",
      "n[0] += 1; sum[0] += part[0];",
    ),
  };
}

type Kernels = ReturnType<typeof kernels>;

const plain = kernels("");
// A kernel that reaches state outside itself is not given up half way, so its call can move in the middle only.
const stateful = kernels("globalThis.nothing;");

const TASKS = 24;

/** How a call comes to move: its tasks' milliseconds, and its kernels. */
interface Way {
  readonly first: number;
  readonly rest: number;
  readonly kernels: Kernels;
}
const givenUp: Way = { first: Infinity, rest: 0, kernels: plain };
// Twice what makes a task long, and more.
const middle: Way = { first: 0, rest: 20, kernels: stateful };
const ways = { "after its first task was given up": givenUp, "in the middle": middle };

function prepare(
  executor: ParallelExecutor,
  { first, rest, kernels }: Way,
  failing: number[] = [],
  tasks = TASKS,
) {
  const began = executor.allocate(Int32Array, tasks);
  const ended = executor.allocate(Int32Array, tasks);
  const hurry = executor.allocate(Int32Array, 1);
  hurries.get(executor)?.push(hurry);
  const items = Array.from({ length: tasks }, (_, i) => i);
  const x = Float64Array.from(items, (i) => i + 0.1);
  return { began, ended, hurry, items, x, kernels, args: { first, rest, failing, began, ended, hurry } };
}

/** The same, not to be waited for. */
function prepareAtOnce(...parameters: Parameters<typeof prepare>) {
  const given = prepare(...parameters);
  given.hurry[0] = 1;
  return given;
}

type Prepared = ReturnType<typeof prepare>;
type On = { readonly strategy: "auto" | "sequential" };

const calls: Record<string, (executor: ParallelExecutor, given: Prepared, on: On) => Promise<unknown>> = {
  map: (executor, { items, args, kernels }, on) => executor.map(items, kernels.onItem, { args, ...on }),
  mapShared: (executor, { x, args, kernels }, on) =>
    executor.mapShared(x, kernels.onPart, { args, chunkSize: 1, ...on }),
  "mapShared to objects": (executor, { x, args, kernels }, on) =>
    executor.mapShared(x, kernels.toObject, { args, chunkSize: 1, ...on }),
  "mapShared over a list": (executor, { x, args, kernels }, on) =>
    executor.mapShared(
      Array.from(x, (_, i) => x.subarray(i, i + 1)),
      kernels.onPart,
      { args, ...on },
    ),
  transformShared: (executor, { x, args, kernels }, on) =>
    executor.transformShared(x, { sum: Float64Array, n: Uint8Array }, kernels.intoPart, {
      args,
      chunkSize: 1,
      ...on,
    }),
  reduceShared: (executor, { x, args, kernels }, on) =>
    executor.reduceShared(x, kernels.onPart, (a, b) => a / 3 + b, { args, chunkSize: 1, ...on }),
  streamShared: async (executor, { x, args, kernels }, on) => {
    const seen: [number, number][] = [];
    const stream = executor.streamShared(x, kernels.onPart, { args, chunkSize: 1, ...on });
    for await (const { index, value } of stream) seen.push([index, value]);
    return seen.sort(([a], [b]) => a - b);
  },
};

const table = Object.entries(ways).flatMap(([how, way]) =>
  Object.entries(calls).map(([name, call]) => ({ how, way, name, call })),
);

describe("a call that moves", () => {
  test.each(table)("$how: $name gives what sequential gives", async ({ way, call }) => {
    const { executor, of, decisions } = create();
    const given = prepare(executor, way);
    const result = await call(executor, given, { strategy: "auto" });

    expect(decisions()).toEqual(["sequential", "threads"]);
    const [first, second] = of("parallel_decision");
    expect(second?.job).toBe(first?.job);
    expect(second?.reason).toMatch(/^handed over/);
    expect(of("parallel_execution")).toMatchObject([
      { job: first?.job, strategy: "threads", items: TASKS, workers: 2 },
    ]);
    // Every task came to its end once. The one that was given up began before, or was about to.
    expect([...given.ended]).toEqual(new Array(TASKS).fill(1));
    expect([...given.began].slice(1)).toEqual(new Array(TASKS - 1).fill(1));
    const isGivenUp = second?.reason === "handed over: the first task takes too long for this thread";
    expect(isGivenUp).toBe(way === givenUp);
    expect(isGivenUp ? [1, 2] : [1]).toContain(given.began[0]);

    const alone = prepareAtOnce(executor, way);
    expect(result).toEqual(await call(executor, alone, { strategy: "sequential" }));
    expect([...alone.ended]).toEqual([...given.ended]);
  });

  // Its tasks are too short to move at once: it goes on here until the workers are up.
  test("little by little has every task run once", async () => {
    const tasks = 20_000;
    const { executor, of } = create();
    const given = prepare(executor, { first: 1, rest: 1, kernels: stateful }, [], tasks);
    await executor.map(given.items, stateful.onItem, { args: given.args });
    const [, second, ...more] = of("parallel_decision");
    expect(more).toEqual([]);
    expect(second?.reason).toMatch(/^handed over after/);
    expect(of("parallel_execution")).toMatchObject([{ strategy: "threads", items: tasks }]);
    expect(given.ended.every((times) => times === 1)).toBe(true);
  });

  test("stays, once it has learnt that no worker can be started", async () => {
    const { executor, of, decisions } = create({ resourceLimits: tooSmall }, (...[event]) => {
      if (event === "parallel_fallback") given.hurry[0] = 1;
    });
    const given = prepare(executor, { first: 1, rest: 1, kernels: stateful }, [], 20_000);
    await executor.map(given.items, stateful.onItem, { args: given.args });
    const fallback = { from: "threads", to: "sequential", call: "map" };
    expect(of("parallel_fallback")[0]).toMatchObject(fallback);
    expect(of("parallel_execution")).toMatchObject([{ strategy: "sequential", workers: 1 }]);
    expect(decisions()[0]).toBe("sequential");
    expect(given.ended.every((times) => times === 1)).toBe(true);
  });

  test("is recorded whole: the claims of both runs together are all tasks", async () => {
    const traces: CallTrace[] = [];
    const listen = (message: unknown): void => {
      traces.push(message as CallTrace);
    };
    subscribe("sharray:call_trace", listen);
    try {
      const { executor } = create();
      await calls["map"]?.(executor, prepare(executor, middle), { strategy: "auto" });
    } finally {
      unsubscribe("sharray:call_trace", listen);
    }
    const [trace] = traces as [CallTrace];
    const spans = trace.spans.map(({ name }) => name);
    expect(spans.filter((name) => name === "compute")).toHaveLength(2);
    expect(spans.at(0)).toBe("plan");
    expect(spans.at(-1)).toBe("results");
    const [here, there] = [true, false].map((isHere) =>
      trace.claims.filter(({ worker }) => (worker === 0) === isHere),
    );
    const positions = (claims: CallTrace["claims"] = []): number[] =>
      claims
        .flatMap(({ firstTask, tasks }) => Array.from({ length: tasks }, (_, i) => firstTask + i))
        .sort((a, b) => a - b);
    // Positions count within a run.
    const [before, after] = [positions(here), positions(there)];
    expect(before).toEqual(before.map((_, i) => i));
    expect(after).toEqual(after.map((_, i) => i));
    expect(Math.min(before.length, after.length)).toBeGreaterThan(0);
    expect(before.length + after.length).toBe(TASKS);
  });

  // Moving saves no time, and yet nobody's thread should be blocked for ever.
  test.each([1, 2])(
    "leaves the caller's thread free, with %d endless task(s) on a cold pool",
    async (tasks) => {
      const { executor, of, decisions } = create({ hostProfile: { ...hostProfile, spawn: 40 } });
      const given = prepare(executor, givenUp, [], tasks);
      expect(
        executor.explain(given.x, plain.onPart, { args: given.args, chunkSize: 1 }).handOver,
      ).toMatchObject({
        workers: tasks,
        firstTaskLimit: expect.closeTo(40, -1),
      });
      const values = await executor.map(given.items, plain.onItem, { args: given.args });
      expect(decisions()).toEqual(["sequential", "threads"]);
      expect(of("parallel_execution")).toMatchObject([{ strategy: "threads", items: tasks, workers: tasks }]);
      expect([...given.ended]).toEqual(new Array(tasks).fill(1));
      const alone = prepareAtOnce(executor, givenUp, [], tasks);
      const on = { args: alone.args, strategy: "sequential" } as const;
      expect(values).toEqual(await executor.map(alone.items, plain.onItem, on));
    },
  );

  test("goes on where it is if the workers cannot be started", async () => {
    const { executor, of, decisions } = create({ resourceLimits: tooSmall });
    const given = prepare(executor, givenUp);
    const values = await executor.map(given.items, plain.onItem, { args: given.args });
    expect(decisions()).toEqual(["sequential", "threads"]);
    expect(of("parallel_fallback")).toMatchObject([{ from: "threads", to: "sequential", call: "map" }]);
    expect(of("parallel_execution")).toMatchObject([{ strategy: "sequential", items: TASKS }]);
    expect([...given.ended]).toEqual(new Array(TASKS).fill(1));
    const alone = prepareAtOnce(executor, givenUp);
    const on = { args: alone.args, strategy: "sequential" } as const;
    expect(values).toEqual(await executor.map(alone.items, plain.onItem, on));
  });
});

describe("a kernel that throws", () => {
  test.each([
    { where: "in the first task", way: middle, failing: [0], index: 0 },
    { where: "in the first task, which is given up", way: givenUp, failing: [0], index: 0 },
    { where: "early", way: middle, failing: [2, TASKS - 2], index: 2 },
    { where: "late", way: middle, failing: [TASKS - 2], index: TASKS - 2 },
    { where: "in two tasks after the move", way: givenUp, failing: [TASKS - 1, 7], index: 7 },
  ])("$where fails the call as it does sequentially", async ({ way, failing, index }) => {
    const { executor, of } = create();
    const outcome = async (strategy: "auto" | "sequential") => {
      const { items, args } = (strategy === "auto" ? prepare : prepareAtOnce)(executor, way, failing);
      const error = await executor
        .map(items, way.kernels.onItem, { args, strategy })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(KernelError);
      const { message, index, start, end, cause } = error as KernelError;
      const { name, s } = cause as RangeError & { s: number };
      return { message, index, start, end, name, s };
    };
    const auto = await outcome("auto");
    const [first, second] = of("parallel_decision");
    if (index > 2 || way === givenUp) expect(second?.reason).toMatch(/^handed over/);
    expect(first?.decision).toBe("sequential");
    expect(auto).toMatchObject({ index, name: "RangeError" });
    expect(auto).toEqual(await outcome("sequential"));
    expect(of("parallel_execution")).toEqual([]);
    expect(executor.metrics.snapshot()).toMatchObject({ failures: 2, completed: 0 });
  });
});

describe("an asynchronous kernel", () => {
  test("whose first task computes for long is given up, too", async () => {
    const { executor, decisions } = create();
    const given = prepare(executor, givenUp);
    const values = await executor.map(given.items, plain.onItemLater, { args: given.args });
    expect(decisions()).toEqual(["sequential", "threads"]);
    expect([...given.ended]).toEqual(new Array(TASKS).fill(1));
    const alone = prepareAtOnce(executor, givenUp);
    const on = { args: alone.args, strategy: "sequential" } as const;
    expect(values).toEqual(await executor.map(alone.items, plain.onItem, on));
  });

  test("moves in the middle", async () => {
    const { executor, decisions } = create();
    const given = prepare(executor, middle);
    await executor.map(given.items, stateful.onItemLater, { args: given.args });
    expect(decisions()).toEqual(["sequential", "threads"]);
    expect([...given.ended]).toEqual(new Array(TASKS).fill(1));
  });

  test.each(["auto", "sequential"] as const)("leaves the event loop its turns, on %s", async (strategy) => {
    const { executor } = create();
    const { items, args } = prepare(executor, middle);
    const controller = new AbortController();
    // A timer that is due at once: it fires unless the call keeps the event loop to its very end.
    setTimeout(() => controller.abort("a timer fired"), 0);
    const call = executor.map(items, stateful.onItemLater, { args, strategy, signal: controller.signal });
    await expect(call).rejects.toBe("a timer fired");
  });
});

describe("a call that is stopped before it moves", () => {
  // It never moves: starting workers is said to take for ever.
  const stays = { hostProfile: { ...hostProfile, spawn: 1e9 } };

  test("by its signal", async () => {
    const { executor, of, decisions } = create(stays);
    const { items, args, ended } = prepare(executor, middle);
    const before = executor.memory().bytesInUse;
    const controller = new AbortController();
    // It fires in one of the turns that the call leaves to the event loop.
    const timer = setInterval(() => {
      if (Math.max(...ended) > 0) controller.abort("enough");
    }, 0);
    await expect(executor.map(items, stateful.onItem, { args, signal: controller.signal })).rejects.toBe(
      "enough",
    );
    clearInterval(timer);
    expect(decisions()).toEqual(["sequential"]);
    expect(of("parallel_execution")).toEqual([]);
    await expect.poll(() => executor.memory().bytesInUse).toBe(before);
    expect(Math.max(...ended)).toBe(1);
    expect(await executor.map([1, 2], (item) => item + 1)).toEqual([2, 3]);
    expect(executor.metrics.snapshot()).toMatchObject({ submitted: 2, failures: 1, completed: 1 });
  });

  test("by cancel(), beside another one", async () => {
    const { executor } = create(stays);
    const given = prepare(executor, middle);
    const other = prepare(executor, middle);
    setTimeout(() => executor.cancel("all of them"), 0);
    const both = await Promise.allSettled([
      executor.map(given.items, stateful.onItem, { args: given.args }),
      executor.map(other.items, stateful.onItem, { args: other.args }),
    ]);
    expect(both).toMatchObject([{ reason: "all of them" }, { reason: "all of them" }]);
    expect(await executor.map([1, 2], (item) => item + 1)).toEqual([2, 3]);
  });
});

test("two calls of one unknown kernel at once move independently", async () => {
  const { executor, of } = create();
  const both = [1, 2].map(() => prepare(executor, middle));
  const values = await Promise.all(
    both.map(({ items, args }) => executor.map(items, stateful.onItem, { args })),
  );
  expect(values[0]).toEqual(values[1]);
  for (const { ended } of both) expect([...ended]).toEqual(new Array(TASKS).fill(1));
  const jobs = of("parallel_execution").map(({ job }) => job);
  expect(new Set(jobs).size).toBe(2);
  for (const job of jobs) {
    const own = of("parallel_decision").filter((event) => event.job === job);
    expect(own.map(({ decision }) => decision)).toEqual(["sequential", "threads"]);
  }
});

test("a kernel of a module is never given up half way", async () => {
  const url = pathToFileURL(join(installed.project, "programs/planner-kernels.js")).href;
  const { onItem } = (await import(/* @vite-ignore */ url)) as { onItem: OnItem<number> };
  const { executor, decisions, of } = create();
  const given = prepare(executor, { ...givenUp, first: 50 });
  const values = await executor.map(given.items, onItem, { args: given.args });
  expect([...given.began]).toEqual(new Array(TASKS).fill(1));
  expect([...given.ended]).toEqual(new Array(TASKS).fill(1));
  expect(decisions()[0]).toBe("sequential");
  for (const { reason } of of("parallel_decision")) expect(reason).not.toMatch(/first task takes too long/);
  const alone = prepareAtOnce(executor, givenUp);
  const on = { args: alone.args, strategy: "sequential" } as const;
  expect(values).toEqual(await executor.map(alone.items, plain.onItem, on));
});

test("explain() starts no workers and takes no memory", () => {
  const { executor } = create();
  const x = new Float64Array(1_000_000);
  const before = [executor.memory(), executor.metrics.snapshot()];
  const plan = executor.explain(x, (part) => part[0], { taskSizeHintBytes: 1e9 });
  expect(plan.strategy).toBe("threads");
  expect(plan.predicted.threads.spawn).toBe(hostProfile.spawn);
  expect([executor.memory(), executor.metrics.snapshot()]).toEqual(before);
  expect(String(executor.explain(x, (part) => part[0], { taskSizeHintBytes: 1e9 }))).toBe(String(plan));
});

test("an unknown kernel that nothing could stop here goes to the workers at once if the pool is up", async () => {
  const { executor, of } = create();
  await executor.start();
  const given = prepare(executor, { ...givenUp, kernels: stateful });
  await executor.map(given.items, stateful.onItem, { args: given.args });
  expect(of("parallel_decision")).toMatchObject([
    {
      decision: "threads",
      reason: expect.stringMatching(/^the kernel was never measured: the workers find out/),
    },
  ]);
  expect([...given.began]).toEqual(new Array(TASKS).fill(1));
});

test.each([
  {
    options: { minInstancesForParallel: 25 },
    reason: "24 instances are fewer than minInstancesForParallel (25)",
  },
  { options: { minBatchSize: 25 }, reason: "24 tasks are fewer than minBatchSize (25)" },
  { options: { strategy: "sequential" as const }, reason: 'strategy "sequential" was asked for' },
])("a call that is kept here never moves: $reason", async ({ options, reason }) => {
  const { executor, of } = create(options);
  const given = prepare(executor, middle);
  expect(
    executor.explain(given.x, stateful.onPart, { args: given.args, chunkSize: 1 }).handOver,
  ).toBeUndefined();
  await executor.mapShared(given.x, stateful.onPart, { args: given.args, chunkSize: 1 });
  expect(of("parallel_decision")).toMatchObject([{ decision: "sequential", reason }]);
  expect(of("parallel_execution")).toMatchObject([{ strategy: "sequential", workers: 1 }]);
});

test("a hint that is too small is named, one that is right is not", async () => {
  const { executor, of } = create({ strategy: "sequential" });
  const x = new Float64Array(TASKS * 100);
  const given = prepare(executor, middle);
  const options = { args: given.args, chunkSize: 100 };
  await executor.mapShared(x, stateful.onPart, { ...options, taskSizeHintBytes: 1 });
  // 800 bytes are what each task has.
  await executor.mapShared(x, stateful.toObject, { ...options, taskSizeHintBytes: 800 });
  const [small, right] = of("parallel_execution");
  expect(small?.taskSizeHintBytes).toBe(1);
  expect(small?.advice).toEqual([
    expect.stringMatching(/^taskSizeHintBytes \(1\) is too small: .* 800 bytes/),
  ]);
  expect(right?.advice).toEqual([]);
});

describe("a kernel whose text shows that it writes to what it was given", () => {
  const ITEMS = Array.from({ length: 64 }, (_, i) => i);

  test.each<[string, (i: number, shared: { x: ArrayLike<number> }) => void]>([
    [
      "an element",
      (i, { x }) => {
        (x as Int32Array)[i] = (x[i] as number) + 1;
        const until = Date.now() + (i === 0 ? 200 : 0);
        while (Date.now() < until);
      },
    ],
    [
      "through a view",
      (i, shared) => {
        const one = (shared.x as Int32Array).subarray(i, i + 1);
        one.set([(one[0] as number) + 1]);
        const until = Date.now() + (i === 0 ? 200 : 0);
        while (Date.now() < until);
      },
    ],
    [
      "by atomics",
      (i, { x }) => {
        Atomics.add(x as Int32Array, i, 1);
        const until = Date.now() + (i === 0 ? 200 : 0);
        while (Date.now() < until);
      },
    ],
  ])("%s: its first task is not given up half-way", async (_, kernel) => {
    const { executor } = create();
    const x = executor.allocate(Int32Array, ITEMS.length);
    await executor.map(ITEMS, kernel, { shared: { x } });
    expect([...x]).toEqual(ITEMS.map(() => 1));
  });
});
