/** Threads of threads.js, which makes them of workers and terminates them. In dist it is a bundle: scripts/build-node.js. */
import { type ModuleThread, spawn, Thread } from "threads";
import type { PoolWorker } from "../../platform/pool-worker.js";

interface WorkerModule {
  flush(): void;
}

/** @returns the worker's thread, once it runs. Rejects if that takes longer; the worker may be alive then */
export function spawnThread(worker: PoolWorker, timeout: number): Promise<object> {
  // A start that times out leaves the worker alive (master/spawn.ts:46-59).
  return spawn<WorkerModule>(worker, { timeout });
}

export async function flushThread(thread: object): Promise<void> {
  // Awaited at once: threads.js listens for the answer only from then on (invocation-proxy.ts:132).
  await (thread as ModuleThread<WorkerModule>).flush();
}

export async function terminateThread(thread: object): Promise<void> {
  await Thread.terminate(thread);
}
