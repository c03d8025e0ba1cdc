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
    super(url, {
      name: "sharray",
      execArgv: workerArguments(),
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    this.on("message", (data) => {
      if (this.#listeners.size === 0) this.#early.push(data);
    });
    this.on("error", (error) => {
      this.#error = error;
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

/** The program's own Node options, so that loaders such as tsx reach workers, less those that name its main script. */
function workerArguments(): string[] {
  const kept: string[] = [];
  const given = process.execArgv;
  for (let i = 0; i < given.length; i++) {
    const argument = given[i] as string;
    if (/^(-e|--eval|-p|--print|-pe)$/.test(argument)) i += 1;
    else if (
      !/^(--input-type|--eval=|--print=|-i$|--interactive|--inspect|--watch|--test|--check|-c$)/.test(
        argument,
      )
    ) {
      kept.push(argument);
    }
  }
  return kept;
}
