/** What the self-test runs: a module kernel, which also runs if text may not be compiled. */
import { defineKernel, type ReadOnly } from "sharray";

export const pass = defineKernel(import.meta.url, "pass", (part: ReadOnly<Float64Array>): number => {
  let sum = 0;
  for (let i = 0; i < part.length; i++) sum += Math.sqrt(part[i] as number) ** 2;
  return sum;
});
