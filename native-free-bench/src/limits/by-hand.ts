/** Bare threads on work that was cut by hand: no pool, no engine, a message to begin and one at the end. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { WORKERS } from "../harness/cell.js";

/** One thread's part. It uses nothing from around it, because threads get its text. @param thread from 0 */
export type Part<D, K> = (data: D, kernel: K, thread: number, threads: number) => void;

export interface ByHand {
  /** Resolves when every thread has done its part. */
  readonly run: () => Promise<void>;
  readonly close: () => Promise<unknown>;
}

export function byHand<D, K extends (...parameters: never[]) => unknown>(
  data: D,
  kernel: K,
  part: Part<D, K>,
): ByHand {
  const source = `
    const { parentPort, workerData: { data, thread, threads } } = require("node:worker_threads");
    const kernel = ${kernel};
    const part = ${part};
    parentPort.on("message", () => {
      part(data, kernel, thread, threads);
      parentPort.postMessage(null);
    });`;
  const workers = Array.from(
    { length: WORKERS },
    (_, thread) => new Worker(source, { eval: true, workerData: { data, thread, threads: WORKERS } }),
  );
  return {
    run: async () => {
      const ended = workers.map((worker) => once(worker, "message"));
      for (const worker of workers) worker.postMessage(null);
      await Promise.all(ended);
    },
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}
