/** Kernels of a module that changes built-in functions. */
import { ParallelExecutor } from "sharray";
import { breaks, which } from "./patching-kernels.js";
import { tell, workers } from "./support.mjs";

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
const first = await executor.map([1, 2], which);
const inline = await executor.map([1, 2], () => [].at("which"));
await executor.map([1, 2], breaks);
const min = await executor.map([1, 2], (x) => Math.min(x, 1));
const again = await executor.map([1, 2], which);
await executor.shutdown();
tell({ first, inline, again, min, started: workers.started });
