// A worker with an executor of its own.
import { ParallelExecutor } from "sharray";
import { runAll } from "./scenarios.js";

self.onmessage = async ({ data: { options, names } }) => {
  await using executor = new ParallelExecutor(options);
  self.postMessage(await runAll(executor, names));
};
