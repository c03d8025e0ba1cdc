/** Single jobs for long: workers are ended at random moments, while jobs are ranked anew, replaced, cancelled, and submitted. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { ParallelExecutor, type SingleJob } from "sharray";
import { expect, test } from "vitest";
import { until } from "./bridge.js";

const JOBS = 6000;
const KILLS = 25;
/** Jobs that are pending at a time, at most. */
const MOST = 400;
const KEYS = 8;

type Outcome = { readonly value: unknown } | { readonly reason: unknown };

/** The same numbers in each run: what differs is where the workers are by then. */
function randomly(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

test.each([1, 2, 3])(
  "every job ends exactly once while workers end at random (seed %i)",
  async (seed) => {
    const random = randomly(seed);
    const workers: Worker[] = [];
    const note = (worker: Worker): void => void workers.push(worker);
    process.on("worker", note);
    await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 3, maxRetries: 1000 });
    const runs = executor.allocate(Int32Array, JOBS);
    const outcomes: Outcome[][] = Array.from({ length: JOBS }, () => []);
    const jobs = new Map<number, SingleJob<unknown>>();
    const cancelled = new Set<number>();
    let replaceable = 0;
    let ended = 0;
    const submit = (i: number): void => {
      const isKeyed = random(6) === 0;
      if (isKeyed) replaceable += 1;
      const job = executor.submit(
        { i, spins: random(40) === 0 ? 200_000 : 10 },
        ({ i, spins }, { runs }) => {
          Atomics.add(runs, i, 1);
          let sum = 0;
          for (let spin = 0; spin < spins; spin += 1) sum += Math.sqrt(spin);
          if (i % 97 === 5) throw new Error(`no ${i}`);
          return sum < 0 ? sum : i % 3 === 0 ? { i } : i;
        },
        {
          writable: { runs },
          idempotent: true,
          priority: random(5),
          ...(isKeyed && { latest: `key ${random(KEYS)}` }),
        },
      );
      jobs.set(i, job);
      const settle = (outcome: Outcome): void => {
        outcomes[i]?.push(outcome);
        jobs.delete(i);
        ended += 1;
      };
      job.then(
        (value) => settle({ value }),
        (reason: unknown) => settle({ reason }),
      );
    };
    const one = (): readonly [number, SingleJob<unknown>] | undefined => {
      const at = random(Math.max(1, jobs.size));
      return [...jobs][at];
    };
    let submitted = 0;
    let killed = 0;
    while (submitted < JOBS) {
      for (let more = random(60); more > 0 && submitted < JOBS && jobs.size < MOST; more -= 1) {
        submit(submitted);
        submitted += 1;
      }
      for (let changes = random(6); changes > 0; changes -= 1) {
        const [, job] = one() ?? [];
        if (job !== undefined) job.priority = random(9) - 2;
      }
      if (random(3) === 0) {
        const [i, job] = one() ?? [];
        if (job !== undefined && i !== undefined) {
          cancelled.add(i);
          job.cancel(`cancelled ${i}`);
        }
      }
      if (killed < KILLS && submitted > (killed * JOBS) / KILLS && workers.length > 0) {
        killed += 1;
        await workers.splice(random(workers.length), 1)[0]?.terminate();
      }
      await nextTurn();
    }
    await until(() => ended === JOBS, "the end of all jobs");
    process.off("worker", note);
    expect(killed).toBe(KILLS);
    let replaced = 0;
    for (let i = 0; i < JOBS; i += 1) {
      expect(outcomes[i]).toHaveLength(1);
      const [outcome] = outcomes[i] as [Outcome];
      const reason = "reason" in outcome ? outcome.reason : undefined;
      if (reason instanceof DOMException && reason.name === "AbortError") replaced += 1;
      else if (cancelled.has(i) && reason !== undefined && !(reason instanceof Error))
        expect(reason).toBe(`cancelled ${i}`);
      else if (i % 97 === 5) expect(reason).toMatchObject({ cause: { message: `no ${i}` } });
      else expect(outcome).toEqual({ value: i % 3 === 0 ? { i } : i });
      // A job runs again only if a worker that had it was lost.
      expect(runs[i]).toBeLessThanOrEqual(1 + killed);
      if (reason === undefined) expect(runs[i]).toBeGreaterThan(0);
    }
    expect(replaced).toBeGreaterThan(0);
    expect(replaced).toBeLessThan(replaceable);
    const total = runs.reduce((sum, count) => sum + count, 0);
    // Of a round that a lost worker was at, what had a result stays: only one job of it runs again.
    expect(total).toBeLessThanOrEqual(JOBS + killed);
    expect(executor.pending).toBe(0);
    const { submitted: counted, completed, failures } = executor.metrics.snapshot();
    expect([counted, completed + failures]).toEqual([JOBS, JOBS]);
    expect(await executor.submit(1, (x) => x + 1)).toBe(2);
  },
  60_000,
);
