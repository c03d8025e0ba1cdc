/** Defines a module kernel in the program's main script, which says each time that it runs. */
import { defineKernel, ParallelExecutor } from "sharray";
import { tell } from "./support.mjs";

const triple = defineKernel(import.meta.url, "triple", (x) => 3 * x);
const outcomes = [];
for (const strategy of ["sequential", "threads", "auto"]) {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
  outcomes.push(
    await executor.map([1, 2], triple).then(String, (error) => `${error.name}: ${error.message}`),
  );
  await executor.shutdown();
}
tell(outcomes);

export { triple };
