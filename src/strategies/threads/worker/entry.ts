// biome-ignore-all assist/source/organizeImports: the first import must be evaluated before threads.js is.
/**
 * Where a worker of the pool starts. It has with it what it serves by, so that its first round waits for nothing else;
 * threads.js carries the control plane.
 */
import { queueMicrotask } from "../../../platform/builtins.js";
import { removeAddedListeners } from "./listeners-before.js";
import { type MessagePort, workerData } from "node:worker_threads";
import { expose } from "threads/worker";
import { onOutput } from "../../../platform/console-output.js";
import type { WorkerInit } from "../../../platform/worker-init.js";
import { take } from "../../../platform/ports.js";
import type { WorkerMessage, WorkerSetup } from "../../../protocol/messages.js";
import { OutputMark } from "../../../protocol/output-mark.js";
import type { Port } from "./report-port.js";
import { WorkerServer } from "./worker-server.js";

removeAddedListeners();

const { port, output, setup } = workerData as WorkerInit;
const mark = new OutputMark(output);
onOutput(() => mark.set());
const takeMessage = () => take(port, endUnread) as WorkerMessage | undefined;
const server = new WorkerServer(port as Port, setup as WorkerSetup, takeMessage);
(port as unknown as MessagePort).on("message", (wake: WorkerMessage) => void server.receive(wake));
(port as unknown as MessagePort).on("messageerror", endUnread);

expose({
  /** Settles when what kernels have written to the console is with the program. */
  async flush(): Promise<void> {
    await Promise.all([process.stdout, process.stderr].map(written));
  },
});

/** A round that this worker does not know of would wait for it: once it has ended, others run its tasks. */
function endUnread(cause: unknown): void {
  queueMicrotask(() => {
    throw new Error("A worker could not read a message of its pool", { cause });
  });
}

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}
