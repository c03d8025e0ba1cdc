/** Single jobs that share rounds: their order, that each runs once, and that none suffers from another one. */
import fc from "fast-check";
import {
  KernelError,
  ParallelExecutor,
  type ParallelOptions,
  PayloadMutatedError,
  type SingleJob,
  type Telemetry,
  WorkerLostError,
} from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { until } from "./bridge.js";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const started = (executor: ParallelExecutor, count: number): Int32Array<SharedArrayBuffer> =>
  executor.allocate(Int32Array, count);

/** A worker that runs one job until the gate is open, with what waits behind it. */
async function hold(executor: ParallelExecutor): Promise<() => Promise<void>> {
  const gate = executor.allocate(Int32Array, 2);
  const held = executor.submit(
    0,
    async (_item, { gate }) => {
      Atomics.store(gate, 1, 1);
      while (Atomics.load(gate, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    { writable: { gate }, priority: 1e9 },
  );
  await until(() => gate[1] === 1, "a worker that is held");
  return () => {
    Atomics.store(gate, 0, 1);
    return held;
  };
}

const job = fc.record({
  priority: fc.constantFrom(-1, 0, 0, 0, 0.5, 2),
  does: fc.constantFrom("number", "number", "number", "object", "throw"),
  // What becomes of it while it waits.
  fate: fc.oneof(
    { weight: 4, arbitrary: fc.constant({ kind: "nothing" } as const) },
    { weight: 1, arbitrary: fc.constant({ kind: "cancel" } as const) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("rank" as const), priority: fc.constantFrom(-2, 0, 3) }),
    },
  ),
});

describe.each(["sequential", "threads"] as const)("the rounds of one thread (%s)", (strategy) => {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 1 });
  afterAll(() => executor.shutdown());

  test("run every job that was not cancelled once, by rank, with its own outcome", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(job, { minLength: 1, maxLength: 60 }), async (plan) => {
        const open = await hold(executor);
        // How many have started, and which, in their order.
        const log = started(executor, 1 + plan.length);
        const jobs = plan.map(({ priority, does }, i) =>
          executor.submit(
            { i, does },
            ({ i, does }, { log }) => {
              log[1 + Atomics.add(log, 0, 1)] = i;
              if (does === "throw") throw new Error(`no ${i}`);
              return does === "number" ? i : { i };
            },
            { writable: { log }, priority },
          ),
        );
        for (const [i, { fate }] of plan.entries()) {
          if (fate.kind === "cancel") (jobs[i] as SingleJob<unknown>).cancel(`not ${i}`);
          else if (fate.kind === "rank") (jobs[i] as SingleJob<unknown>).priority = fate.priority;
        }
        const outcomes = Promise.allSettled(jobs);
        await open();
        for (const [i, outcome] of (await outcomes).entries()) {
          const { does, fate } = plan[i] as (typeof plan)[number];
          if (fate.kind === "cancel") expect(outcome).toEqual({ status: "rejected", reason: `not ${i}` });
          else if (does === "throw") {
            expect(outcome).toMatchObject({ status: "rejected", reason: { cause: { message: `no ${i}` } } });
          } else expect(outcome).toEqual({ status: "fulfilled", value: does === "number" ? i : { i } });
        }
        const rank = (i: number): number => {
          const { priority, fate } = plan[i] as (typeof plan)[number];
          return fate.kind === "rank" ? fate.priority : priority;
        };
        const expected = upTo(plan.length)
          .filter((i) => plan[i]?.fate.kind !== "cancel")
          .sort((a, b) => rank(b) - rank(a) || a - b);
        expect([...log.subarray(1, 1 + (log[0] as number))]).toEqual(expected);
        expect(executor.pending).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

describe.each([1, 2])("rounds on %i workers", (maxWorkers) => {
  const on: ParallelOptions = { strategy: "threads", maxWorkers };

  test("take many jobs that are short, each once", async () => {
    const rounds: number[] = [];
    const telemetry: Telemetry = (event, payload) => {
      if (event === "parallel_execution") rounds.push(payload.items);
    };
    await using executor = new ParallelExecutor({ ...on, telemetry });
    const runs = started(executor, 20_000);
    const jobs = upTo(runs.length).map((i) =>
      executor.submit(i, (i, { runs }) => Atomics.add(runs, i, 1), { writable: { runs }, idempotent: true }),
    );
    expect(new Set(await Promise.all(jobs))).toEqual(new Set([0]));
    expect(runs.every((count) => count === 1)).toBe(true);
    await executor.shutdown();
    expect(rounds.reduce((sum, items) => sum + items, 0)).toBe(runs.length);
    expect(rounds.length).toBeLessThan(runs.length / 10);
  });

  test("settle jobs that have ended while another one goes on, and go on elsewhere without it", async () => {
    await using executor = new ParallelExecutor(on);
    const gate = executor.allocate(Int32Array, 1);
    const STUCK = 3000;
    const submit = (i: number): SingleJob<number> =>
      executor.submit(
        i,
        (i, { gate }) => {
          while (i === STUCK && Atomics.load(gate, 0) === 0);
          return i;
        },
        { writable: { gate }, idempotent: true },
      );
    const jobs = upTo(6000).map(submit);
    expect(await Promise.all(jobs.slice(0, STUCK))).toEqual(upTo(STUCK));
    const urgent = submit(-1);
    urgent.priority = 1;
    // Another worker takes what the one that is held would have run next.
    if (maxWorkers > 1)
      expect(await Promise.all([urgent, ...jobs.slice(STUCK + 1)])).toHaveLength(6000 - STUCK);
    Atomics.store(gate, 0, 1);
    expect(await Promise.all(jobs)).toEqual(upTo(6000));
    expect(await urgent).toBe(-1);
  });

  test("lose a job that goes on for long after it was cancelled, with its worker, and no other", async () => {
    await using executor = new ParallelExecutor(on);
    const STUCK = 3000;
    const runs = started(executor, 6000);
    const jobs = upTo(runs.length).map((i) =>
      executor.submit(
        i,
        (i, { runs }) => {
          Atomics.add(runs, i, 1);
          while (i === STUCK);
          return i;
        },
        { writable: { runs }, idempotent: true },
      ),
    );
    const stuck = jobs[STUCK] as SingleJob<number>;
    const others = jobs.filter((job) => job !== stuck);
    const outcome = Promise.allSettled([stuck]);
    await until(() => runs[STUCK] === 1, "the job that goes on");
    stuck.cancel("enough");
    expect(await outcome).toEqual([{ status: "rejected", reason: "enough" }]);
    expect(await Promise.all(others)).toHaveLength(5999);
    expect(runs.every((count) => count === 1)).toBe(true);
  });

  test("keep every job apart from those that fail and those that end their worker", async () => {
    await using executor = new ParallelExecutor({ ...on, maxRetries: 1 });
    const runs = started(executor, 3000);
    const jobs = upTo(runs.length).map((i) =>
      executor.submit(
        i,
        (i, { runs }) => {
          Atomics.add(runs, i, 1);
          if (i % 500 === 250) process.exit(3);
          if (i % 100 === 7) throw new Error(`no ${i}`);
          return i % 3 === 0 ? { i } : i;
        },
        { writable: { runs }, idempotent: true },
      ),
    );
    for (const [i, outcome] of (await Promise.allSettled(jobs)).entries()) {
      if (i % 500 === 250) {
        expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(WorkerLostError);
        expect(runs[i]).toBe(2);
        continue;
      }
      expect(runs[i]).toBe(1);
      if (i % 100 === 7) expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(KernelError);
      else expect(outcome).toEqual({ status: "fulfilled", value: i % 3 === 0 ? { i } : i });
    }
  });

  test("do not run a job again that writes the caller's arrays, unless it is idempotent", async () => {
    await using executor = new ParallelExecutor({ ...on, maxRetries: 3 });
    const runs = started(executor, 400);
    const jobs = upTo(runs.length).map((i) =>
      executor.submit(
        i,
        (i, { runs }) => {
          Atomics.add(runs, i, 1);
          if (i === 200) process.exit(3);
          return i;
        },
        { writable: { runs } },
      ),
    );
    const outcomes = await Promise.allSettled(jobs);
    const { reason } = outcomes[200] as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(WorkerLostError);
    expect(reason.message).toMatch(/^Task 0 \(elements 0 to 1\) was interrupted .*"idempotent"/);
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(1);
    expect([...runs]).toEqual(upTo(400).map(() => 1));
  });
});

describe("what jobs of one kernel are given", () => {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
  afterAll(() => executor.shutdown());

  test("is what it was when each was submitted", async () => {
    const args = { rate: 1, weights: Float64Array.of(1, 2) };
    const shared = { offset: 10, table: executor.share(Float64Array.of(5, 6)) };
    const item = { x: 1 };
    let factor = 100;
    const submit = (): SingleJob<number> =>
      executor.submit(
        item,
        ({ x }, { offset, table }, { args: { rate, weights } }) =>
          x * factor + rate + (weights[0] as number) / 10 + offset * 1000 + (table[1] as number) * 1e6,
        { args, shared },
      );
    const open = await hold(executor);
    const jobs = [submit()];
    item.x = 2;
    jobs.push(submit());
    args.rate = 2;
    jobs.push(submit());
    args.weights[0] = 5;
    jobs.push(submit());
    shared.offset = 20;
    jobs.push(submit());
    shared.table = executor.share(Float64Array.of(5, 7));
    jobs.push(submit());
    factor = 300;
    jobs.push(submit());
    await open();
    expect(await Promise.all(jobs)).toEqual([
      6010101.1, 6010201.1, 6010202.1, 6010202.5, 6020202.5, 7020202.5, 7020602.5,
    ]);
  });

  test("is one round's, if it is the same", async () => {
    const rounds: [string, number][] = [];
    const telemetry: Telemetry = (event, payload) => {
      if (event === "parallel_execution") rounds.push([payload.call, payload.items]);
    };
    await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1, telemetry });
    const table = executor.share(Float64Array.of(1, 2));
    const kernel = (i: number, { table }: { readonly table: { readonly [i: number]: number } }): number =>
      table[i % 2] as number;
    // Rounds grow as jobs turn out to be short.
    await Promise.all(upTo(500).map((i) => executor.submit(i, kernel, { shared: { table } })));
    rounds.length = 0;
    await Promise.all(upTo(8).map((i) => executor.submit(i, (i) => i)));
    const open = await hold(executor);
    const jobs = upTo(40).map((i) => executor.submit(i, kernel, { shared: { table } }));
    await open();
    await Promise.all(jobs);
    await executor.shutdown();
    expect(rounds.every(([call]) => call === "submit")).toBe(true);
    // The first ones tell how long they are: those take 1, 4 and 16 of them, the last one the rest.
    expect(rounds.filter(([, items]) => items > 1).length).toBeGreaterThan(0);
    expect(rounds.length).toBeLessThan(25);
    expect(rounds.reduce((sum, [, items]) => sum + items, 0)).toBe(49);
  });

  test("is not changed by one job for another: the one that changes it is told", async () => {
    await using executor = new ParallelExecutor({
      strategy: "threads",
      maxWorkers: 1,
      verifyImmutable: true,
    });
    const table = executor.share(new Float64Array(4));
    const jobs = upTo(6).map((i) =>
      executor.submit(
        i,
        (i, { table }) => {
          if (i === 3) (table as unknown as Float64Array)[2] = 1;
          return i;
        },
        { shared: { table } },
      ),
    );
    const outcomes = await Promise.allSettled(jobs);
    expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual([
      true,
      true,
      true,
      false,
      true,
      true,
    ]);
    expect((outcomes[3] as PromiseRejectedResult).reason).toBeInstanceOf(PayloadMutatedError);
  });
});

describe("metrics", () => {
  test("count each job as a call, those that never ran among them", async () => {
    await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
    const open = await hold(executor);
    const jobs = upTo(10).map((i) =>
      executor.submit(i, (i) => {
        if (i === 4) throw new Error("no");
      }),
    );
    (jobs[6] as SingleJob<void>).cancel();
    const outcomes = Promise.allSettled(jobs);
    await open();
    await outcomes;
    expect(executor.metrics.snapshot()).toMatchObject({
      submitted: 11,
      completed: 9,
      failures: 2,
      retries: 0,
    });
  });
});

describe("two thousand jobs, ranked anew again and again, most of them cancelled, one worker killed", () => {
  test.each([1, 2])(
    "end each exactly once on %i workers; none that was cancelled starts; urgent ones start next",
    async (maxWorkers) => {
      await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers });
      const count = 2000;
      const log = executor.allocate(Int32Array, 2 + 2 * count);
      const kernel = ({ i, ms }: { i: number; ms: number }, { log }: { log: Int32Array }): number => {
        log[1 + Atomics.add(log, 0, 1)] = i;
        // Only the first try: the job runs again on another worker.
        if (i === 1111 && Atomics.add(log, log.length - 1, 1) === 0) process.exit(1);
        const end = performance.now() + ms;
        while (performance.now() < end);
        return i;
      };
      const startedSoFar = (): readonly number[] => [...log.subarray(1, 1 + Atomics.load(log, 0))];
      let seed = 1;
      const random = (): number => {
        seed = (seed * 48271) % 2147483647;
        return seed / 2147483647;
      };
      let settled = 0;
      const outcomes: string[][] = upTo(count).map(() => []);
      const cancelled = new Set<number>();
      const jobs = new Map<number, SingleJob<number>>();
      const submit = (i: number, priority: number): void => {
        const options = { writable: { log }, idempotent: true, priority };
        const job = executor.submit({ i, ms: 1 + 4 * random() }, kernel, options);
        jobs.set(i, job);
        job
          .then(
            () => outcomes[i]?.push("result"),
            (reason: unknown) => outcomes[i]?.push(String(reason)),
          )
          .finally(() => {
            settled += 1;
            jobs.delete(i);
          });
      };
      const urgent = upTo(40).map((i) => 1960 + i);
      for (const i of upTo(1960)) submit(i, random());
      (jobs.get(1111) as SingleJob<number>).priority = 0.9999;
      // Those that are not among the best wait for certain.
      const waiting = (): number[] =>
        [...jobs]
          .sort(([, a], [, b]) => b.priority - a.priority)
          .map(([i]) => i)
          .slice(4 * maxWorkers);
      const delays: number[] = [];
      const soFar = new Map<number, number>();
      for (const each of urgent) {
        for (const i of waiting().filter((i) => i < 1960)) {
          if (i !== 1111 && cancelled.size < 1200 && random() < 0.03) {
            cancelled.add(i);
            (jobs.get(i) as SingleJob<number>).cancel(`cancelled ${i}`);
          } else if (i !== 1111) (jobs.get(i) as SingleJob<number>).priority = random();
        }
        const before = startedSoFar().length;
        soFar.set(each, before);
        submit(each, 2);
        await until(() => startedSoFar().length >= before + 12, "some jobs that start");
      }
      for (const i of waiting()) {
        if (cancelled.size === 1200) break;
        if (i === 1111 || i >= 1960) continue;
        cancelled.add(i);
        (jobs.get(i) as SingleJob<number>).cancel(`cancelled ${i}`);
      }
      await until(() => settled === count, "the end of all jobs");
      expect(cancelled.size).toBe(1200);
      const order = startedSoFar();
      for (const i of upTo(count)) {
        expect(outcomes[i]).toEqual([cancelled.has(i) ? `cancelled ${i}` : "result"]);
        expect(order.filter((other) => other === i)).toHaveLength(cancelled.has(i) ? 0 : i === 1111 ? 2 : 1);
      }
      // How many that are not urgent started in between. With two workers the system decides which of two that were sent begins first.
      for (const each of urgent) {
        delays.push(order.slice(soFar.get(each), order.indexOf(each)).filter((i) => i < 1960).length);
      }
      if (maxWorkers === 1) expect(Math.max(...delays)).toBeLessThanOrEqual(1);
    },
  );
});
