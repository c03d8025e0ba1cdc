/** A worker thread that serves an executor of its own to the thread that started it. */
import { parentPort, workerData } from "node:worker_threads";
import { ParallelExecutor } from "sharray";
import { serveExecutor } from "sharray/bridge";

const { when, config } = workerData;
const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, ...config });
// Asks to be told before it serves, so that a client comes too early.
if (when === "late") await new Promise((resolve) => parentPort.once("message", resolve));
const service = when === "never" ? undefined : serveExecutor(executor, parentPort);
parentPort.on("message", async (message) => {
  if (message === "exit") process.exit(3);
  if (message === "shut down") await executor.shutdown();
  if (message === "close") service.close();
  if (message === "end") {
    service?.close();
    await executor.shutdown();
    process.exit(0);
  }
  if (typeof message === "string")
    parentPort.postMessage({ done: message, connections: service?.connections });
});
