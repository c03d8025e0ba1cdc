/** TypeScript that Node runs by itself from 22.18 on: nothing but types to take away. */
import { defineKernel, type ParallelExecutor, type ReadOnly } from "sharray";

const FACTOR: number = 2;

export const scaled = defineKernel(import.meta.url, "scaled", (x: ReadOnly<Float64Array>): number[] =>
  Array.from(x, (value: number): number => FACTOR * value),
);

export function tripled(executor: ParallelExecutor): Promise<number[]> {
  return executor.map([1, 2], (item: number): number => item * (3 as number));
}
