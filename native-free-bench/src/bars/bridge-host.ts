/** Serves an executor to the thread that started this one, and runs jobs that it asks for by bare messages. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { serveExecutor } from "../../../dist/bridge/index.js";
import { ParallelExecutor } from "../../../dist/index.js";
import type { BridgeHostData } from "./bridge.js";

const port = parentPort as MessagePort;
const executor = new ParallelExecutor(workerData as BridgeHostData);
serveExecutor(executor, port);
port.on("message", async (message) => {
  if (message === "job") port.postMessage(await executor.map([0, 1], () => 0));
});
