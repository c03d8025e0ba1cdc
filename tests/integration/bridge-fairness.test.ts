/** Several clients of one executor. */
import { type ParallelDecision, type ParallelExecution, ParallelExecutor } from "sharray";
import { describe, expect, test } from "vitest";
import { runClient } from "./bridge.js";

/** Counts the calls that run at once. */
function counting() {
  const seen = { running: 0, most: 0 };
  const executor = new ParallelExecutor({
    strategy: "threads",
    maxWorkers: 2,
    telemetry: (...[event]: [event: string, payload: ParallelDecision | ParallelExecution | object]) => {
      if (event === "parallel_decision") seen.running += 1;
      if (event === "parallel_execution") seen.running -= 1;
      seen.most = Math.max(seen.most, seen.running);
    },
  });
  return { executor, seen };
}

const BUSY = "(x) => { const end = Date.now() + 1; while (Date.now() < end); return x; }";

describe("clients", () => {
  test("take turns: one with many calls does not keep another one waiting", async () => {
    const { executor, seen } = counting();
    await executor.start();
    const [many, few] = await Promise.all([
      runClient<number[]>(executor, "many calls", { calls: 300, kernel: BUSY }),
      runClient<number[]>(executor, "many calls", { calls: 5, kernel: BUSY }),
    ]);
    expect([many.length, few.length]).toEqual([300, 5]);
    // Whichever came first, the calls of the second were not behind all of the other's.
    const first = Math.min(...few);
    const last = Math.max(...few);
    const during = many.filter((time) => time > first && time < last).length;
    const after = many.filter((time) => time > last).length;
    expect(during).toBeLessThan(100);
    expect(after).toBeGreaterThan(100);
    // Two per worker, and one for each client that would have none.
    expect(seen.most).toBeLessThanOrEqual(5);
    await executor.shutdown();
  });

  test("have as many calls at once as their limit allows; the others wait", async () => {
    const { executor, seen } = counting();
    const order = await runClient<number[]>(
      executor,
      "many calls",
      { calls: 40, kernel: BUSY },
      { maxCalls: 1 },
    );
    expect(order).toHaveLength(40);
    expect(seen.most).toBe(1);
    await executor.shutdown();
  });
});
