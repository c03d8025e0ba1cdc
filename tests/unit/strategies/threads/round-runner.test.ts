import { afterEach, describe, expect, it } from "vitest";
import { packPlaces } from "../../../../src/protocol/descriptor.js";
import { openRound } from "../../../../src/protocol/round.js";
import type { Pool } from "../../../../src/strategies/threads/pool.js";
import { RoundRunner } from "../../../../src/strategies/threads/round-runner.js";
import { jobOver, numbers, type Prepared, poolOf, resultsOf } from "./real-workers.js";

let pool: Pool;

afterEach(() => pool.terminate());

function runnerOf({ arena, job, placed }: Prepared, workers: number, isShort = false): RoundRunner {
  const { spec, kernel, packing } = job.parts;
  const descriptor = {
    spec,
    kernel: kernel.id,
    block: placed.block.memory,
    packing,
    tasks: spec.tasks,
    stream: false,
    slots: true,
    grows: true,
    logged: 0,
    places: packPlaces(placed.places),
  };
  const round = openRound(arena, descriptor, workers, undefined, isShort);
  job.parts.lease.add(round.region);
  return new RoundRunner(job, round, spec.tasks, placed, pool);
}

describe("a round", () => {
  it("ends when all its tasks have, and has lost no worker", async () => {
    pool = poolOf();
    const prepared = jobOver(numbers(1000), (view) => (view[0] as number) + 1);
    const runner = runnerOf(prepared, 2);
    for (const slot of pool.acquire(2)) runner.wakeSlot(slot);
    expect(await runner.untilEnd()).toEqual([]);
    expect(resultsOf(prepared.job)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(runner.workers).toBe(2);
    expect(runner.ready()).toBeGreaterThanOrEqual(runner.woken);
  });

  it("that is short wakes one worker, and ends without a message", async () => {
    pool = poolOf();
    await pool.start();
    for (let i = 0; i < 20; i += 1) {
      const prepared = jobOver(numbers(2), (view) => view[0]);
      const runner = runnerOf(prepared, 2, true);
      runner.wakeOne(pool.acquire(2));
      expect(await runner.untilEnd()).toEqual([]);
      expect(resultsOf(prepared.job)).toEqual([0, 1]);
    }
  });

  it("that turns out not to be short gets its other workers", async () => {
    pool = poolOf();
    await pool.start();
    const met = numbers(2);
    // Each of the two tasks waits for the other one.
    const prepared = jobOver(met, (view) => {
      const both = new Int32Array(view.buffer);
      Atomics.store(both, view.byteOffset / 4, -1);
      while (Atomics.load(both, 0) !== -1 || Atomics.load(both, 1) !== -1);
      return 0;
    });
    const runner = runnerOf(prepared, 2, true);
    runner.wakeOne(pool.acquire(2));
    expect(await runner.untilEnd()).toEqual([]);
    expect(runner.workers).toBe(2);
  });

  it("tells which worker it has lost, and at which task", async () => {
    pool = poolOf({ maxWorkers: 1 });
    const prepared = jobOver(numbers(4), (view) => {
      if (view[0] === 2) (globalThis as { process?: { exit(code: number): void } }).process?.exit(4);
      return 0;
    });
    const runner = runnerOf(prepared, 1);
    for (const slot of pool.acquire(1)) runner.wakeSlot(slot);
    expect(await runner.untilEnd()).toMatchObject([{ exitCode: 4, index: 2, isForeign: false }]);
  });

  it("ends at once when its job is stopped", async () => {
    pool = poolOf({ maxWorkers: 1 });
    const running = numbers(1);
    const prepared = jobOver(running, (view) => {
      Atomics.store(view as Int32Array, 0, 1);
      for (;;);
    });
    const runner = runnerOf(prepared, 1);
    const slots = pool.acquire(1);
    for (const slot of slots) runner.wakeSlot(slot);
    const over = runner.untilEnd();
    while (Atomics.load(running, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
    prepared.job.stop("enough");
    // Its worker does not look whether anybody waits: it is ended.
    expect(await over).toMatchObject([{ isForeign: true }]);
  });
});
