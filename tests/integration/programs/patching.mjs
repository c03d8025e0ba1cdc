/** Kernels of a module that changes built-in functions. */
import { ParallelExecutor } from "sharray";
import { breaks, smallest, which } from "./patching-kernels.js";
import { tell, workers } from "./support.mjs";

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
const first = await executor.map([1, 2], which);
// If no code may be made of text, there are no inline kernels.
const hasInline = process.execArgv.length === 0;
const inline = hasInline ? await executor.map([1, 2], () => [].at("which")) : [];
await executor.map([1, 2], breaks);
const min = (await executor.map([1, 2], smallest)).map(({ least }) => least);
const again = await executor.map([1, 2], which);
await executor.shutdown();
tell({ first, inline, again, min, started: workers.started });
