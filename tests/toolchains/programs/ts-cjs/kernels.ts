import { defineKernel, type ReadOnly } from "sharray";

const factor: number = 2;

export const scale = defineKernel(
  __filename,
  "scale",
  (part: ReadOnly<Float64Array>, out: Float64Array): void => {
    for (let i = 0; i < part.length; i++) out[i] = factor * part[i]!;
  },
);
