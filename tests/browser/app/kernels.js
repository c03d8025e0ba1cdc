// Module kernels: they use an import, and need no eval.
import { defineKernel } from "sharray";
import { norm } from "./norm.js";

export const rms = defineKernel(import.meta.url, "rms", (x) => norm(x) / Math.sqrt(x.length));

export const slowSum = defineKernel(import.meta.url, "slowSum", async (x) => {
  await null;
  if (x[0] === -1) throw new RangeError("negative");
  return x.reduce((a, b) => a + b, 0);
});
