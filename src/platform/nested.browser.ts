/** The twin of `nested.ts`. Nothing runs in a worker before its entry, so the entry marks the global object. */

/** The mark: a registered symbol, so that two copies of this package in one program agree. */
export const POOL_WORKER = Symbol.for("sharray.pool-worker");

/** Whether this thread is a worker of a pool. A new executor is sequential there, because the pool has the cores already. */
export function isPoolWorker(): boolean {
  return (globalThis as { readonly [POOL_WORKER]?: unknown })[POOL_WORKER] === true;
}
