/** Tells workers of a pool from other threads; `nested.browser.ts` is the twin. */
import { builtInModule } from "./built-in-module.js";
import { POOL_PARENT } from "./pool-parent.js";

/** A key in the data of each worker of a pool. Modules that are loaded before its entry (`--import`, `--require`) see it, too. */
export const POOL_WORKER = "sharray.pool-worker";

// Workers have no `process.abort`, and Node says so by this mark. Asking node:worker_threads takes 5 ms of the main thread.
const mayBeWorker =
  process.versions["bun"] !== undefined ||
  process.versions["deno"] !== undefined ||
  (process.abort as { readonly disabled?: boolean }).disabled === true;

const isPoolChild = parentOfPool() === String(process.ppid);

function parentOfPool(): string | undefined {
  try {
    return process.env[POOL_PARENT];
  } catch {
    // Deno has no permission to tell.
    return undefined;
  }
}

/** Whether this thread is a worker of a pool. A new executor is sequential there, because the pool has the cores already. */
export function isPoolWorker(): boolean {
  if (isPoolChild) return true;
  if (!mayBeWorker) return false;
  const { workerData } = builtInModule("node:worker_threads");
  return (workerData as { readonly [POOL_WORKER]?: unknown } | null | undefined)?.[POOL_WORKER] === true;
}
