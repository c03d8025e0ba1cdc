/** To be loaded by `--import` or, through preload.cjs, `--require`: uses an executor in every thread that loads it. */
import "./support.mjs";
import { ParallelExecutor } from "sharray";

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
export const values = executor.map([1, 2], (x) => 2 * x);
await values;
