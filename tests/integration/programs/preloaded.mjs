/** Runs beside what was loaded before it (preload.mjs). */
import { ParallelExecutor } from "sharray";
import { values } from "./preload.mjs";
import { tell, workers } from "./support.mjs";

const before = await values;
const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
const after = await executor.map([3, 4], (x) => 2 * x);
await executor.shutdown();
tell({ before, after, started: workers.started });
