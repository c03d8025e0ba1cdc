import { afterEach, describe, expect, it } from "vitest";
import type { RunReport } from "../../../../src/strategies/strategy.js";
import type { Pool } from "../../../../src/strategies/threads/pool.js";
import { ThreadsRun } from "../../../../src/strategies/threads/threads-run.js";
import { jobOver, numbers, type Prepared, poolOf, resultsOf } from "./real-workers.js";

let pool: Pool;

afterEach(() => pool.terminate());

async function run({ arena, job, placed }: Prepared, maxRetries = 1, expected?: number): Promise<RunReport> {
  return new ThreadsRun(pool, arena, placed, maxRetries, expected).run(job, 2);
}

describe("a job on threads", () => {
  it("has the results of all tasks in order, and reports who ran them", async () => {
    pool = poolOf();
    const prepared = jobOver(numbers(100), (view) => 2 * (view[0] as number));
    const report = await run(prepared);
    expect(resultsOf(prepared.job)).toEqual(Array.from({ length: 100 }, (_, i) => 2 * i));
    expect(report).toMatchObject({ strategy: "threads", workers: 2, ran: 100, left: 0, retries: 0 });
    expect(report.metadataBytes).toBeGreaterThan(0);
  });

  it("takes values that are no numbers, too", async () => {
    pool = poolOf();
    const prepared = jobOver(numbers(3), (view) => ({ list: [...view] }));
    await run(prepared);
    expect(resultsOf(prepared.job)).toEqual([{ list: [0] }, { list: [1] }, { list: [2] }]);
  });

  it("wakes one worker for a job that is expected to be short", async () => {
    pool = poolOf();
    await pool.start();
    const prepared = jobOver(numbers(2), (view) => view.length);
    await run(prepared, 1, 0.001);
    expect(resultsOf(prepared.job)).toEqual([1, 1]);
  });

  it("wakes no worker for a job that was stopped", async () => {
    pool = poolOf();
    const prepared = jobOver(numbers(2), (view) => view.length);
    prepared.job.stop("enough");
    expect(await run(prepared)).toMatchObject({ workers: 0, busy: 0 });
    expect(pool.size).toBe(0);
  });

  it("keeps the failure of the task that comes first", async () => {
    pool = poolOf();
    const prepared = jobOver(numbers(50), (view) => {
      if ((view[0] as number) >= 10) throw new RangeError(`task ${view[0]}`);
      return 0;
    });
    await run(prepared);
    expect(prepared.job.failure).toMatchObject({ index: 10 });
  });

  it("runs elsewhere what a lost worker left, and gives up the task that ends workers", async () => {
    pool = poolOf();
    const input = numbers(20);
    const prepared = jobOver(input, (view) => {
      if (view[0] === 7) (globalThis as { process?: { exit(code: number): void } }).process?.exit(5);
      return view[0];
    });
    await expect(run(prepared)).rejects.toMatchObject({
      code: "SHARRAY_WORKER_LOST",
      exitCode: 5,
      index: 7,
      start: 7,
      end: 8,
    });
  });

  it("fails a task whose time is up", async () => {
    pool = poolOf();
    const prepared = jobOver(
      numbers(1),
      () => {
        for (;;);
      },
      20,
    );
    await run(prepared);
    expect(prepared.job.failure).toEqual({ index: 0, thrown: undefined });
  });
});
