/** No text may be compiled here (--disallow-code-generation-from-strings), which module kernels do not need. */
import { ParallelExecutor } from "sharray";
import { endless, twice } from "./kernels.js";
import { describe, tell, workers } from "./support.mjs";

const globals = Object.getOwnPropertyNames(globalThis);
const ended = {};
for (const strategy of ["auto", "sequential", "threads"]) {
  const executor = new ParallelExecutor({ maxWorkers: 2, strategy });
  const calls = {
    module: () => executor.map([1, 2, 3], twice),
    endless: () => executor.map([1], endless, { timeout: 30 }),
    inline: async () => executor.map([1, 2, 3], (x) => 2 * x),
    start: () => executor.start().then(() => "started"),
    shutdown: () => executor.shutdown().then(() => "shut down"),
  };
  ended[strategy] = {};
  for (const [call, make] of Object.entries(calls)) ended[strategy][call] = await make().catch(describe);
}
const added = Object.getOwnPropertyNames(globalThis).filter((name) => !globals.includes(name));
tell({ ended, added, alive: workers.alive });
