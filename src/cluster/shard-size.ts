/** How many tasks make a shard. Pure. */

/** Milliseconds of a node: some hundred times what a job of the queue costs it. */
const MOST_MS = 250;
/** Shorter shards would cost more in the queue than they gain at the end. */
const LEAST_MS = 25;
/** Each thread gets several of what is left, so that nodes end together. */
const SHARDS_PER_THREAD = 3;
// Nothing is known of the first ones.
const FIRST_SHARE = 16;
const MOST_FIRST = 64;

export interface Standing {
  /** Tasks that no node has. */
  readonly left: number;
  /** Milliseconds of one thread; `undefined` if nobody knows. */
  readonly perTask: number | undefined;
  readonly nodes: number;
  /** Of all nodes together. */
  readonly threads: number;
}

export function shardTasks({ left, perTask, nodes, threads }: Standing): number {
  if (perTask === undefined) return Math.min(left, MOST_FIRST, Math.ceil(left / (FIRST_SHARE * threads)));
  const threadsOfNode = Math.max(1, threads / Math.max(1, nodes));
  const inMs = (ms: number): number => (ms * threadsOfNode) / Math.max(perTask, 1e-6);
  const share = left / (SHARDS_PER_THREAD * threads);
  return Math.min(left, Math.max(1, Math.floor(Math.min(inMs(MOST_MS), Math.max(inMs(LEAST_MS), share)))));
}
