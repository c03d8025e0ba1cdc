/** When a call that runs on the calling thread should move to the workers. Its own tasks show what they cost. */
import { longestShare } from "./estimate.js";
import type { Estimate } from "./plan.js";

/**
 * How long the calling thread may be blocked to find out what a kernel costs. It is one slice, with room below 10 ms for what
 * follows it.
 */
export const GUARD_MS = 8;

// V8 stops a function after whole milliseconds.
const LEAST_LIMIT_MS = 1;

// A first task that is given up costs its time twice. That is worth it if the whole takes at most a quarter longer, because
// many tasks of that length remain.
const WORST_REGRET = 1.25;

/**
 * When a first task is given up, in milliseconds. It has the time that reaching the workers takes. A call that waits as long as
 * moving costs, and moves then, never loses more than twice that, however long the task is (the ski-rental bound). If the
 * remaining tasks would pay for the workers, it has no more than a slice.
 */
export function firstTaskLimit(tasks: number, width: number, threads: Estimate): number {
  const overhead = threads.spawn + threads.place + threads.dispatch;
  // A task that is alone, or moves to a single worker, gains no time.
  const least = width > 1 ? Math.max(LEAST_LIMIT_MS, Math.min(GUARD_MS, overhead)) : GUARD_MS;
  const onThreads = least + overhead + least * tasks * longestShare(tasks, width);
  return onThreads <= WORST_REGRET * least * tasks ? least : Math.max(least, overhead);
}

/** Milliseconds saved by moving `left` tasks of `perTask` milliseconds each to threads that cost `overhead` to reach. */
export function handOverGain(left: number, perTask: number, width: number, overhead: number): number {
  return left * perTask * (1 - longestShare(left, width)) - overhead;
}
