/** Bare threads on a scenario's tasks, without any pool: how much the machine's cores gain is theirs to tell. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { checked, type Field } from "../harness/contestant.js";
import { loop } from "../scenarios/calls.js";
import type { Prepared, Scenario } from "../scenarios/scenarios.js";
import { type Results, tasksOf } from "../scenarios/tasks.js";

/** @returns a contestant for each count of threads up to `most`, in order */
export function bareThreads(scenario: Scenario, shared: Prepared, chunk: number, most: number): Field {
  const { tasks, gather } = tasksOf(scenario, shared, chunk, "shared");
  const next = new Int32Array(new SharedArrayBuffer(4));
  const program = new URL("./bare-worker.js", import.meta.url);
  const workers = Array.from({ length: most }, () => new Worker(program, { workerData: { tasks, next } }));
  const run = async (count: number): Promise<unknown> => {
    next[0] = 0;
    const taking = workers.slice(0, count);
    const answers = taking.map((worker) => once(worker, "message"));
    for (const worker of taking) worker.postMessage(null);
    const results: unknown[] = [];
    for (const [found] of await Promise.all(answers)) for (const [i, result] of found) results[i] = result;
    return gather(results as unknown as Results);
  };
  const expected = loop(scenario, shared, chunk);
  return {
    contestants: workers.map((_, i) => checked(bareName(i + 1), () => run(i + 1), expected)),
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}

export function bareName(count: number): string {
  return `bare threads: ${count}`;
}
