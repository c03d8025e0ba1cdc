/** Kernels that print a lot, and a shutdown at once. */
import { ParallelExecutor } from "sharray";

const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
await executor.map([0, 1, 2, 3], (x) => {
  for (let i = 0; i < 25; i += 1) console.log(`task ${x}, line ${i}`);
  console.error("to the other stream");
});
await executor.shutdown();
