/** What is different about child processes: their memory, their lives and their deaths. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KernelError, ParallelExecutor, type ReadOnly, TaskTimeoutError, WorkerLostError } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { installed } from "./installed.js";
import { runNode } from "./run.js";

const directory = mkdtempSync(join(tmpdir(), "sharray-processes-"));
const executors: ParallelExecutor[] = [];
afterAll(async () => {
  await Promise.all(executors.map((executor) => executor.shutdown()));
  rmSync(directory, { recursive: true });
});

function create(options: ConstructorParameters<typeof ParallelExecutor>[0] = {}): ParallelExecutor {
  const executor = new ParallelExecutor({ strategy: "processes", maxWorkers: 2, ...options });
  executors.push(executor);
  return executor;
}

let files = 0;
/** A file that tasks and this process see: the memory that they share otherwise is the engine's own. */
function newFile(): string {
  files += 1;
  return join(directory, String(files));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Whether the process runs, and is no entry that its parent has not read yet. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

const pidOf = (): number => process.pid;

test("tasks run in processes of their own, which are there for the next call", async () => {
  const executor = create({ maxWorkers: 1 });
  const [first] = await executor.map([1], pidOf);
  expect(first).not.toBe(process.pid);
  expect(await executor.map([1, 2, 3], () => process.title)).toEqual(Array(3).fill("sharray worker"));
  expect(new Set(await executor.map([1, 2, 3], pidOf))).toEqual(new Set([first]));
});

test("many tiny tasks share messages, and each runs once", async () => {
  const executor = create();
  const items = Array.from({ length: 50_000 }, (_, i) => i);
  for (let i = 0; i < 3; i += 1) {
    expect(await executor.map(items, (x) => x + 0.5)).toEqual(items.map((x) => x + 0.5));
  }
});

describe("calls that repeat", () => {
  test("give the right results, in turns with any other calls", async () => {
    const executor = create({ maxWorkers: 2 });
    const x = executor.share(Float64Array.from({ length: 3000 }, (_, i) => i));
    for (let i = 0; i < 40; i += 1) {
      expect(await executor.map([i, i + 1], (item) => 2 * item)).toEqual([2 * i, 2 * i + 2]);
      expect(await executor.map([`${i}`, "b"], (item) => `${item}!`)).toEqual([`${i}!`, "b!"]);
      const args = { by: i % 3 };
      expect(await executor.map([1, 2], (item, _, { args }) => item * args.by, { args })).toEqual([
        args.by,
        2 * args.by,
      ]);
      const sum = await executor.reduceShared(
        x,
        (part) => part.reduce((a, b) => a + b, 0),
        (a, b) => a + b,
      );
      expect(sum).toBe(4_498_500);
      // What was a round's own memory becomes the user's, is known to children, and comes back.
      const mine = executor.share(new Float64Array(8).fill(i));
      expect(await executor.mapShared([mine], (array) => array[7])).toEqual([i]);
      const squares = await executor.transformShared(x, Float64Array, (part, out) => {
        for (let j = 0; j < part.length; j += 1) out[j] = part[j]! ** 2;
      });
      expect(await executor.reduceShared(squares, (part) => part[0]!, Math.max)).toBeGreaterThanOrEqual(0);
      expect(squares[2999]).toBe(2999 ** 2);
      executor.release(mine, squares);
    }
  });

  // A child takes its time to load a kernel. Meanwhile it lets go rounds that had the same memory.
  test("keep their memory beside others whose kernels are new", async () => {
    const executor = create({ maxWorkers: 2 });
    const x = executor.share(Float64Array.from({ length: 1000 }, (_, i) => i));
    for (let kind = 0; kind < 12; kind += 1) {
      const add = new Function(
        "part",
        "out",
        "{ args }",
        `for (let j = 0; j < part.length; j++) out[j] = part[j] + args.i + ${kind};`,
      ) as (part: ReadOnly<Float64Array>, out: Float64Array, context: { args: { i: number } }) => void;
      const calls = Array.from({ length: 100 }, async (_, i) => {
        const args = { i };
        const [first, own] = await executor.mapShared(
          [x, new Float64Array([i])],
          (array, { args }) => array[0]! + args.i,
          { args },
        );
        const sums = await executor.transformShared(x, Float64Array, add, { args });
        return [first, own, sums[999]];
      });
      expect(await Promise.all(calls)).toEqual(calls.map((_, i) => [i, 2 * i, 999 + i + kind]));
    }
  });

  test("of a few tasks that take a while end, though children ask each other for tasks", async () => {
    const executor = create({ maxWorkers: 2 });
    const spin = (item: number): number => {
      const end = performance.now() + 0.3;
      while (performance.now() < end);
      return item;
    };
    for (let i = 0; i < 300; i += 1) expect(await executor.map([i, 1], spin)).toEqual([i, 1]);
  });

  test("with tasks that take much longer than the last time use all children", async () => {
    const executor = create({ maxWorkers: 2 });
    const folder = newFile();
    mkdirSync(folder);
    // A long task waits until two children have begun one.
    const wait = (isLong: number): number => {
      if (isLong === 0) return process.pid;
      writeFileSync(`${folder}/${process.pid}`, "");
      const end = performance.now() + 20_000;
      while (readdirSync(folder).length < 2 && performance.now() < end);
      return process.pid;
    };
    for (let i = 0; i < 30; i += 1) await executor.map([0, 0, 0, 0, 0, 0, 0, 0], wait);
    const pids = await executor.map([1, 1, 1, 1, 1, 1, 1, 1], wait);
    expect(new Set(pids).size).toBe(2);
  });
});

describe("arrays", () => {
  test("that are shared cross once, and others at each call", async () => {
    const executor = create({ maxWorkers: 1 });
    const shared = executor.share(Float64Array.of(1, 2, 3));
    const plain = Float64Array.of(4, 5, 6);
    const sum = (array: { readonly [i: number]: number }): number => array[0]! + array[1]! + array[2]!;
    expect(await executor.mapShared([shared, plain], sum)).toEqual([6, 15]);
    // A copy that has crossed stays what it was.
    shared[0] = 100;
    plain[0] = 100;
    expect(await executor.mapShared([shared, plain], sum)).toEqual([6, 111]);
    // Other parts of the same memory have not crossed yet.
    const more = executor.share(Float64Array.from({ length: 10_000 }, (_, i) => i));
    expect(await executor.mapShared([more.subarray(0, 3)], sum)).toEqual([3]);
    expect(await executor.mapShared([more.subarray(9000, 9003), more.subarray(0, 3)], sum)).toEqual([
      27_003, 3,
    ]);
  });

  test("that were released make way for others in the same memory", async () => {
    const executor = create({ maxWorkers: 1 });
    for (let i = 0; i < 20; i += 1) {
      const array = executor.share(new Float64Array(1000).fill(i));
      expect(await executor.reduceShared(array, (part) => part[7] ?? 0, Math.max)).toBe(i);
      executor.release(array);
    }
  });

  test("of many pieces arrive whole, for every child", async () => {
    const executor = create();
    const x = Float64Array.from({ length: 3_000_001 }, (_, i) => i);
    const ends = (part: { readonly length: number; readonly [i: number]: number }) => [
      part[0],
      part[part.length - 1],
    ];
    for (const array of [x, executor.share(x), x.subarray(5)]) {
      const seen = await executor.mapShared(array, ends, { chunkSize: 100_000 });
      expect(seen.length).toBe(31 - (array.length < 3_000_000 ? 1 : 0));
      expect(seen[0]).toEqual([array[0], array[99_999]]);
      expect(seen.at(-1)?.[1]).toBe(array[array.length - 1]);
    }
    const twice = await executor.transformShared(x, Float64Array, (part, out) => {
      for (let i = 0; i < part.length; i += 1) out[i] = 2 * part[i]!;
    });
    expect(twice.every((value, i) => value === 2 * i)).toBe(true);
  });

  test("leave nothing behind in memory's file system", async () => {
    const own = (): string[] =>
      readdirSync("/dev/shm").filter((name) => name.startsWith(`sharray-${process.pid}-`));
    const executor = create();
    await executor.mapShared(new Float64Array(100_000), (part) => part.length);
    expect(own()).toEqual([]);
  });
});

describe("kernels that are to stop", () => {
  test("learn of it in the middle of a task", async () => {
    const executor = create({ maxWorkers: 1 });
    const [started, heard] = [newFile(), newFile()];
    const controller = new AbortController();
    const call = executor.map(
      [1],
      async (_, _shared, { args, aborted }) => {
        const { writeFileSync } = await import("node:fs");
        writeFileSync(args.started, "");
        while (!aborted());
        writeFileSync(args.heard, "");
      },
      { args: { started, heard }, signal: controller.signal },
    );
    const ended = expect(call).rejects.toBe("enough");
    await until(() => existsSync(started));
    controller.abort("enough");
    await ended;
    await until(() => existsSync(heard));
    expect(await executor.map([1], (x) => x)).toEqual([1]);
  });

  test("and do not are ended with their process, and the others go on", async () => {
    const executor = create({ maxWorkers: 1 });
    const [before] = await executor.map([1], pidOf);
    const call = executor.map(
      [1, 2, 3],
      (x) => {
        for (; x === 2; );
        return x;
      },
      { timeout: 50 },
    );
    const error = await call.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TaskTimeoutError);
    expect(error).toMatchObject({ index: 1 });
    const [after] = await executor.map([1], pidOf);
    expect(after).not.toBe(before);
    expect(isAlive(before as number)).toBe(false);
  });
});

describe("a task that ends its process", () => {
  const items = Array.from({ length: 40 }, (_, i) => i);

  test.each([1, 2])("is given up after its tries; all others end (%i children)", async (maxWorkers) => {
    for (const maxRetries of [0, 2]) {
      const executor = create({ maxWorkers, maxRetries });
      const runs = newFile();
      writeFileSync(runs, "");
      const call = executor.map(
        items,
        async (x, _shared, { args }) => {
          const { appendFileSync } = await import("node:fs");
          appendFileSync(args.runs, `${x} `);
          if (x === 23) process.kill(process.pid, "SIGSEGV");
          return 2 * x;
        },
        { args: { runs } },
      );
      const error = (await call.catch((thrown: unknown) => thrown)) as WorkerLostError;
      expect(error).toBeInstanceOf(WorkerLostError);
      expect(error).toMatchObject({ index: 23, start: 23, end: 24, signal: "SIGSEGV", exitCode: 139 });
      expect(error.message).toMatch(/signal SIGSEGV/);
      expect([...(error.partial?.values ?? [])]).toEqual(
        items.filter((x) => x !== 23).map((x) => [x, 2 * x]),
      );
      const tries = readFileSync(runs, "utf8")
        .trim()
        .split(" ")
        .filter((x) => x === "23");
      expect(tries).toHaveLength(maxRetries + 1);
    }
  });

  test("by its exit code, or an error that nobody catches, tells it", async () => {
    const executor = create({ maxRetries: 0 });
    const exits = await executor.map([1], () => process.exit(7)).catch((error: unknown) => error);
    expect(exits).toMatchObject({ exitCode: 7, signal: undefined });
    const call = executor.map([1], async () => {
      setImmediate(() => {
        throw new RangeError("late");
      });
      await new Promise(() => {});
    });
    const error = (await call.catch((thrown: unknown) => thrown)) as WorkerLostError;
    expect(error).toBeInstanceOf(WorkerLostError);
    expect(error.cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).message).toBe("late");
  });

  test("from outside is no task's fault, and costs no result", async () => {
    const executor = create({ maxRetries: 50 });
    const pids = newFile();
    const call = executor.map(
      items,
      async (x, _shared, { args }) => {
        const { writeFileSync } = await import("node:fs");
        writeFileSync(args.pids, String(process.pid));
        await new Promise((resolve) => setTimeout(resolve, 5));
        return `${x}`;
      },
      { args: { pids } },
    );
    const killed = new Set<number>();
    for (let i = 0; i < 5; i += 1) {
      await until(() => existsSync(pids) && Number(readFileSync(pids, "utf8")) > 0);
      const pid = Number(readFileSync(pids, "utf8"));
      if (!killed.has(pid) && isAlive(pid)) process.kill(pid, "SIGKILL");
      killed.add(pid);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await call).toEqual(items.map(String));
  });
});

describe("kernels that are not thread-safe", () => {
  const kernels = new URL("./programs/unsafe-kernels.js", import.meta.url).href;

  test("never run on threads: not by choice, not by request", async () => {
    const { pid } = (await import(kernels)) as { pid: (x: number) => number };
    const decisions = new Set<string>();
    const executor = create({
      strategy: "auto",
      telemetry: (event, payload) => {
        if (event === "parallel_decision") decisions.add(payload.decision);
      },
    });
    const items = Array.from({ length: 40 }, (_, i) => i);
    // Long enough that other processes are worth their start.
    for (let i = 0; i < 3; i += 1) await executor.map(items, pid);
    expect([...decisions].sort()).toEqual(["processes", "sequential"]);
    expect(executor.explain(new Float64Array(1), pid as never).predicted).toHaveProperty("processes");
    const call = executor.map([1], pid, { strategy: "threads" });
    await expect(call).rejects.toThrow(
      'Cannot run on strategy "threads" as its kernel is not thread-safe: run it on strategy "processes"',
    );
    expect(await executor.map([1], pid, { strategy: "sequential" })).toEqual([process.pid]);
    expect(await executor.map([1], pid, { strategy: "processes" })).not.toEqual([process.pid]);
  });
});

test("auto takes processes for a kernel that was measured to be faster there than on threads", async () => {
  const decisions: string[] = [];
  const executor = create({
    strategy: "auto",
    telemetry: (event, payload) => {
      if (event === "parallel_execution") decisions.push(payload.strategy);
    },
  });
  // So slow that no delay of the machine's makes up for it.
  const slowInThisProcess = (item: number): number => {
    const isChild = process.title === "sharray worker";
    if (!isChild) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    return item;
  };
  const items = [1, 2, 3, 4];
  // Nothing is known of child processes: they are not tried.
  for (let i = 0; i < 3; i += 1) await executor.map(items, slowInThisProcess);
  expect(decisions).not.toContain("processes");
  for (const strategy of ["threads", "processes", "threads", "processes"] as const) {
    await executor.map(items, slowInThisProcess, { strategy });
  }
  decisions.length = 0;
  expect(await executor.map(items, slowInThisProcess)).toEqual(items);
  expect(decisions).toEqual(["processes"]);
});

describe("children end with their parent", () => {
  const start = `
    import { ParallelExecutor } from "sharray";
    const executor = new ParallelExecutor({ maxWorkers: 2, strategy: "processes" });
    const spin = () => {
      const end = performance.now() + 30;
      while (performance.now() < end);
      return process.pid;
    };
    console.log([...new Set(await executor.map([1, 2, 3, 4, 5, 6], spin))].join());
    const forever = executor.map([1, 2], () => { for (;;); });
    forever.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
  `;
  const pidsIn = (stdout: string): number[] => (stdout.split("\n")[0] as string).split(",").map(Number);

  test.each([
    ["by SIGKILL", 'process.kill(process.pid, "SIGKILL");', { signal: "SIGKILL" }, /^$/],
    ["by an error", 'setTimeout(() => { throw new Error("mine"); });', { code: 1 }, /Error: mine/],
    ["by its exit", "process.exit(3);", { code: 3 }, /^$/],
  ])("%s, though their tasks never end", async (_how, end, how, told) => {
    const ended = await runNode(["--input-type=module", "--eval", start + end]);
    expect(ended).toMatchObject(how);
    expect(ended.stderr).toMatch(told);
    const pids = pidsIn(ended.stdout);
    expect(pids.length).toBeGreaterThan(0);
    await until(() => !pids.some(isAlive));
  });

  test("that has nothing left to do, which they do not keep alive", async () => {
    const ended = await runNode([
      "--input-type=module",
      "--eval",
      `import { ParallelExecutor } from "sharray";
       const executor = new ParallelExecutor({ maxWorkers: 2, strategy: "processes" });
       console.log(await executor.map([1], (x) => x + 1));`,
    ]);
    expect(ended).toMatchObject({ code: 0, stdout: "[ 2 ]\n", stderr: "" });
  });

  test("at a shutdown, stopped ones too, and those that are starting", async () => {
    const executor = create();
    const pids = [...new Set(await executor.map([1, 2, 3, 4], pidOf))];
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    await executor.shutdown();
    await until(() => !pids.some(isAlive));
    const other = create();
    const call = other.map([1, 2], pidOf);
    await other.shutdown();
    const started = await call;
    await until(() => !started.some(isAlive));
  });
});

test("errors have the class, the message and the fields that they were thrown with", async () => {
  const executor = create();
  const call = executor.map([1, 2], (x) => {
    if (x === 2) throw Object.assign(new RangeError("mine", { cause: "why" }), { at: x });
    return x;
  });
  const error = (await call.catch((thrown: unknown) => thrown)) as KernelError;
  expect(error).toBeInstanceOf(KernelError);
  expect(error.cause).toBeInstanceOf(RangeError);
  expect(error.cause).toMatchObject({ message: "mine", cause: "why", at: 2 });
});

test("the example: a decoder that one file crashes leaves all other thumbnails", async () => {
  const { code, stdout, stderr } = await runNode(
    [
      fileURLToPath(new URL("cli.mjs", import.meta.resolve("tsx"))),
      join(installed.repository, "docs/examples/thumbnails.ts"),
    ],
    { cwd: installed.repository },
  );
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toBe(
    "picture-17.raw ended its process twice, by SIGSEGV\n" +
      "23 of 24 thumbnails of 16 x 16 are there, 1 is not\n" +
      "the next picture has 256 pixels\n",
  );
});

describe("rows", () => {
  const values = Float64Array.from({ length: 5000 }, (_, i) => (i * 3) % 101);

  async function outcomes(strategy: "processes" | "sequential"): Promise<unknown[]> {
    const executor = create({ strategy });
    const own = new Float64Array(new SharedArrayBuffer(8 * values.length)).fill(7);
    const add = (view: ArrayLike<number>, output: Float64Array): void => {
      for (let i = 0; i < view.length; i++) output[i] = (output[i] as number) + (view[i] as number);
    };
    await executor.transformShared(values, own, add, { chunkSize: 777 });
    await executor.transformShared(values, own, add, { chunkSize: 500 });
    return [
      own.slice(),
      await executor.mapShared(own, (view) => view.at(-1)),
      await executor.transformShared(
        values,
        { type: Float32Array, per: 2 },
        (view, output, { start }) => output.fill(view.length + start),
        { halo: 3, chunkSize: 777 },
      ),
      await executor.mapInto([1, 2, 3, 4], { a: { type: Uint8Array, per: 3 } }, (item, _, { a }) =>
        a.fill(item),
      ),
      await executor.collectShared(
        values,
        { value: Float64Array, twice: { type: Float32Array, per: 2 } },
        (view, { value, twice }) => {
          let rows = 0;
          for (const x of view) {
            if (x <= 50) continue;
            value[rows] = x;
            twice.fill(x, 2 * rows, 2 * rows + 2);
            rows += 1;
          }
          return rows;
        },
        { chunkSize: 333 },
      ),
    ];
  }

  test("come back as of a run here: of outputs of the caller, of several elements, and of unknown number", async () => {
    expect(await outcomes("processes")).toEqual(await outcomes("sequential"));
  });

  test("are refused if all tasks write to the same memory", async () => {
    const counts = new Int32Array(new SharedArrayBuffer(4));
    const call = create().map([1, 2, 3], (_, { counts }) => Atomics.add(counts, 0, 1), {
      writable: { counts },
    });
    await expect(call).rejects.toThrow(
      'Cannot run on strategy "processes" as its tasks would each write to a copy of what is in "writable"',
    );
  });
});
