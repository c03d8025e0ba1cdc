/** A workload: the same kernels, as the engine calls them and as plain workers are sent them. */

import type { ParallelExecutor, Plan } from "sharray";
import type { Answer } from "../messages.js";
import type { CloneJob } from "../ways/clone-jobs.js";

/** Results as plain numbers, so that they can be compared byte by byte. */
export type Values = Float64Array | Uint32Array;

export interface CallOptions {
  readonly strategy: "auto" | "sequential" | "threads";
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { completed: number; total: number }) => void;
}

export interface Workload {
  /** Bytes that one round reads. */
  readonly payload: number;
  /** How much one round does, and of what. */
  readonly amount: number;
  readonly unit: string;
  /** One call of the engine. */
  run(executor: ParallelExecutor, options: CallOptions): Promise<Values>;
  /** The plan of that call, where `explain` can tell it. */
  explain(executor: ParallelExecutor): Plan | undefined;
  /** The same work cut for so many plain workers, with its arrays on plain memory. */
  split(workers: number): CloneJob[];
  /** What they gave, in the order of their jobs, as `run` gives it. */
  join(parts: readonly Values[]): Values;
  answer(values: Values): Answer | Promise<Answer>;
}

/** `count` things in `parts` runs of nearly equal length. */
export function ranges(count: number, parts: number): [start: number, end: number][] {
  return Array.from({ length: parts }, (_, i) => [
    Math.floor((count * i) / parts),
    Math.floor((count * (i + 1)) / parts),
  ]);
}

/** Numbers one after another. */
export function concatenate<V extends Values>(parts: readonly V[], Kind: new (length: number) => V): V {
  const all = new Kind(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
