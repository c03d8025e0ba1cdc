/** Where a worker of the pool starts in a browser; the twin of `entry.ts`. */
import { expose } from "threads/worker";
import { POOL_WORKER } from "../../../platform/nested.browser.js";
import type { WorkerInit } from "../../../platform/worker-init.js";
import { live } from "../../../platform/worker-liveness.browser.js";
import type { WorkerMessage, WorkerSetup } from "../../../protocol/messages.js";
import type { Port } from "./report-port.js";
import { WorkerServer } from "./worker-server.js";

(globalThis as { [POOL_WORKER]?: true })[POOL_WORKER] = true;

// No `await` here: bundlers that make a classic script of the worker can't have it.
void live(serve);

expose({
  /** The console is the browser's, which has at once what is written to it. */
  flush(): void {},
});

function serve({ port, setup }: WorkerInit): void {
  const server = new WorkerServer(port as Port, setup as WorkerSetup, () => undefined);
  port.onmessage = ({ data }: MessageEvent<WorkerMessage>) => void server.receive(data);
  // A round that this worker has not heard of would wait for it. So it ends, and others run its tasks.
  port.onmessageerror = () => {
    throw new Error("A worker could not read a message of its pool");
  };
}
