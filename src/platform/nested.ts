/** Whether this thread is a worker of a pool; `nested.browser.ts` is the twin. */
import { workerData } from "node:worker_threads";

/** In the data of each worker of a pool, which also modules have that are loaded before its entry (`--import`, `--require`). */
export const POOL_WORKER = "sharray.pool-worker";

/** In a worker of the pool a new executor is sequential: the pool has the cores already. */
export function isPoolWorker(): boolean {
  return (workerData as { readonly [POOL_WORKER]?: unknown } | null | undefined)?.[POOL_WORKER] === true;
}
