/** One start of a pool: this process was started for it. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ParallelExecutor } from "../../../dist/index.js";
import { answer } from "../harness/ask.js";

export type Starter = "sharray" | "two bare workers" | "one bare worker";

/** The clock runs from the first thing that a caller does to the first result of all. */
answer(async (starter: Starter) => {
  const started = performance.now();
  if (starter === "sharray") {
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
    await executor.map([0, 1], () => 0);
  } else {
    const source = 'require("node:worker_threads").parentPort.postMessage(0)';
    const workers = Array.from({ length: starter === "one bare worker" ? 1 : 2 }, () => {
      return new Worker(source, { eval: true });
    });
    await Promise.all(workers.map((worker) => once(worker, "message")));
  }
  return { ms: performance.now() - started };
});
