/** A bare thread: claims tasks of a list that all threads have, by an atomic addition, until none is left. */
import { parentPort, workerData } from "node:worker_threads";
import { runTask, type Task } from "../scenarios/tasks.js";

const { tasks, next } = workerData as { readonly tasks: readonly Task[]; readonly next: Int32Array };

parentPort?.on("message", () => {
  const results: [index: number, result: unknown][] = [];
  for (let i = Atomics.add(next, 0, 1); i < tasks.length; i = Atomics.add(next, 0, 1)) {
    results.push([i, runTask(tasks[i] as Task)]);
  }
  parentPort?.postMessage(results);
});
