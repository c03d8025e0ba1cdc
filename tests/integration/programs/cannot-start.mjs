/** Has a pool that cannot start, for the reason that its first argument names, under settings in JSON. */
import { ParallelExecutor } from "sharray";
import { failingInitializer } from "./kernels.js";
import { describe, tell, workers } from "./support.mjs";

const reasons = {
  "heap limit": { resourceLimits: { maxOldGenerationSizeMb: 3, maxYoungGenerationSizeMb: 1 } },
  initializer: { workerInitializer: failingInitializer },
};
const [reason, settings] = process.argv.slice(2);
const events = [];
const executor = new ParallelExecutor({
  maxWorkers: 2,
  telemetry: (event, payload) =>
    events.push({ event, ...payload, error: payload.error && describe(payload.error) }),
  ...reasons[reason],
  ...JSON.parse(settings),
});
// The hint makes "auto" choose threads.
const values = await executor.map([1, 2, 3], (x) => 2 * x, { taskSizeHintBytes: 1e9 }).catch(describe);
const started = await executor.start().then(() => "started", describe);
await executor.shutdown();
tell({ values, started, events, alive: workers.alive, memory: executor.memory() });
