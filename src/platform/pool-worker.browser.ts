/**
 * A worker of the pool, for browsers; the twin of `pool-worker.ts`. It is a module worker in the shape that `spawn` of threads.js
 * expects, and it tells of its end.
 */
import { EarlyMessages, type MessageListener } from "./early-messages.js";
import { nextTurn } from "./runtime.js";
import type { WorkerInit } from "./worker-init.js";
import { asLifeSign, type Born, type Died, type Start } from "./worker-liveness.browser.js";
import type { WorkerOptions } from "./worker-options.js";

export class PoolWorker {
  /** `undefined` until its script is there. */
  #worker: Worker | undefined;
  readonly #init: WorkerInit;
  readonly #earlyMessages = new EarlyMessages();
  readonly #onEnd: (exitCode: number, error: unknown) => void;
  readonly #ended: Promise<void>;
  #resolveEnded!: () => void;
  #hasEnded = false;
  #isLocked = false;
  /** Whether something else than the worker itself ended it. */
  #isFailure = false;
  #error: unknown;

  /** @param onEnd called once, however the worker ends: with 0 if it closed itself, else 1, and with the error that ended it */
  constructor(
    { createWorker }: WorkerOptions,
    init: WorkerInit,
    onEnd: (exitCode: number, error: unknown) => void,
  ) {
    this.#init = init;
    this.#onEnd = onEnd;
    this.#ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    const worker = createWorker === undefined ? bundledWorker() : (createWorker() as Worker);
    if (worker === undefined) void this.#embed();
    else this.#listen(worker, createWorker === undefined);
  }

  #listen(worker: Worker, isBundled: boolean): void {
    this.#worker = worker;
    worker.onmessage = ({ data }) => {
      const sign = asLifeSign(data);
      if (sign === undefined) this.#earlyMessages.receive(data);
      else if (sign.sharray === "born") this.#isBorn(worker, sign);
      else this.#isDead(sign);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const { message } = event as Partial<ErrorEvent>;
      // An event without a message means that there is no script at that address.
      if (message === undefined && isBundled) {
        isBroughtAlong = false;
        void this.#embed();
        return;
      }
      const reason = message ?? "its script does not load: see the console, and docs/browser.md on bundlers";
      this.#fail(new Error(`The worker does not run: ${reason}`));
    };
  }

  /** Starts the worker from text, if a bundler has left its file behind. */
  async #embed(): Promise<void> {
    try {
      const { WORKER_TEXT } = await import("./worker-text.browser.js");
      if (this.#hasEnded) return;
      const url = URL.createObjectURL(new Blob([WORKER_TEXT], { type: "text/javascript" }));
      this.#listen(new Worker(url, MODULE), false);
    } catch (error) {
      this.#fail(error);
    }
  }

  addEventListener(event: string, listener: MessageListener): void {
    if (event === "message") this.#earlyMessages.add(listener);
  }

  removeEventListener(_event: string, listener: MessageListener): void {
    this.#earlyMessages.remove(listener);
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  /** Ends the worker. @returns resolves when it no longer runs */
  terminate(): Promise<void> {
    this.#isFailure = true;
    this.#worker?.terminate();
    if (!this.#isLocked) this.#end();
    return this.#ended;
  }

  /** Nothing keeps a page alive. */
  ref(): void {}

  unref(): void {}

  #isBorn(worker: Worker, { lock }: Born): void {
    const start: Start = { sharray: "start", ...this.#init };
    worker.postMessage(start, [start.port]);
    if (lock === undefined) return;
    this.#isLocked = true;
    void navigator.locks.request(lock, async () => {
      worker.terminate();
      // Messages from before its end have come, or come in this turn of the event loop.
      await nextTurn();
      this.#end();
    });
  }

  #isDead({ error, code }: Died): void {
    if (typeof error === "object" && error !== null && code !== undefined) Object.assign(error, { code });
    this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    void this.terminate();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#resolveEnded();
    this.#onEnd(this.#isFailure ? 1 : 0, this.#error);
    this.#earlyMessages.end();
  }
}

const MODULE: NonNullable<ConstructorParameters<typeof Worker>[1]> = { type: "module", name: "sharray" };

/** Whether the worker's file is where this package looks for it, as far as known. */
let isBroughtAlong = true;

/** The worker that comes with this package, at its address in the published bundle; `undefined` if its file is not there. */
function bundledWorker(): Worker | undefined {
  if (!isBroughtAlong) return undefined;
  try {
    // Bundlers find the worker in this form only, and pack it.
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "sharray" });
  } catch {
    // A classic script has no address.
    return undefined;
  }
}
