/** The twin of `nested.ts`: nothing runs in a worker before its entry, so that marks the global object. */

/** A registered symbol, so that two copies of this package in one program agree. */
export const POOL_WORKER = Symbol.for("sharray.pool-worker");

/** In a worker of the pool a new executor is sequential: the pool has the cores already. */
export function isPoolWorker(): boolean {
  return (globalThis as { readonly [POOL_WORKER]?: unknown })[POOL_WORKER] === true;
}
