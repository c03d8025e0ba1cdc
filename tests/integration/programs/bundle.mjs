/** A program in one file, as bundlers make them. It does not export its kernel. */
import { defineKernel, ParallelExecutor } from "sharray";
import { tell } from "./support.mjs";

const triple = defineKernel(import.meta.url, "triple", (x) => 3 * x);
const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
tell(await executor.map([1, 2], triple).then(String, (error) => `${error.name}: ${error.message}`));
await executor.shutdown();

export { executor as server };
