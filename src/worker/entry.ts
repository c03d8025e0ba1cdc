// biome-ignore-all assist/source/organizeImports: the first import must be evaluated before threads.js is.
/** Where a worker of the pool starts. threads.js carries the control plane: it hands over the port of the rounds. */
import { removeAddedListeners } from "./listeners-before.js";
import type { MessagePort } from "node:worker_threads";
import { expose } from "threads/worker";
import { take } from "../platform/ports.js";
import type { WakeMessage, WorkerSetup } from "../protocol/messages.js";
import { markPoolWorker } from "./nested.js";
import { WorkerServer } from "./serve.js";

removeAddedListeners();
markPoolWorker();

expose({
  /**
   * Serves the rounds that come through `port`, until the worker is terminated.
   * @returns settles when the worker is initialised, or is not
   */
  serve(port: MessagePort, setup: WorkerSetup): Promise<void> {
    const server = new WorkerServer(port, setup, () => take<WakeMessage>(port as never));
    port.on("message", (wake: WakeMessage) => void server.receive(wake));
    return server.initialized;
  },

  /** Settles when what kernels have written to the console is with the program. */
  async flush(): Promise<void> {
    await Promise.all([process.stdout, process.stderr].map(written));
  },
});

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}
