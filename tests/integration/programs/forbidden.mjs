/** Under the permission model, which forbids workers and the inspector: how calls end, and what they leave open. */
import { ParallelExecutor } from "sharray";
import { twice } from "./kernels.js";
import { describe, tell } from "./support.mjs";

const fallbacks = [];
const telemetry = (event, { error, from, to }) => {
  if (event === "parallel_fallback") fallbacks.push({ from, to, error: describe(error) });
};
const late = (x) => {
  const end = performance.now() + 20;
  while (performance.now() < end);
  return x;
};
const ended = {};
for (const strategy of ["auto", "sequential", "threads"]) {
  // None is shut down: what stays open keeps the process alive.
  const executor = new ParallelExecutor({ strategy, maxWorkers: 2, telemetry });
  const calls = {
    inline: () => executor.map([1, 2, 3], (x) => 2 * x),
    module: () => executor.map([1, 2, 3], twice),
    timed: () => executor.map([1, 2, 3], (x) => 2 * x, { timeout: 10_000 }),
    late: () => executor.map([1], late, { timeout: 1 }),
    start: () => executor.start().then(() => "started"),
  };
  ended[strategy] = {};
  for (const [call, make] of Object.entries(calls)) ended[strategy][call] = await make().catch(describe);
}
const open = process.getActiveResourcesInfo().filter((name) => /Port|Worker/.test(name));
tell({ ended, fallbacks, open });
