/** The same in a script that knows that workers run it, too. */
import { isMainThread } from "node:worker_threads";
import { defineKernel, ParallelExecutor } from "sharray";
import { tell } from "./support.mjs";

export const triple = defineKernel(import.meta.url, "triple", (x) => 3 * x);

if (isMainThread) {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
  tell(await executor.map([1, 2], triple));
  await executor.shutdown();
}
