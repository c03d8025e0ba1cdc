/** Serves an executor to the thread that started this one. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { serveExecutor } from "../../../dist/bridge/index.js";
import { ParallelExecutor } from "../../../dist/index.js";
import { THREADS } from "./calls.js";

serveExecutor(new ParallelExecutor(THREADS), parentPort as MessagePort);
