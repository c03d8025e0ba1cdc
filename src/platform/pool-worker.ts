/**
 * A worker of the pool, for Node; `pool-worker.browser.ts` is its twin. A worker thread in the shape that threads.js'
 * `spawn` expects, without the defects of the class that threads.js brings (docs/decisions/0001): it takes a URL, reports
 * every end, and belongs to no list that only grows.
 */
import { type ResourceLimits, Worker } from "node:worker_threads";
import { Inbox, type MessageListener } from "./inbox.js";
import type { Outfit } from "./outfit.js";

/** How workers are made. */
export interface WorkerOptions {
  readonly resourceLimits: ResourceLimits | undefined;
}

// One CommonJS file, made of worker/entry.js and all that it imports, packages too. Node takes most of a worker's start to
// find and load modules one by one: with the packages outside of the file, starting two workers takes 212 ms of CPU time in
// place of 138 (this thread included, which loaded threads.js meanwhile at that time).
const ENTRY = new URL("../worker/entry.cjs", import.meta.url);

export class PoolWorker extends Worker {
  readonly #inbox = new Inbox();
  #error: unknown;

  /** @param onEnd called once, however the worker ends, with its exit code and the error that ended it */
  constructor(
    { resourceLimits }: WorkerOptions,
    outfit: Outfit,
    onEnd: (exitCode: number, error: unknown) => void,
  ) {
    const execArgv = workerArguments(process.execArgv);
    super(ENTRY, {
      name: "sharray",
      workerData: outfit,
      transferList: [outfit.port as never],
      ...(execArgv === undefined ? {} : { execArgv }),
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    this.on("message", (data) => this.#inbox.receive(data));
    this.on("error", (error) => {
      this.#error = error;
      // It ends by itself, unless a kernel has replaced `process.exit`.
      void this.terminate();
    });
    this.on("exit", (exitCode) => {
      onEnd(exitCode, this.#error);
      this.#inbox.end();
    });
  }

  addEventListener(event: string, listener: MessageListener): void {
    if (event === "message") this.#inbox.add(listener);
  }

  removeEventListener(_event: string, listener: MessageListener): void {
    this.#inbox.remove(listener);
  }
}

// Options with a value, which say how modules are found and loaded.
const LOADING = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C)$/;

/**
 * Workers inherit the program's Node options, loaders such as tsx among them. Only where the program came as text with
 * `--input-type`, which workers refuse, they get a list of their own: the options that say how modules load. (A list
 * may hold no V8 options, so there is none where it is not needed.)
 */
function workerArguments(given: readonly string[]): string[] | undefined {
  if (!given.some((argument) => argument.startsWith("--input-type"))) return undefined;
  const kept: string[] = [];
  given.forEach((argument, i) => {
    const [name = "", value] = argument.split("=", 2);
    if (!LOADING.test(name)) return;
    kept.push(argument);
    if (value === undefined) kept.push(given[i + 1] as string);
  });
  return kept;
}
