/** What `maxSharedBytes` bounds is the memory that the system has given, not a counter. */
import { execFile } from "node:child_process";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { ParallelExecutor } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { installed } from "./installed.js";
import { program, runNode } from "./run.js";

const MB = 2 ** 20;

// Beside shared memory the heaps of three threads grow.
const HEAPS = 24;

/** A cgroup of its own; `undefined` if this process may not make one. */
const cgroup = [
  ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
  ["/sys/fs/cgroup", "memory.max"],
]
  .map(([root, limit]) => {
    const folder = `${root}/sharray-test-${process.pid}`;
    try {
      mkdirSync(folder);
      writeFileSync(`${folder}/${limit}`, String(700 * MB), { flag: "r+" });
      return folder;
    } catch {
      rmdirQuietly(folder);
      return undefined;
    }
  })
  .find((folder) => folder !== undefined);
afterAll(() => {
  if (cgroup !== undefined) rmdirQuietly(cgroup);
});

function rmdirQuietly(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It was not made, or a process is about to end in it.
  }
}

interface Told {
  readonly wrong: number;
  readonly most: number;
  readonly peak: number;
}

function loop(...parameters: (string | number)[]): Promise<Told> {
  return told(["--expose-gc", program("bounds.mjs"), ...parameters.map(String)]);
}

async function told(parameters: readonly string[]): Promise<Told> {
  const { code, stdout, stderr } = await runNode(parameters, { timeout: 170_000 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Told;
}

describe("resident memory", { timeout: 180_000 }, () => {
  // What the first call took is counted already.
  test.each([
    ["arrays that take turns", "alternate", 128, 60, "idle", 128 - 96],
    ["arrays of random sizes", "random", 128, 60, "idle", 128],
    ["arrays of random sizes, beside other calls", "random", 128, 40, "busy", 128],
    ["arrays given to async kernels", "lingering", 128, 80, "idle", 128],
    ["outputs that are dropped", "chain", 128, 60, "idle", 128],
    ["arrays that are shared and dropped", "shared", 128, 60, "idle", 128],
  ])(
    "stays within the limit and a quarter in a loop over %s",
    async (_, name, limit, calls, beside, room) => {
      const { wrong, most, peak } = await loop(name, limit, calls, beside);
      expect(wrong).toBe(0);
      // `share` can't wait until workers have left.
      expect(peak).toBeLessThanOrEqual(name === "shared" ? 1.25 * limit : limit);
      expect(most).toBeLessThanOrEqual(room + limit / 4 + HEAPS);
    },
  );

  test("stays within the limit and a quarter for the client of a bridge, too", async () => {
    const { wrong, most, peak } = await told([program("bounds-bridge.mjs")]);
    expect(wrong).toBe(0);
    expect(peak).toBeLessThanOrEqual(128);
    expect(most).toBeLessThanOrEqual(128 * 1.25 + HEAPS);
  });

  test.skipIf(cgroup === undefined)("lets a process live in a cgroup of 700 MB", async () => {
    // The engine that forgot what its workers held was killed by this.
    const script = `echo $$ > ${cgroup}/cgroup.procs && exec "$0" "$@"`;
    const run = ["-c", script, process.execPath, program("bounds.mjs"), "alternate", "128", "100", "idle"];
    const { stdout } = await promisify(execFile)("sh", run, { cwd: installed.project, timeout: 170_000 });
    expect((JSON.parse(stdout) as Told).wrong).toBe(0);
  });

  test("is not held by workers for memory that the program made itself and dropped", async () => {
    // 200 pieces of 16 MiB, 3.1 GiB in all, of which the program itself has 8 at most.
    const { wrong, most } = await loop("foreign", 1024, 200, "idle");
    expect(wrong).toBe(0);
    expect(most).toBeLessThan(600);
  });
});

describe("the limit", () => {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxSharedBytes: 96 * MB });
  afterAll(() => executor.shutdown());

  test("refuses no call that follows another of more than half of it", { timeout: 120_000 }, async () => {
    const x = new Uint8Array(64 * MB).fill(3);
    for (let i = 0; i < 40; i++) expect(await executor.mapShared([x], (x) => x[0])).toEqual([3]);
  });

  test("refuses no call that needs what the first message of a busy worker brought", {
    timeout: 120_000,
  }, async () => {
    const busy = new ParallelExecutor({ strategy: "threads", maxWorkers: 1, maxSharedBytes: 96 * MB });
    const flags = busy.allocate(Int32Array, 2);
    await busy.start();
    const first = busy.mapShared(
      [new Uint8Array(64 * MB).fill(3)],
      (x, { args }) => {
        const flags = args.flags as unknown as Int32Array;
        Atomics.store(flags, 0, 1);
        while (Atomics.load(flags, 1) === 0);
        return x[0];
      },
      { args: { flags } },
    );
    while (Atomics.load(flags, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    // From here on the worker goes from one round to the next, with no pause between.
    let isOver = false;
    const beside = [1, 2, 3, 4].map(async () => {
      while (!isOver) {
        await busy.map([2e6, 2e6], (n) => {
          let sum = 0;
          for (let i = 0; i < n; i++) sum += i;
          return sum;
        });
      }
    });
    Atomics.store(flags, 1, 1);
    expect(await first).toEqual([3]);
    expect(await busy.mapShared([new Uint8Array(80 * MB)], (x) => x.length)).toEqual([80 * MB]);
    isOver = true;
    await Promise.all(beside);
    await busy.shutdown();
  });

  test("refuses no output as long as two of them are alive", { timeout: 120_000 }, async () => {
    let x: Uint8Array = executor.share(new Uint8Array(MB));
    for (let i = 0; i < 250; i++) {
      x = await executor.transformShared(x, Uint8Array, (x, out) => {
        out[0] = x[0]! + 1;
      });
    }
    expect(x[0]).toBe(250);
  });

  test("is waited for by a call that can be stopped meanwhile", async () => {
    // A worker that goes on with the job holds its memory.
    const flags = executor.allocate(Int32Array, 2);
    const controller = new AbortController();
    const straggler = executor.mapShared(
      [new Uint8Array(64 * MB)],
      (_x, { args }) => {
        const flags = args.flags as unknown as Int32Array;
        Atomics.store(flags, 0, 1);
        while (Atomics.load(flags, 1) === 0);
      },
      { args: { flags }, signal: controller.signal },
    );
    const aborted = expect(straggler).rejects.toBe("enough");
    while (Atomics.load(flags, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort("enough");
    await aborted;
    const later = new AbortController();
    const stopped = executor.mapShared([new Uint8Array(64 * MB)], (x) => x.length, { signal: later.signal });
    const cancelled = executor.mapShared([new Uint8Array(64 * MB)], (x) => x.length);
    const waiting = expect(stopped).rejects.toBe("no more");
    later.abort("no more");
    await waiting;
    executor.cancel("all");
    await expect(cancelled).rejects.toBe("all");
    Atomics.store(flags, 1, 1);
    expect(await executor.mapShared([new Uint8Array(64 * MB)], (x) => x.length)).toEqual([64 * MB]);
  });

  test("is waited for in turns by calls that would take each other's room", {
    timeout: 120_000,
  }, async () => {
    const small = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxSharedBytes: MB });
    const caller = async (): Promise<void> => {
      for (let i = 0; i < 30; i++) {
        // Each leaves memory that is used again once its worker has let go of it.
        const out = await small.transformShared(
          new Float64Array(4000).fill(i),
          Float64Array,
          async (x, out) => {
            await undefined;
            out.set(x);
          },
        );
        expect(out[3999]).toBe(i);
        small.release(out);
      }
    };
    await Promise.all(Array.from({ length: 6 }, caller));
    await small.shutdown();
  });

  test("has no call wait for a worker that is busy elsewhere, as long as there is room", async () => {
    const roomy = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxSharedBytes: 64 * MB });
    const flags = roomy.allocate(Int32Array, 2);
    const held = roomy.allocate(Uint8Array, 30 * MB);
    await roomy.start();
    const long = roomy.map(
      [0],
      (_item, _shared, { args }) => {
        const flags = args.flags as unknown as Int32Array;
        Atomics.store(flags, 0, 1);
        while (Atomics.load(flags, 1) === 0);
      },
      { args: { flags } },
    );
    while (Atomics.load(flags, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    // Each wakes the busy worker, too, which can't leave any of them.
    const square = (x: number) => x * x;
    for (let i = 0; i < 300; i++) expect(await roomy.map([1, 2, 3], square)).toEqual([1, 4, 9]);
    Atomics.store(flags, 1, 1);
    await long;
    expect(held.length).toBe(30 * MB);
    await roomy.shutdown();
  });

  test("has a call that fits on this thread alone run there, and says so", async () => {
    const decisions: string[] = [];
    const small = new ParallelExecutor({
      maxWorkers: 2,
      maxSharedBytes: 8 * MB,
      telemetry: (event, payload) => {
        if (event === "parallel_decision") decisions.push(`${payload.decision}: ${payload.reason}`);
      },
    });
    await small.start();
    const x = new Uint8Array(16 * MB).fill(1);
    const count = (x: ArrayLike<number>) => {
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum += x[i]!;
      return sum;
    };
    // Once the kernel is known to be worth it, workers are what the planner would take.
    for (let i = 0; i < 3; i++)
      expect(await small.mapShared([x, x.subarray(1)], count)).toEqual([16 * MB, 16 * MB - 1]);
    const NO_ROOM = "sequential: its arrays do not fit into shared memory under maxSharedBytes";
    expect(decisions.at(-1)).toBe(NO_ROOM);
    await expect(small.mapShared([x], count, { strategy: "threads" })).rejects.toThrow(
      /at most 8388608 may be used/,
    );
    await small.shutdown();
  });
});
