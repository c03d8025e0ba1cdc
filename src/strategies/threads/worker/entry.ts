/**
 * Where a worker of the pool starts. It is given all that it needs to serve, so its first round waits for nothing else.
 * threads.js carries the control plane.
 */
import { type MessagePort, workerData } from "node:worker_threads";
import { queueMicrotask, setTimeout } from "../../../platform/builtins.js";
import { onOutput } from "../../../platform/console-output.js";
import { take } from "../../../platform/ports.js";
import type { WorkerInit } from "../../../platform/worker-init.js";
import type { WorkerMessage, WorkerSetup } from "../../../protocol/messages.js";
import { OutputMark } from "../../../protocol/output-mark.js";
import type { Port } from "./report-port.js";
import { WorkerServer } from "./worker-server.js";

// Loading threads.js takes a millisecond, which the first results need not wait for.
const CONTROL_MS = 5;

const { port, output, setup } = workerData as WorkerInit;
const { initializer } = setup as WorkerSetup;
const mark = new OutputMark(output);
onOutput(() => mark.set());
const takeMessage = () => take(port, endUnread) as WorkerMessage | undefined;
// This comes before an initializer, which may keep this thread busy for long.
const control = initializer === null ? undefined : loadControl();
const server = new WorkerServer(port as Port, setup as WorkerSetup, takeMessage);
(port as unknown as MessagePort).on("message", (wake: WorkerMessage) => void server.receive(wake));
(port as unknown as MessagePort).on("messageerror", endUnread);
if (control === undefined) {
  setTimeout(() => {
    // Kernels may have run by now.
    server.mendAll();
    void loadControl();
  }, CONTROL_MS);
}

async function loadControl(): Promise<void> {
  const { exposeControl } = await import("./control-plane.js");
  exposeControl();
}

/** A round that this worker has not heard of would wait for it. So it ends, and others run its tasks. */
function endUnread(cause: unknown): void {
  queueMicrotask(() => {
    throw new Error("A worker could not read a message of its pool", { cause });
  });
}
