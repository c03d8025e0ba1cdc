/** Nobody may add anything to the global object. */
import { ParallelExecutor } from "sharray";
import { describe, tell } from "./support.mjs";

Object.freeze(globalThis);
const ended = {};
for (const strategy of ["auto", "sequential", "threads"]) {
  const executor = new ParallelExecutor({ maxWorkers: 2, strategy });
  // biome-ignore lint/suspicious/noShadowRestrictedNames: that is what is looked for
  const Math = { max: () => 7 };
  const calls = {
    inline: () => executor.map([1, 2, 3], (x) => 2 * x),
    timed: () => executor.map([1, 2, 3], (x) => 2 * x, { timeout: 10_000 }),
    endless: () =>
      executor.map(
        [1],
        () => {
          for (;;);
        },
        { timeout: 30 },
      ),
    hidden: () => executor.map([1], (x) => Math.max(x)),
    refused: async () => executor.map([1], (x) => Math.max(x), { captures: "error" }),
    shutdown: () => executor.shutdown().then(() => "shut down"),
  };
  ended[strategy] = {};
  for (const [call, make] of Object.entries(calls)) ended[strategy][call] = await make().catch(describe);
}
tell(ended);
