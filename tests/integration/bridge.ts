/** Worker threads that use an executor of the test's own thread. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { ParallelExecutor } from "sharray";
import { type ExecutorService, type ServeOptions, serveExecutor } from "sharray/bridge";
import { program } from "./run.js";

interface Client<T> {
  readonly worker: Worker;
  readonly service: ExecutorService;
  /** What the scenario saw. Rejects with what it threw. */
  readonly result: Promise<T>;
}

/** Starts a scenario of `programs/bridge-client.mjs` and serves it. */
export function startClient<T>(
  executor: ParallelExecutor,
  way: string,
  data: Readonly<Record<string, unknown>> = {},
  options: ServeOptions = {},
): Client<T> {
  const worker = new Worker(program("bridge-client.mjs"), { workerData: { ...data, way } });
  const service = serveExecutor(executor, worker, options);
  const result = new Promise<T>((resolve, reject) => {
    worker.on("message", (message: { readonly result?: T; readonly echo?: number } | string) => {
      if (typeof message !== "object") return;
      if (message.echo !== undefined) worker.postMessage(message.echo);
      else if ("result" in message) resolve(message.result as T);
    });
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`The client of "${way}" ended with code ${code}`)));
  });
  // A scenario that ends in the middle has none.
  result.catch(() => {});
  return { worker, service, result };
}

/** Runs a scenario to its end. */
export async function runClient<T>(...parameters: Parameters<typeof startClient>): Promise<T> {
  const { worker, service, result } = startClient<T>(...parameters);
  const exited = once(worker, "exit");
  try {
    return await result;
  } finally {
    await exited;
    service.close();
  }
}

/** Waits for a condition, by a bound that no loaded machine reaches. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come true within 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
