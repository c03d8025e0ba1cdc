/** What the process that uses the package, and its worker threads, live through: plain Node programs of their own. */
import { writeFileSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { installed } from "./installed.js";
import { facts, program, runNode } from "./run.js";

const range = (length: number, factor: number): number[] => Array.from({ length }, (_, i) => i * factor);

describe("a program ends by itself", () => {
  // Idle workers would go on for 24 days: only an unreferenced worker lets these programs end in time.
  test.each([
    ["unused", 0, 0],
    ["forgotten", 2, 2],
    ["not awaited", 2, 2],
    ["forgotten after many calls", 2, 2],
    ["warmed up", 2, 2],
    ["warming up", 2, 2],
    ["failed", 2, 2],
    ["stream left", 2, 2],
    ["two executors", 4, 4],
    ["shut down", 2, 0],
    ["disposed", 2, 0],
  ])("whose executor was %s", async (way, started, alive) => {
    expect(await facts("ends.mjs", [way], { timeout: 30_000 })).toEqual({ code: 0, started, alive });
  });

  test("whose call was cancelled while its kernel did not yield", async () => {
    const seen = await facts("ends.mjs", ["cancelled in an endless kernel"], { timeout: 15_000 });
    expect(seen).toMatchObject({ code: 0, started: 1 });
  });
});

describe("a program is not ended early by a top-level await", () => {
  // Node ends with code 13 when nothing is left that could settle the promise.
  test.each([
    "first call",
    "call on a pool that was idle",
    "async kernels",
    "sequential call",
    "sequential async kernels",
    "stream",
    "start",
    "shutdown",
    "placed arrays",
  ])("of a %s", async (what) => {
    expect(await facts("top-level-await.mjs", [what])).toEqual([1, 2, 3]);
  });
});

describe("listeners and signals", () => {
  interface Look {
    readonly counts: Readonly<Record<string, number>>;
    readonly names: readonly string[];
    readonly started: number;
  }
  interface Seen {
    readonly before: Look;
    readonly imported: Look;
    readonly beforeThreads: Look;
    readonly afterCalls: Look;
    readonly afterShutdown: Look;
    readonly own: number;
    readonly duringAdded: number;
    readonly ownLeft: number;
  }

  test("importing adds no listener and starts no worker; calls leave the listeners as they were", async () => {
    const seen = await facts<Seen>("listeners.mjs");
    expect(seen.before.counts).toMatchObject({
      SIGINT: 0,
      SIGTERM: 0,
      uncaughtException: 0,
      unhandledRejection: 0,
    });
    expect(seen.imported).toEqual(seen.before);
    // Sharing, planning and a sequential call need no thread either.
    expect(seen.beforeThreads).toEqual(seen.before);
    expect(seen.afterCalls).toEqual({ ...seen.before, started: 2 });
    expect(seen.afterShutdown).toEqual(seen.afterCalls);
  });

  test("listeners that the program adds before and during the import of threads.js stay", async () => {
    const seen = await facts<Seen>("listeners.mjs");
    expect(seen.duringAdded).toBeGreaterThan(0);
    expect(seen.ownLeft).toBe(seen.own);
  });

  test("listeners of a program that uses threads.js itself stay", async () => {
    const code = `
      import "threads";
      const count = () => [process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")];
      const before = count();
      const { ParallelExecutor } = await import("sharray");
      await new ParallelExecutor({ strategy: "threads" }).map([1, 2], (x) => x);
      console.log(JSON.stringify([before, count()]));`;
    const { stdout } = await runNode(["--input-type=module", "-e", code]);
    expect(JSON.parse(stdout)).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s ends a program in the middle of a job as usual",
    async (signal) => {
      const ended = await runNode([program("busy.mjs")], {
        onOutput: (stdout, child) => {
          if (stdout.includes("running")) child.kill(signal);
        },
      });
      expect(ended).toMatchObject({ code: null, signal, stdout: "running\n", stderr: "" });
    },
  );
});

describe("rejections", () => {
  test.each(["threads", "sequential"])(
    "of a call that nobody awaits are not swallowed (%s)",
    async (strategy) => {
      const { code, stderr } = await runNode([program("unawaited.mjs"), strategy]);
      expect(code).toBe(1);
      expect(stderr).toContain("KernelError: Task 0 (elements 0 to 1) failed: RangeError: nobody looks");
    },
  );

  test("of a call that the end of its block has cut off are not swallowed either", async () => {
    const text = `import { ParallelExecutor } from "sharray";
      const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
      executor.map([1], () => new Promise(() => {}));
      await executor[Symbol.asyncDispose]();
      console.log("goes on");`;
    const { code, stdout, stderr } = await runNode(["--input-type=module", "-e", text]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("[AbortError]: The call was still running at the end of its executor's block");
  });

  test("that the program handles leave no others behind", async () => {
    // `facts` fails on anything on standard error, and Node ends a program with an unhandled rejection.
    expect(await facts("late.mjs")).toEqual([
      "RangeError",
      "TypeError",
      "AbortError",
      "WorkerLostError",
      "KernelError",
      "TypeError",
      "KernelCaptureError",
      "ExecutorClosedError",
    ]);
  });
});

describe("a lost worker", () => {
  interface Lost {
    readonly error: unknown;
    readonly after: number[];
    readonly again: string;
    readonly both: string;
    readonly inTheEnd: number[];
    readonly metrics: Readonly<Record<string, number>>;
    readonly alive: number;
    readonly memory: { readonly bytesInUse: number; readonly bytesIdle: number };
  }

  test.each([
    ["exits", 7, undefined],
    ["throws in a timer", 1, { name: "RangeError", message: "in a timer" }],
    ["rejects unseen", 1, { name: "RangeError", message: "unseen" }],
    ["exhausts its heap", 1, { code: "ERR_WORKER_OUT_OF_MEMORY" }],
  ])("whose kernel %s fails its call only", async (way, exitCode, cause) => {
    const seen = await facts<Lost>("lost.mjs", [way], { timeout: 20_000 });
    expect(seen.error).toMatchObject({
      name: "WorkerLostError",
      code: "SHARRAY_WORKER_LOST",
      exitCode,
      ...(cause === undefined ? {} : { cause }),
    });
    expect(seen.after).toEqual(range(100, 2));
    expect([seen.again, seen.both]).toEqual(["WorkerLostError", "WorkerLostError"]);
    expect(seen.inTheEnd).toEqual(range(100, 3));
    expect(seen.metrics).toMatchObject({ submitted: 5, completed: 2, failures: 3, retries: 0, fallbacks: 0 });
    expect(seen.alive).toBe(0);
    expect(seen.memory).toMatchObject({ bytesInUse: 0, bytesIdle: 0 });
  });

  interface Once {
    readonly values: unknown;
    readonly runs: number[];
    readonly after: number[];
    readonly events: readonly Readonly<Record<string, unknown>>[];
    readonly metrics: Readonly<Record<string, number>>;
  }

  test("costs its unfinished tasks only: they run again", async () => {
    const { values, runs, after, events, metrics } = await facts<Once>("lost.mjs", ["once", "number"]);
    expect(values).toEqual(range(100, 2));
    // Numbers are in the shared result table the moment they are computed, so no task runs twice.
    expect(runs).toEqual(new Array(100).fill(1));
    expect(after).toEqual(range(100, 3));
    expect(metrics).toMatchObject({ submitted: 2, completed: 2, failures: 0, retries: 1, fallbacks: 0 });
    expect(events.map(({ event }) => event)).not.toContain("parallel_fallback");
    expect(events[1]).toMatchObject({ event: "parallel_execution", strategy: "threads", items: 100 });
  });

  test("costs the results that it had not sent: they come once each", async () => {
    const { values, runs, metrics } = await facts<Once>("lost.mjs", ["once", "object"]);
    expect(values).toEqual(range(100, 2).map((twice) => ({ twice })));
    for (const count of runs) expect([1, 2]).toContain(count);
    expect(runs[40]).toBe(1);
    expect(metrics).toMatchObject({ completed: 2, failures: 0, retries: 1 });
  });

  test("gives each result of a stream once", async () => {
    const { seen, retries } = await facts<{ seen: unknown; retries: number }>("lost.mjs", ["stream"]);
    expect(seen).toEqual(range(100, 2).map((value, index) => [index, value]));
    expect(retries).toBe(1);
  });

  test("leaves nothing in outputs that are written again", async () => {
    expect(await facts("lost.mjs", ["outputs"])).toEqual({ right: true, retries: 1 });
  });

  test("loses nothing if the shared memory is used up", async () => {
    expect(await facts("lost.mjs", ["without memory"])).toEqual({
      isFull: true,
      kept: true,
      values: range(100, 2),
    });
  });

  test("between two calls is replaced, unnoticed", async () => {
    expect(await facts("lost.mjs", ["idle"], { timeout: 20_000 })).toEqual({
      after: range(100, 2),
      started: 2,
      failures: 0,
    });
  });

  test("affects no other call", async () => {
    const { error, values } = await facts<{ error: unknown; values: unknown }>("lost.mjs", ["bystander"]);
    expect(error).toMatchObject({ name: "WorkerLostError", exitCode: 7 });
    expect(values).toEqual(["unharmed"]);
  });

  test("fails the call when no retries are left", async () => {
    const { values, after, metrics } = await facts<Once>("lost.mjs", ["once, no retries", "number"]);
    expect(values).toMatchObject({ name: "WorkerLostError", exitCode: 7 });
    expect(after).toEqual(range(100, 3));
    expect(metrics).toMatchObject({ completed: 1, failures: 1, retries: 0 });
  });

  test.each(["number", "object"])(
    "with forceSerialOnFailure has its tasks run here (%s results)",
    async (value) => {
      const { values, runs, after, events, metrics } = await facts<Once>("lost.mjs", ["once, serial", value]);
      expect(values).toEqual(range(100, 2).map((twice) => (value === "number" ? twice : { twice })));
      if (value === "number") expect(runs).toEqual(new Array(100).fill(1));
      expect(after).toEqual(range(100, 3));
      expect(metrics).toMatchObject({ completed: 2, failures: 0, fallbacks: 1 });
      expect(events.map(({ event }) => event)).toEqual([
        "parallel_decision",
        "parallel_fallback",
        "parallel_execution",
        "parallel_decision",
        "parallel_execution",
      ]);
      expect(events[1]).toMatchObject({
        call: "map",
        error: "WorkerLostError",
        from: "threads",
        to: "sequential",
      });
      expect(events[2]).toMatchObject({ strategy: "sequential", items: 100 });
    },
  );
});

describe("a pool that cannot start", () => {
  interface Seen {
    readonly values: unknown;
    readonly started: unknown;
    readonly events: readonly Readonly<Record<string, unknown>>[];
    readonly alive: number;
    readonly memory: unknown;
  }
  const run = (reason: string, settings: object): Promise<Seen> =>
    facts<Seen>("cannot-start.mjs", [reason, JSON.stringify(settings)], { timeout: 20_000 });
  const fallback = { event: "parallel_fallback", from: "threads", to: "sequential" };
  const nothingLeft = { alive: 0, memory: { bytesInUse: 0, bytesIdle: 0 } };

  test("because heap is missing is replaced by the sequential strategy if that is automatic", async () => {
    const seen = await run("heap limit", { strategy: "auto" });
    expect(seen.events[0]).toMatchObject({ decision: "threads" });
    expect(seen.values).toEqual([2, 4, 6]);
    expect(seen.events[1]).toMatchObject({ ...fallback, error: { name: "WorkerLostError" } });
    expect(seen).toMatchObject(nothingLeft);
  });

  test("because heap is missing fails the call if threads were asked for", async () => {
    const seen = await run("heap limit", { strategy: "threads" });
    const cause = { code: "ERR_WORKER_OUT_OF_MEMORY" };
    expect(seen.values).toMatchObject({ name: "WorkerLostError", cause });
    // Documented: "undefined when it never started".
    expect(seen.values).not.toHaveProperty("exitCode");
    expect(seen.started).toMatchObject({ name: "WorkerLostError", cause });
    expect(seen.events).toHaveLength(1);
    expect(seen).toMatchObject(nothingLeft);
  });

  test("because heap is missing is replaced with forceSerialOnFailure", async () => {
    const seen = await run("heap limit", { strategy: "threads", forceSerialOnFailure: true });
    expect(seen.values).toEqual([2, 4, 6]);
    expect(seen.events[1]).toMatchObject(fallback);
    expect(seen).toMatchObject(nothingLeft);
  });

  test("because its initializer throws fails the call with that error if threads were asked for", async () => {
    const seen = await run("initializer", { strategy: "threads" });
    expect(JSON.stringify(seen.values)).toContain("no initialisation today");
    expect(seen).toMatchObject(nothingLeft);
  });

  test("because its initializer throws either fails the call or is replaced if that is automatic", async () => {
    const seen = await run("initializer", { strategy: "auto" });
    if (seen.events.at(-1)?.["event"] === "parallel_execution") {
      expect(seen.events[1]).toMatchObject(fallback);
      expect(seen.values).toEqual([2, 4, 6]);
    } else {
      expect(JSON.stringify(seen.values)).toContain("no initialisation today");
    }
    expect(seen).toMatchObject(nothingLeft);
  });

  test("because its initializer throws is replaced with forceSerialOnFailure", async () => {
    const seen = await run("initializer", { strategy: "threads", forceSerialOnFailure: true });
    expect(seen.values).toEqual([2, 4, 6]);
    expect(seen.events[1]).toMatchObject(fallback);
  });
});

describe("shutdown", () => {
  test("waits for running calls, may be called again, and closes everything", async () => {
    const seen = await facts<{ refused: [string, string, boolean][] }>("shutdown.mjs", ["waits for calls"]);
    expect(seen).toMatchObject({
      order: ["call", "call", "call", "shutdown"],
      values: [
        [2, 4],
        [4, 6],
        [6, 8],
      ],
      completed: 3,
      bytesInUse: 0,
      bytesIdle: 0,
      alive: 0,
    });
    expect(seen.refused).toHaveLength(9);
    for (const [name, error, namesCall] of seen.refused) {
      expect([name, error, namesCall]).toEqual([name, "ExecutorClosedError", true]);
    }
  });

  test.each([
    "right after calls",
    "while workers start",
    "while an idle worker ends",
    "while another worker is about to be woken",
    "while an aborted kernel does not yield",
  ])("%s ends all workers", async (moment) => {
    expect(await facts("shutdown.mjs", [moment])).toBe("all shut down");
  });

  test("waits for what kernels have written to the console", async () => {
    const { code, stdout, stderr } = await runNode([program("printing.mjs")]);
    const lines = [0, 1, 2, 3].flatMap((x) => Array.from({ length: 25 }, (_, i) => `task ${x}, line ${i}`));
    expect([code, stderr]).toEqual([0, "to the other stream\n".repeat(4)]);
    expect(stdout.trim().split("\n").sort()).toEqual(lines.sort());
  });

  test("ends a worker whose console a kernel has broken, too", async () => {
    const { ParallelExecutor } = await import("sharray");
    await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
    const breakConsole = (): void => {
      process.stdout.write = () => {
        throw new Error("broken");
      };
      process.stderr.write = () => true;
    };
    await executor.map([1, 2], breakConsole);
    await executor.shutdown();
    await expect(executor.map([1], (x) => x)).rejects.toMatchObject({ code: "SHARRAY_EXECUTOR_CLOSED" });
  });

  test("is what the end of an `await using` block does", async () => {
    const { ParallelExecutor } = await import("sharray");
    let executor: InstanceType<typeof ParallelExecutor>;
    {
      await using inner = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
      executor = inner;
      expect(await inner.map([1], (x) => 2 * x)).toEqual([2]);
    }
    await expect(executor.map([1], (x) => x)).rejects.toMatchObject({ code: "SHARRAY_EXECUTOR_CLOSED" });
  });
});

describe("programs of every kind", () => {
  const body = 'new ParallelExecutor({ strategy: "threads", maxWorkers: 2 }).map([1, 2, 3], (x) => 2 * x)';
  const esm = `import { ParallelExecutor } from "sharray"; console.log(String(await ${body}));`;
  const cjs = `import("sharray").then(({ ParallelExecutor }) => ${body}).then((values) => console.log(String(values)))`;
  const stdin = { input: esm };

  test.each([
    ["node -e", ["-e", cjs], {}],
    ["node --eval=", [`--eval=${cjs}`], {}],
    ["node --input-type=module -e", ["--input-type=module", "-e", esm], {}],
    ["node --input-type module --eval", ["--input-type", "module", "--eval", esm], {}],
    ["node --input-type=module < program", ["--input-type=module"], stdin],
    ["node --input-type=module - < program", ["--input-type=module", "-"], stdin],
    ["node < program", [], { input: cjs }],
    ["node --no-warnings -e", ["--no-warnings", "-e", cjs], {}],
    [
      "node --conditions x --input-type=module -e",
      ["--conditions", "x", "--input-type=module", "-e", esm],
      {},
    ],
    [
      "node --max-old-space-size=512 --input-type=module -e",
      ["--max-old-space-size=512", "--input-type=module", "-e", esm],
      {},
    ],
    ["node --expose-gc --input-type=module -e", ["--expose-gc", "--input-type=module", "-e", esm], {}],
    ["node --title=mine -e", ["--title=mine", "-e", cjs], {}],
    [
      "NODE_OPTIONS=--max-old-space-size=512 node -e",
      ["-e", cjs],
      { env: { NODE_OPTIONS: "--max-old-space-size=512" } },
    ],
  ])("%s", async (_name, parameters, options) => {
    const ended = await runNode(parameters, { ...options, timeout: 20_000 });
    expect(ended).toMatchObject({ code: 0, stdout: "2,4,6\n", stderr: "" });
  });

  test("node -p", async () => {
    const { code, stdout, stderr } = await runNode(["-p", `${cjs}; "printed"`]);
    // From Node 22 on it prints once all that the program has begun is over.
    const lines = stdout.split("\n").sort();
    expect([code, lines, stderr]).toEqual([0, ["", "2,4,6", "printed"], ""]);
  });

  test.each([["--max-old-space-size=512"], ["--expose-gc"], ["--stack-size=900"]])(
    "node %s program.mjs",
    async (option) => {
      const ended = await runNode([option, program("top-level-await.mjs"), "first call"]);
      expect(ended).toMatchObject({ code: 0, stdout: "[1,2,3]\n", stderr: "" });
    },
  );
});

describe("what is loaded before the program", () => {
  // In a worker it is loaded before the worker's own entry.
  test.each([
    ["--import", "preload.mjs"],
    ["--require", "preload.cjs"],
  ])("by %s uses an executor: in workers it is nested", async (option, file) => {
    const { code, stdout, stderr } = await runNode([option, program(file), program("preloaded.mjs")], {
      timeout: 20_000,
    });
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual({ before: [2, 4], after: [6, 8], started: 4 });
  });

  const kernel = `import { add } from "./add.wasm";
    import { defineKernel } from "sharray";
    export const plusForty = defineKernel(import.meta.url, "plusForty", (x) => add(x, 40));`;
  const wasm = "AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=";
  const text = `import { ParallelExecutor } from "sharray";
    import { plusForty } from "./programs/wasm-kernel.mjs";
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
    console.log(String(await executor.map([1, 2], plusForty)));`;

  test.each([
    ["--input-type=module -e", ["--input-type=module", "-e", text]],
    ["--input-type=module < program", ["--input-type=module"]],
    [
      "V8's options, --import and --input-type",
      ["--expose-gc", "--import", "./programs/support.mjs", "--input-type=module"],
    ],
  ])("may need an option that workers need too: %s", async (_name, parameters) => {
    const folder = join(installed.project, "programs");
    writeFileSync(join(folder, "wasm-kernel.mjs"), kernel);
    writeFileSync(join(folder, "add.wasm"), Buffer.from(wasm, "base64"));
    const options = ["--no-warnings", "--experimental-wasm-modules"];
    const ended = await runNode([...options, ...parameters], { input: text, timeout: 20_000 });
    expect(ended).toMatchObject({ code: 0, stdout: "41,42\n", stderr: "" });
  });
});

describe("the pool", () => {
  test("starts its workers once for many calls", async () => {
    expect(await facts("pool.mjs", ["fifty calls"])).toEqual({
      wrong: [],
      completed: 50,
      started: 2,
      alive: 0,
    });
  });

  test("starts no more workers than calls have tasks for", async () => {
    expect(await facts("pool.mjs", ["one task at a time"])).toEqual({ started: 1, alive: 1 });
  });

  test("is not started by what does not need it", async () => {
    expect(await facts("pool.mjs", ["sequential calls"])).toEqual({ started: 0, alive: 0 });
  });

  test("belongs to its executor", async () => {
    expect(await facts("pool.mjs", ["two executors"])).toEqual({
      started: 4,
      alive: 4,
      left: 2,
      after: [1, 2],
    });
  });

  test("makes threads of its workers after the first result, when they are idle", async () => {
    const seen = { values: [2, 4], atOnce: false, started: 1, alive: 0 };
    expect(await facts("pool.mjs", ["first result"])).toEqual(seen);
  });

  test("ends idle workers, frees idle memory, and starts anew for the next call", async () => {
    const round = { atOnce: [2, 4, 6], regions: 0, bytesInUse: 0 };
    expect(await facts("pool.mjs", ["idle trim"])).toEqual([
      { ...round, sum: 0, started: 2 },
      { ...round, sum: 2, started: 4 },
      { ...round, sum: 4, started: 6 },
    ]);
  });

  test("does not take a busy worker for an idle one", async () => {
    const values = [
      [1, 2],
      [3, 4],
    ];
    expect(await facts("pool.mjs", ["busy pool"])).toEqual({ values, failures: 0, retries: 0 });
  });

  test("runs an executor that a kernel opens sequentially", async () => {
    const seen = await facts<{ values: object[]; started: number }>("pool.mjs", ["nested"]);
    expect(seen.started).toBe(2);
    expect(seen.values).toHaveLength(4);
    for (const [i, value] of seen.values.entries()) {
      expect(value).toMatchObject({
        event: "parallel_decision",
        decision: "sequential",
        reason: "nested",
        values: [10 * (i + 1), 10 * (i + 2)],
      });
      expect(value).not.toHaveProperty("threadId", 0);
    }
  });

  test("initializes each worker once, before its first task", async () => {
    interface Task {
      readonly threadId: number;
      readonly initialized: number;
    }
    const calls = await facts<Task[][]>("pool.mjs", ["initializer"]);
    expect(calls).toHaveLength(3);
    for (const tasks of calls) {
      expect(new Set(tasks.map(({ threadId }) => threadId)).size).toBe(2);
      expect(tasks.map(({ initialized }) => initialized)).toEqual([1, 1]);
    }
  });
});

describe("memory", () => {
  interface Seen {
    readonly wrong: number;
    readonly samples: number[];
    readonly regionsMax: number;
    readonly most: number;
    readonly peak: number;
  }

  test("stays flat over 10,000 calls on fresh arrays of 1 MB", async () => {
    const seen = await facts<Seen>("memory.mjs", ["inputs"]);
    expect(seen.wrong).toBe(0);
    expect(seen.samples).toHaveLength(10);
    // 9,000 MB go by after the first sample. V8 lets some tens of MB of dropped arrays gather before it collects, so
    // the samples go up and down by as much; a leak of one array in fifty would show.
    expect(Math.max(...seen.samples) - seen.samples[0]!).toBeLessThan(150);
    expect(seen.regionsMax).toBeLessThanOrEqual(8);
    expect(seen.peak).toBeLessThan(16);
  });

  test("keeps nothing of what a kernel under a time-out has written to the console", async () => {
    const text = `import { ParallelExecutor } from "sharray";
      const written = [];
      process.on("written", (value) => written.push(new WeakRef(value)));
      const executor = new ParallelExecutor({ strategy: "sequential", taskTimeout: 60_000 });
      await executor.map([1, 2, 3], (x) => {
        const value = { x };
        console.error(value);
        process.emit("written", value);
      });
      for (let round = 0; round < 20; round += 1) {
        gc();
        await new Promise((resolve) => setImmediate(resolve));
      }
      console.log(written.length, written.filter((each) => each.deref() !== undefined).length);`;
    const { code, stdout } = await runNode(["--expose-gc", "--input-type=module", "-e", text]);
    expect([code, stdout]).toEqual([0, "3 0\n"]);
  });

  test("stays bounded over 300 dropped outputs of 16 MiB", async () => {
    const seen = await facts<Seen>("memory.mjs", ["outputs"]);
    expect(seen.wrong).toBe(0);
    // All of them together have 4800 MiB. How many are dropped before V8 collects is its choice.
    expect(seen.most).toBeLessThan(1200);
    expect(seen.peak).toBeLessThan(1200);
  });

  test("stays bounded over 300 dropped shared arrays of 16 MiB", async () => {
    const seen = await facts<Seen>("memory.mjs", ["shared"]);
    expect(seen.most).toBeLessThan(1200);
    expect(seen.peak).toBeLessThan(1200);
  });
});

// A plain column, which is mostly untouched, and two regions of more than 4 GiB.
test.skipIf(freemem() < 12 * 2 ** 30)(
  "a column of more than 4 GiB works in every call",
  async () => {
    const CHUNK = 2 ** 27;
    const LENGTH = 2 ** 29 + 12_345;
    const chunks = [
      ...Array.from({ length: 4 }, (_, i) => [i * CHUNK, (i + 1) * CHUNK, CHUNK, i + 1, 101 + i]),
      [4 * CHUNK, LENGTH, 12_345, 5, 105],
    ];
    expect(await facts("beyond-4-gib.mjs", [], { timeout: 170_000 })).toEqual({
      placed: chunks,
      allocated: [0, 0, 0, 0],
      inPlace: chunks,
      regions: 2,
    });
  },
  180_000,
);

describe("more than 2^31 elements in one column", () => {
  const CHUNK = 2 ** 28;
  const LENGTH = 2 ** 31 + 12_345;
  const chunks = [
    ...Array.from({ length: 8 }, (_, i) => [i, i * CHUNK, (i + 1) * CHUNK, CHUNK, i + 1, 101 + i]),
    [8, 2 ** 31, LENGTH, 12_345, 9, 109],
  ];
  interface Seen {
    readonly chunks: number[][];
  }

  test("on shared memory", async () => {
    const seen = await facts<Seen>("gigabytes.mjs", ["shared"]);
    expect(seen).toEqual({
      chunks,
      whole: [[LENGTH, 108, 9, 109]],
      tail: [42],
      next: [LENGTH, 0, 110],
    });
  });

  // The plain column and its copy: 4.3 GB.
  test.skipIf(freemem() < 6e9)("in a plain array that is placed", async () => {
    expect(await facts<Seen>("gigabytes.mjs", ["plain"])).toEqual({ chunks });
  });
});
