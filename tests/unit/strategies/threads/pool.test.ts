import { afterEach, describe, expect, it, vi } from "vitest";
import type { Pool } from "../../../../src/strategies/threads/pool.js";
import { poolOf } from "./real-workers.js";

let pool: Pool;

afterEach(() => pool.terminate());

describe("a pool", () => {
  it("starts as many workers as are asked for, up to its most, and they serve", async () => {
    pool = poolOf({ maxWorkers: 2 });
    expect([pool.size, pool.serving]).toEqual([0, 0]);
    expect(pool.acquire(1)).toHaveLength(1);
    expect(pool.size).toBe(1);
    await pool.start();
    expect([pool.size, pool.serving]).toEqual([2, 2]);
    expect(pool.acquire(5)).toHaveLength(2);
    expect(pool.size).toBe(2);
  });

  it("names its workers from 1, and gives the number of one that has ended to the next", async () => {
    pool = poolOf({ maxWorkers: 2 });
    await pool.start();
    const [first, second] = pool.acquire(2);
    expect([first?.number, second?.number].sort()).toEqual([1, 2]);
    await first?.terminate();
    expect(pool.size).toBe(1);
    const numbers = pool.acquire(2).map((slot) => slot.number);
    expect(numbers.sort()).toEqual([1, 2]);
  });

  it("gives the same worker first as before, because that is the likeliest to wait at its bell", async () => {
    pool = poolOf({ maxWorkers: 2 });
    await pool.start();
    const [hottest] = pool.acquire(1);
    for (let i = 0; i < 3; i += 1) expect(pool.acquire(1)[0]).toBe(hottest);
    expect(pool.acquire(2)[0]).toBe(hottest);
  });

  it("ends workers that had nothing to do for its idle time", async () => {
    pool = poolOf({ maxWorkers: 1, idleTimeout: 1 });
    await pool.start();
    await vi.waitUntil(() => pool.size === 0, { timeout: 20_000 });
  });

  it("starts none and gives none once it has been terminated", async () => {
    pool = poolOf();
    await pool.start();
    const slots = pool.acquire(2);
    await pool.terminate();
    expect([pool.size, pool.serving]).toEqual([0, 0]);
    await Promise.all(slots.map((slot) => slot.ended));
    expect(pool.acquire(2)).toEqual([]);
    await expect(pool.acquireLater(1)).rejects.toMatchObject({ code: "SHARRAY_EXECUTOR_CLOSED" });
  });

  it("says why no worker can be started", () => {
    const resourceLimits = {
      get maxOldGenerationSizeMb(): number {
        throw new RangeError("no memory");
      },
    };
    pool = poolOf({}, { workers: { resourceLimits, createWorker: undefined } });
    expect(() => pool.acquire(1)).toThrow("Cannot start a worker: no memory");
    expect(pool.size).toBe(0);
  });
});
