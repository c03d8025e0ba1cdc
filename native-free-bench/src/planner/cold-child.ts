/** One cold call: this process was started for it and ends after it. */
import { ParallelExecutor } from "../../../dist/index.js";
import type { ColdAnswer, ColdQuestion } from "./cold.js";
import { digest, prepare } from "./workload.js";

process.once("message", async ({ strategy, recipe }: ColdQuestion) => {
  const call = prepare(recipe);
  let choice = "";
  const started = performance.now();
  const executor = new ParallelExecutor({
    strategy,
    telemetry: (event, payload) => {
      if (event === "parallel_execution") choice = payload.strategy;
    },
  });
  const result = await call(executor);
  const ms = performance.now() - started;
  const answer: ColdAnswer = { ms, choice, digest: digest(result) };
  process.send?.(answer);
  process.disconnect();
  await executor.shutdown();
});
