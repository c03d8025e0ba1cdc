/**
 * A worker of the pool, for Node; `pool-worker.browser.ts` is its twin. It is a worker thread in the shape that `spawn` of threads.js
 * expects, without the defects of the class that threads.js brings (docs/decisions/0001). It takes a URL, reports every end, and belongs
 * to no list that only grows.
 */
import { addressSpaceLeft } from "./address-space.js";
import { builtInModule } from "./built-in-module.js";
import { EarlyMessages, type MessageListener } from "./early-messages.js";
import { POOL_WORKER } from "./nested.js";
import { readText } from "./read-text.js";
import { workerArguments } from "./worker-arguments.js";
import type { WorkerInit } from "./worker-init.js";
import type { WorkerOptions } from "./worker-options.js";
import { workerScript } from "./worker-script.js";

const { Worker } = builtInModule("node:worker_threads");

export class PoolWorker extends Worker {
  readonly #earlyMessages = new EarlyMessages();
  #error: unknown;
  #isStarting = true;

  /**
   * @param onEnd called once, however the worker ends, with its exit code and the error that ended it
   * @throws Error if no worker can be started, because threads are used up, the permission model forbids it, and the like
   */
  constructor(
    { resourceLimits }: WorkerOptions,
    init: WorkerInit,
    onEnd: (exitCode: number, error: unknown) => void,
  ) {
    assertAddressSpace();
    const execArgv = workerArguments(process.execArgv, refusedOf);
    const { script, options } = workerScript();
    super(script, {
      ...options,
      name: "sharray",
      workerData: { ...init, [POOL_WORKER]: true },
      transferList: [init.port as never],
      ...(execArgv === undefined ? {} : { execArgv }),
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    starting += 1;
    this.on("online", () => this.#started());
    this.on("message", (data) => this.#earlyMessages.receive(data));
    this.on("error", (error) => {
      this.#error = script instanceof URL && isLeftBehind(script, error) ? leftBehind(script, error) : error;
      // It ends by itself, unless a kernel has replaced `process.exit`.
      void this.terminate();
    });
    this.on("exit", (exitCode) => {
      this.#started();
      onEnd(exitCode, this.#error);
      this.#earlyMessages.end();
    });
  }

  #started(): void {
    if (this.#isStarting) starting -= 1;
    this.#isStarting = false;
  }

  addEventListener(event: string, listener: MessageListener): void {
    if (event === "message") this.#earlyMessages.add(listener);
  }

  removeEventListener(_event: string, listener: MessageListener): void {
    this.#earlyMessages.remove(listener);
  }
}

function isLeftBehind(script: URL, error: Error): boolean {
  const isMissing = (error as { code?: unknown }).code === "MODULE_NOT_FOUND";
  return isMissing && !builtInModule("node:fs").existsSync(script);
}

let hasWarned = false;

/** Tells once, because `auto` goes on without workers. */
function leftBehind(script: URL, cause: Error): Error {
  const message =
    `${script.pathname} is missing, because a bundler has packed sharray without it: let the bundler resolve packages ` +
    'with the condition "module", or leave sharray external';
  if (!hasWarned) process.emitWarning(`Cannot start workers: ${message}`, { code: "SHARRAY_BUNDLED" });
  hasWarned = true;
  return new Error(message, { cause });
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
