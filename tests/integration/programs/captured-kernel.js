import { readFileSync } from "node:fs";
import { defineKernel } from "sharray";

const weight = readFileSync(new URL(import.meta.url), "utf8").length > 0 ? 7 : 0;

/** Uses what no text could take along. */
export const weigh = defineKernel(import.meta.url, "weigh", (x) => x * weight);
