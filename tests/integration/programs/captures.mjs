/** A kernel with a captured variable, under flags of Node. */
import { KernelCaptureError, ParallelExecutor } from "sharray";
import { tell } from "./support.mjs";

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
const factor = 2;
try {
  tell({ values: await executor.map([1, 2], (x) => x * factor + 1) });
} catch (error) {
  if (!(error instanceof KernelCaptureError)) throw error;
  tell({ refused: error.variables });
}
await executor.shutdown();
