// A worker with an executor of its own.
import { ParallelExecutor } from "sharray";
import { scenarios } from "./scenarios.js";

self.onmessage = async ({ data: { name, options } }) => {
  await using executor = new ParallelExecutor(options);
  self.postMessage(await scenarios[name](executor));
};
