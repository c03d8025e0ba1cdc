/** Single jobs: each with its own promise, by rank, on every strategy and over the bridge. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ConfigurationError,
  type Executor,
  ExecutorClosedError,
  KernelError,
  ParallelExecutor,
  type ParallelOptions,
  type SingleJob,
  TaskTimeoutError,
  WorkerLostError,
} from "sharray";
import { connectExecutor, serveExecutor } from "sharray/bridge";
import { afterAll, describe, expect, test } from "vitest";
import { until } from "./bridge.js";

const WAYS = ["sequential", "threads", "processes", "auto", "bridge"] as const;
type Way = (typeof WAYS)[number];

/** An executor of this thread, or a client of one. */
interface Used extends AsyncDisposable {
  readonly executor: Executor;
}

async function use(way: Way, options: ParallelOptions = {}): Promise<Used> {
  const strategy = way === "bridge" ? "threads" : way;
  const own = new ParallelExecutor({ strategy, maxWorkers: 1, ...options });
  if (way !== "bridge") return { executor: own, [Symbol.asyncDispose]: () => own.shutdown() };
  const { port1, port2 } = new MessageChannel();
  const host = serveExecutor(own, port1);
  const executor = await connectExecutor(port2);
  return {
    executor,
    async [Symbol.asyncDispose]() {
      executor.close();
      host.close();
      port1.close();
      await own.shutdown();
    },
  };
}

const folder = mkdtempSync(join(tmpdir(), "sharray-submit-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
/** The path of a file that does not exist. */
const newPath = (): string => {
  files += 1;
  return join(folder, String(files));
};

/** Says by a file that it has begun, and goes on until there is another one. */
const hold = async ({ began, open }: { began: string; open: string }): Promise<string> => {
  const fs = await import("node:fs");
  fs.writeFileSync(began, "");
  while (!fs.existsSync(open)) await new Promise((resolve) => setTimeout(resolve, 1));
  return "held";
};

/** A job that runs until it is told to end. */
async function held(executor: Executor): Promise<{ job: SingleJob<string>; end(): void }> {
  const began = newPath();
  const open = newPath();
  const job = executor.submit({ began, open }, hold);
  await until(() => existsSync(began), "a job that begins");
  return { job, end: () => writeFileSync(open, "") };
}

const mark = async (path: string): Promise<string> => {
  (await import("node:fs")).writeFileSync(path, "");
  return path;
};

async function failureOf(job: Promise<unknown>): Promise<unknown> {
  return job.then(
    () => {
      throw new Error("the job was to fail");
    },
    (error: unknown) => error,
  );
}

describe.each(WAYS)("single jobs (%s)", (way) => {
  test("have each their own result, of any sort", async () => {
    await using used = await use(way);
    const { executor } = used;
    const shared = { table: executor.share(Float64Array.of(10, 20, 30)) };
    const jobs = [
      executor.submit(2, (x) => x / 4),
      executor.submit("a", (x) => [x, { x }]),
      executor.submit(-0, (x) => x),
      executor.submit(null, () => undefined),
      executor.submit({ at: 1 }, ({ at }, { table }) => table[at], { shared }),
      executor.submit(Float64Array.of(1, 2), (x) => x.length),
      executor.submit(executor.share(Float64Array.of(3, 4)), (x) => x[1]),
      executor.submit(new Float64Array(100_000).fill(2), (x) => x[99_999]),
      executor.submit(5, (x, _shared, { args, index, start, end }) => [x * args, index, start, end], {
        args: 3,
      }),
    ];
    expect(await Promise.all(jobs)).toEqual([
      0.5,
      ["a", { x: "a" }],
      -0,
      undefined,
      20,
      2,
      4,
      2,
      [15, 0, 0, 1],
    ]);
    expect(executor.pending).toBe(0);
  });

  test("run by priority, and within one in the order of submission", async () => {
    await using used = await use(way);
    const { executor } = used;
    const first = await held(executor);
    const order: number[] = [];
    const submit = (i: number, priority: number): SingleJob<number> => {
      const job = executor.submit(i, (i) => i, { priority });
      void job.then((i) => order.push(i));
      return job;
    };
    const jobs = [submit(0, 0), submit(1, 1), submit(2, 0), submit(3, -1.5), submit(4, 1), submit(5, 0)];
    expect(jobs.map(({ priority }) => priority)).toEqual([0, 1, 0, -1.5, 1, 0]);
    (jobs[3] as SingleJob<number>).priority = 7;
    (jobs[5] as SingleJob<number>).priority = 1;
    (jobs[1] as SingleJob<number>).priority = -1;
    first.end();
    await Promise.all(jobs);
    expect(order).toEqual([3, 4, 5, 0, 2, 1]);
  });

  test("that are cancelled never start", async () => {
    await using used = await use(way);
    const { executor } = used;
    const first = await held(executor);
    const paths = Array.from({ length: 6 }, newPath);
    const stop = new AbortController();
    const jobs = paths.map((path, i) =>
      executor.submit(path, mark, i % 3 === 0 ? { signal: stop.signal } : {}),
    );
    const outcomes = Promise.allSettled(jobs);
    (jobs[1] as SingleJob<string>).cancel("not this one");
    stop.abort("none of these");
    (jobs[2] as SingleJob<string>).cancel();
    expect(executor.pending).toBe(3);
    first.end();
    expect(
      (await outcomes).map((each) =>
        each.status === "fulfilled" ? existsSync(each.value) : String(each.reason),
      ),
    ).toEqual([
      "none of these",
      "not this one",
      "AbortError: The job was cancelled by its cancel()",
      "none of these",
      true,
      true,
    ]);
    expect(await first.job).toBe("held");
    expect(paths.map((path) => existsSync(path))).toEqual([false, false, false, false, true, true]);
  });

  test("that fail affect no other, and are told as calls of one item are", async () => {
    await using used = await use(way);
    const { executor } = used;
    const jobs = Array.from({ length: 40 }, (_, i) =>
      executor.submit(i, (i) => {
        if (i % 5 === 2) throw new RangeError(`no ${i}`);
        return i;
      }),
    );
    for (const [i, { status, ...rest }] of (await Promise.allSettled(jobs)).entries()) {
      if (i % 5 !== 2) {
        expect([status, rest]).toEqual(["fulfilled", { value: i }]);
        continue;
      }
      const { reason } = rest as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(KernelError);
      expect(reason).toMatchObject({ index: 0, start: 0, end: 1, cause: { message: `no ${i}` } });
      expect(reason.message).toBe(`Task 0 (elements 0 to 1) failed: RangeError: no ${i}`);
      await expect(executor.replay(reason)).rejects.toThrow(`no ${i}`);
    }
  });

  test("whose time is up fail by themselves", async () => {
    await using used = await use(way);
    const { executor } = used;
    const before = Array.from({ length: 20 }, (_, i) => executor.submit(i, (i) => i));
    const late = executor.submit(
      0,
      (_item, _shared, { aborted }) => {
        while (!aborted());
        return "too late";
      },
      { timeout: 60 },
    );
    const after = Array.from({ length: 20 }, (_, i) => executor.submit(i, (i) => i));
    expect(await failureOf(late)).toBeInstanceOf(TaskTimeoutError);
    expect(await Promise.all([...before, ...after])).toHaveLength(40);
  });

  test("of a key give way to newer ones while they wait", async () => {
    await using used = await use(way);
    const { executor } = used;
    const first = await held(executor);
    const jobs = [1, 2, 3].map((i) => executor.submit(i, (i) => i, { latest: "view" }));
    const other = executor.submit(4, (i) => i, { latest: {} });
    const outcomes = Promise.allSettled(jobs);
    first.end();
    expect(
      (await outcomes).map((each) => (each.status === "fulfilled" ? each.value : each.reason.name)),
    ).toEqual(["AbortError", "AbortError", 3]);
    expect(await other).toBe(4);
    // Nobody waits under the key any more.
    expect(await executor.submit(5, (i) => i, { latest: "view" })).toBe(5);
  });

  test("are refused while too many are pending", async () => {
    await using used = await use(way);
    const { executor } = used;
    const first = await held(executor);
    const one = executor.submit(1, (i) => i, { maxPending: 2, latest: "a" });
    expect(executor.pending).toBe(2);
    const refused = await failureOf(executor.submit(2, (i) => i, { maxPending: 2 }));
    expect(refused).toBeInstanceOf(RangeError);
    expect(String(refused)).toBe(
      'RangeError: Cannot submit the job as fewer than 2 ("maxPending") must be pending: current value is 2; ' +
        "wait for some of them to end",
    );
    // One that replaces another takes no more room.
    const two = executor.submit(2, (i) => i, { maxPending: 2, latest: "a" });
    expect(await failureOf(one)).toMatchObject({ name: "AbortError" });
    first.end();
    expect(await two).toBe(2);
    expect(await first.job).toBe("held");
    expect(executor.pending).toBe(0);
  });

  test("that run when they are cancelled learn it", async () => {
    await using used = await use(way);
    const { executor } = used;
    const began = newPath();
    const ended = newPath();
    const job = executor.submit({ began, ended }, async ({ began, ended }, _shared, { aborted }) => {
      const fs = await import("node:fs");
      fs.writeFileSync(began, "");
      while (!aborted()) await new Promise((resolve) => setTimeout(resolve, 1));
      fs.writeFileSync(ended, "");
    });
    const next = executor.submit(1, (i) => i);
    await until(() => existsSync(began), "a job that begins");
    job.cancel("enough");
    job.cancel("again");
    expect(await failureOf(job)).toBe("enough");
    await until(() => existsSync(ended), "a job that learns of its end");
    expect(await next).toBe(1);
  });

  test.each([
    ["no item", undefined, {}, TypeError, /item .*must be set.*undefined/],
    ["a function as its item", () => 1, {}, TypeError, /item .*must be made of/],
    ["a wrong option", 1, { chunkSize: 4 }, ConfigurationError, /chunkSize/],
    ["progress", 1, { onProgress: () => {} }, ConfigurationError, /onProgress/],
    [
      "a priority that is no number",
      1,
      { priority: Number.NaN },
      ConfigurationError,
      /priority.*finite.*NaN/,
    ],
    ["no room at all", 1, { maxPending: 0 }, ConfigurationError, /maxPending.*at least 1.*0/],
    ["no options", 1, null, TypeError, /options.*null/],
    ["no signal", 1, { signal: {} }, TypeError, /signal/],
  ])("with %s are refused", async (_, item, options, kind, message) => {
    await using used = await use(way);
    const { executor } = used;
    const job = executor.submit(item as never, (x) => x, options as never);
    const error = await failureOf(job);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
    expect(executor.pending).toBe(0);
    job.priority = 3;
    job.cancel();
    const other = executor.submit(1, (x) => x);
    expect(() => {
      other.priority = Number.POSITIVE_INFINITY;
    }).toThrow(ConfigurationError);
    expect(await other).toBe(1);
  });

  test("all end with executor.cancel(), and the executor goes on", async () => {
    await using used = await use(way);
    const { executor } = used;
    const first = await held(executor);
    const path = newPath();
    const jobs = [first.job, executor.submit(path, mark), executor.submit(1, (i) => i, { priority: 4 })];
    const outcomes = Promise.allSettled(jobs);
    executor.cancel("over");
    expect(await outcomes).toEqual(jobs.map(() => ({ status: "rejected", reason: "over" })));
    first.end();
    expect(await executor.submit(1, (i) => i)).toBe(1);
    expect(existsSync(path)).toBe(false);
  });
});

describe.each(["sequential", "threads", "processes", "auto"] as const)("shutdown() (%s)", (way) => {
  test("waits for jobs that wait", async () => {
    const { executor } = await use(way);
    const own = executor as ParallelExecutor;
    const first = await held(own);
    const jobs = Array.from({ length: 30 }, (_, i) => own.submit(i, (i) => i));
    const closed = own.shutdown();
    const refused = failureOf(own.submit(1, (i) => i));
    first.end();
    expect(await Promise.all(jobs)).toHaveLength(30);
    await closed;
    expect(await refused).toBeInstanceOf(ExecutorClosedError);
    expect(own.pending).toBe(0);
  });
});

describe.each(["threads", "processes", "bridge"] as const)("jobs that end their workers (%s)", (way) => {
  test("are tried as often as maxRetries says, and affect no other", async () => {
    await using used = await use(way, { maxRetries: 1 });
    const { executor } = used;
    const starts = newPath();
    const jobs = Array.from({ length: 30 }, (_, i) =>
      executor.submit({ i, starts }, async ({ i, starts }) => {
        const fs = await import("node:fs");
        fs.appendFileSync(starts, `${i} `);
        if (i % 10 === 4) process.exit(7);
        return i;
      }),
    );
    for (const [i, each] of (await Promise.allSettled(jobs)).entries()) {
      if (i % 10 !== 4) expect(each).toEqual({ status: "fulfilled", value: i });
      else {
        const { reason } = each as PromiseRejectedResult;
        expect(reason).toBeInstanceOf(WorkerLostError);
        expect(reason).toMatchObject({ index: 0, start: 0, end: 1, exitCode: 7 });
      }
    }
    const { readFileSync } = await import("node:fs");
    const counts = new Map<number, number>();
    for (const i of readFileSync(starts, "utf8").trim().split(" ")) counts.set(+i, (counts.get(+i) ?? 0) + 1);
    expect([...counts].filter(([i, count]) => count !== (i % 10 === 4 ? 2 : 1))).toEqual([]);
    expect(readdirSync(folder)).not.toEqual([]);
  });
});
