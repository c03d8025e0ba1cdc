/** A module whose kernel takes a while to load. */
import { setTimeout as sleep } from "node:timers/promises";
import { defineKernel } from "sharray";

await sleep(100);

export const slowToLoad = defineKernel(import.meta.url, "slowToLoad", (x) => 2 * x);
