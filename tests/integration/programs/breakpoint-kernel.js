import { defineKernel } from "sharray";

export const broken = defineKernel(import.meta.url, "broken", function broken(x) {
  if (x === 2) throw new RangeError("two"); // broken here
  return x;
});
