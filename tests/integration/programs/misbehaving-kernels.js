/** Kernels that do to their worker's own port what only a module can. */
import { parentPort } from "node:worker_threads";
import { defineKernel } from "sharray";

/** Messages such as threads.js sends and takes, and others. */
const GARBAGE = [
  null,
  new Map(),
  { type: "garbage" },
  { type: "init", exposed: { type: "module", methods: [] } },
  { type: "result", uid: 1, complete: true, payload: 3 },
  { type: "error", uid: 1, error: { name: "Error", message: "garbage" } },
  { type: "uncaughtError", error: { name: "Error", message: "garbage" } },
];

export const garbage = defineKernel(import.meta.url, "garbage", (x) => {
  for (const message of GARBAGE) parentPort.postMessage(message);
  return 2 * x;
});

export const closing = defineKernel(import.meta.url, "closing", (x) => {
  parentPort.close();
  return 2 * x;
});

export const removing = defineKernel(import.meta.url, "removing", (x) => {
  parentPort.removeAllListeners();
  process.removeAllListeners();
  return 2 * x;
});
