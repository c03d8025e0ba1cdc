import type { Executor } from "sharray";

/** What somebody wants computed, at a small size. */
export interface Workload {
  /** By the public calls. */
  run(executor: Executor): Promise<unknown>;
  /** By a plain loop; maybe a promise. */
  loop(): unknown;
  /** What is said on strategies that cannot run it. */
  readonly refusedBy?: { readonly processes: string };
}

/** Whole numbers from 0 to `below`, in no order. */
export function numbers(length: number, below: number): number[] {
  return Array.from({ length }, (_, i) => {
    const mixed = Math.imul(i + 1, 0x9e3779b1);
    return (Math.imul(mixed ^ (mixed >>> 15), 0x85ebca77) >>> 3) % below;
  });
}
