import { defineKernel } from "sharray";

const factor = 2;

export const scale = defineKernel(import.meta.url, "scale", (part, out) => {
  for (let i = 0; i < part.length; i++) out[i] = factor * part[i];
});
