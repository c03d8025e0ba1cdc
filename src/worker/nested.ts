// A registered symbol, so that two copies of this package in one program agree.
const MARK = Symbol.for("sharray.pool-worker");

/** Called once by a worker of the pool, before any kernel runs. */
export function markPoolWorker(): void {
  (globalThis as { [MARK]?: true })[MARK] = true;
}

/** In a worker of the pool a new executor is sequential: the pool has the cores already. */
export function isPoolWorker(): boolean {
  return (globalThis as { [MARK]?: true })[MARK] === true;
}
