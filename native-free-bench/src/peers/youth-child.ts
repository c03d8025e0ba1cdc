/** The first calls of a process, after the pool's start: this process was started for them. */
import { Piscina } from "piscina";
import { ParallelExecutor } from "../../../dist/index.js";
import { answer } from "../harness/ask.js";
import { WORKERS } from "../harness/cell.js";
import { digest } from "../harness/digest.js";
import { median } from "../harness/statistics.js";
import { WINDOWS, type Young } from "./youth.js";

const filename = new URL("workers/increment.js", import.meta.url).href;
const items = [1, 2];

async function open(
  who: Young,
): Promise<{ readonly call: () => Promise<unknown>; readonly expected: unknown }> {
  if (who === "piscina") {
    const pool = new Piscina({ filename, minThreads: WORKERS, maxThreads: WORKERS });
    await Promise.all(Array.from({ length: WORKERS }, () => pool.run(1)));
    return { call: () => pool.run(1), expected: 2 };
  }
  const executor = new ParallelExecutor({ strategy: who, maxWorkers: WORKERS });
  await executor.start();
  const increment = (item: number): number => item + 1;
  return { call: () => executor.map(items, increment), expected: [2, 3] };
}

answer(async (who: Young) => {
  const { call, expected } = await open(who);
  const wanted = digest(expected);
  const calls = Math.max(...WINDOWS.map(([, end]) => end));
  const times = new Float64Array(calls);
  const results: unknown[] = [];
  for (let i = 0; i < calls; i += 1) {
    const started = performance.now();
    results.push(await call());
    times[i] = performance.now() - started;
  }
  // Afterwards: what compares is young, too.
  if (results.some((result) => digest(result) !== wanted)) throw new Error(`A result of "${who}" differs`);
  return { medians: WINDOWS.map(([start, end]) => median([...times.subarray(start, end)])) };
});
