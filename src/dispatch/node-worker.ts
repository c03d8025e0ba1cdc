/**
 * A Node worker thread in the shape that threads.js' `spawn` expects, without the defects of the class that threads.js
 * brings (docs/decisions/0001): takes a URL, reports every end, and belongs to no list that only grows.
 */
import { type ResourceLimits, Worker } from "node:worker_threads";

type MessageListener = (event: { data: unknown }) => void;

export class NodeWorker extends Worker {
  readonly #listeners = new Map<MessageListener, (data: unknown) => void>();
  readonly #end: Promise<void>;
  /** Messages from before anyone listened: the worker starts while threads.js is still being imported. */
  #early: unknown[] = [];
  #error: unknown;

  /** @param onEnd called once, however the worker ends, with its exit code and the error that ended it */
  constructor(
    url: URL,
    resourceLimits: ResourceLimits | undefined,
    onEnd: (exitCode: number, error: unknown) => void,
  ) {
    const execArgv = workerArguments(process.execArgv);
    super(url, {
      name: "sharray",
      ...(execArgv === undefined ? {} : { execArgv }),
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    this.on("message", (data) => {
      if (this.#listeners.size === 0) this.#early.push(data);
    });
    this.on("error", (error) => {
      this.#error = error;
      // It ends by itself, unless a kernel has replaced `process.exit`.
      void this.terminate();
    });
    this.#end = new Promise((resolve) => {
      this.on("exit", (exitCode) => {
        resolve();
        onEnd(exitCode, this.#error);
        this.#letSpawnEnd();
      });
    });
  }

  /** Rejects when the worker ends. */
  async untilEnd(): Promise<never> {
    await this.#end;
    throw this.#error ?? new Error("The worker ended while it was starting");
  }

  addEventListener(event: string, listener: MessageListener): void {
    if (event !== "message") return;
    const onMessage = (data: unknown): void => listener({ data });
    this.#listeners.set(listener, onMessage);
    this.on("message", onMessage);
    for (const data of this.#early.splice(0)) queueMicrotask(() => onMessage(data));
  }

  removeEventListener(_event: string, listener: MessageListener): void {
    const onMessage = this.#listeners.get(listener);
    if (onMessage === undefined) return;
    this.#listeners.delete(listener);
    this.off("message", onMessage);
  }

  /**
   * `spawn` hears of no "exit" (master/spawn.ts:94), and its timer would keep the process alive for its whole length
   * (46-59). A first message lets it end; whoever awaits it finds the worker ended.
   */
  #letSpawnEnd(): void {
    const data = { type: "init", exposed: { type: "module", methods: ["serve"] } };
    if (this.#listeners.size === 0) this.#early.push(data);
    for (const listener of [...this.#listeners.keys()]) listener({ data });
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
