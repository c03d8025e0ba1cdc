/**
 * A worker of the pool, for Node; `pool-worker.browser.ts` is its twin. It is a worker thread in the shape that `spawn` of
 * threads.js expects, without the defects of the class of threads.js (docs/decisions/0001). It takes a URL, reports every end,
 * and belongs to no list that only grows.
 */
import type { Worker as Thread, WorkerOptions as ThreadOptions } from "node:worker_threads";
import { addressSpaceLeft } from "./address-space.js";
import { builtInModule } from "./built-in-module.js";
import { EarlyMessages, type MessageListener } from "./early-messages.js";
import { POOL_WORKER } from "./nested.js";
import { readText } from "./read-text.js";
import { scriptFile, scriptTexts } from "./scripts.js";
import { workerArguments } from "./worker-arguments.js";
import type { WorkerInit } from "./worker-init.js";
import type { WorkerOptions } from "./worker-options.js";

const { Worker } = builtInModule("node:worker_threads");

export class PoolWorker {
  /** `undefined` until its script is there. */
  #thread: Thread | undefined;
  readonly #earlyMessages = new EarlyMessages();
  readonly #onEnd: (exitCode: number, error: unknown) => void;
  #error: unknown;
  #isStarting = true;
  #hasEnded = false;

  /**
   * @param onEnd called once, however the worker ends, with its exit code and the error that ended it
   * @throws Error if no worker can be started, because threads are used up, the permission model forbids it, and the like
   */
  constructor(
    { resourceLimits }: WorkerOptions,
    init: WorkerInit,
    onEnd: (exitCode: number, error: unknown) => void,
  ) {
    this.#onEnd = onEnd;
    assertAddressSpace();
    const execArgv = workerArguments(process.execArgv, refusedOf);
    const options = {
      name: "sharray",
      workerData: { ...init, [POOL_WORKER]: true },
      transferList: [init.port as never],
      ...(execArgv === undefined ? {} : { execArgv }),
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    };
    const file = scriptFile("entry");
    if (file === undefined) void this.#startFromText(options);
    else this.#listen(new Worker(file, options));
    starting += 1;
  }

  async #startFromText(options: ThreadOptions): Promise<void> {
    try {
      const { WORKER_TEXT } = await scriptTexts();
      if (!this.#hasEnded) this.#listen(new Worker(WORKER_TEXT, { ...options, eval: true }));
    } catch (error) {
      this.#error = error;
      this.#end(1);
    }
  }

  #listen(thread: Thread): void {
    this.#thread = thread;
    thread.on("online", () => this.#started());
    thread.on("message", (data) => this.#earlyMessages.receive(data));
    thread.on("error", (error) => {
      this.#error = error;
      // The worker ends by itself, unless a kernel has replaced `process.exit`.
      void this.terminate();
    });
    thread.on("exit", (exitCode) => this.#end(exitCode));
  }

  #started(): void {
    if (this.#isStarting) starting -= 1;
    this.#isStarting = false;
  }

  #end(exitCode: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#started();
    this.#onEnd(exitCode, this.#error);
    this.#earlyMessages.end();
  }

  addEventListener(event: string, listener: MessageListener): void {
    if (event === "message") this.#earlyMessages.add(listener);
  }

  removeEventListener(_event: string, listener: MessageListener): void {
    this.#earlyMessages.remove(listener);
  }

  postMessage(message: unknown, transfer: readonly Transferable[] = []): void {
    this.#thread?.postMessage(message, transfer as never);
  }

  /** Ends the worker. @returns resolves when it no longer runs */
  async terminate(): Promise<void> {
    if (this.#thread === undefined) this.#end(1);
    else await this.#thread.terminate();
  }

  ref(): void {
    this.#thread?.ref();
  }

  unref(): void {
    this.#thread?.unref();
  }
}

// Bytes. V8 takes 0.7 to 0.85 GB for a worker on Node 20 to 26, and aborts the process if there is less.
const WORKER_SPACE = 2 ** 30;

/** Workers that have not taken their address space yet. */
let starting = 0;

/** @throws RangeError */
function assertAddressSpace(): void {
  const left = addressSpaceLeft(readText) - starting * WORKER_SPACE;
  if (left >= WORKER_SPACE) return;
  const mebibytes = Math.max(0, Math.floor(left / 2 ** 20));
  throw new RangeError(
    `the limit of address space (ulimit -v) leaves ${mebibytes} MiB, and a worker takes up to 1024 MiB`,
  );
}

const NO_OPTION = "--sharray-no-option";

/** The options that a worker would refuse. No worker is started, because one of them is no option at all. */
function refusedOf(options: readonly string[]): readonly string[] {
  try {
    new Worker("", { eval: true, execArgv: [...options, NO_OPTION] });
  } catch (error) {
    // Only the error's text tells them, on which Node 20 to 26 agree.
    const [, list = ""] = /flags: (.*)$/s.exec((error as Error).message) ?? [];
    return list.split(", ");
  }
  return [];
}
