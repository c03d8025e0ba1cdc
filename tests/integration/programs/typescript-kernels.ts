import { defineKernel, type ReadOnly } from "sharray";
import { scale } from "./typescript-scale.js";

const MILE: number = 1609;

/** TypeScript that Node alone cannot run, with an import that only a loader resolves. */
export const toMetres = defineKernel(import.meta.url, "toMetres", (miles: ReadOnly<Float64Array>): number[] =>
  Array.from(miles, (value) => scale(value, MILE)),
);
