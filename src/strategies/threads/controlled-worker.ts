/** A worker as threads.js controls it: made a thread when it is idle, flushed and terminated through that. */

import { clearTimeout, setTimeout } from "../../platform/builtins.js";
import type { PoolWorker } from "../../platform/pool-worker.js";
import { unref } from "../../platform/runtime.js";
import { waitFor } from "../../platform/wait-for.js";
import type { Control } from "./start-worker.js";

// A worker that is idle answers within a few milliseconds, on a loaded machine within a hundred. One does not if a kernel has
// left something behind that blocks its event loop, or if nobody reads its output.
const FLUSH_MS = 500;

// A worker is made a thread when it is idle for the first time. Loading threads.js takes 35-50 ms, which would delay workers
// that start, and the first results. A worker that does not serve this long after its start is made one anyway, so that a start
// which never ends fails.
const SPAWN_MS = 1000;

// Far longer than a start takes on a loaded machine. A worker that ends is noticed at once, by its exit. A worker that serves
// has started, and may be at a task of any length before it answers threads.js.
const START_MS = 60_000;
const LONGEST_MS = 2 ** 31 - 1;

export class ControlledWorker {
  readonly #worker: PoolWorker;
  readonly #control: Control;
  readonly #onFail: (error: unknown) => void;
  readonly #timer = unref(setTimeout(() => void this.spawn(), SPAWN_MS));
  #serves = false;
  #spawning: Promise<void> | undefined;
  #thread: object | undefined;

  /** @param onFail told if the worker can't be made a thread */
  constructor(worker: PoolWorker, control: Control, onFail: (error: unknown) => void) {
    this.#worker = worker;
    this.#control = control;
    this.#onFail = onFail;
  }

  /** Whether somebody has asked for the thread. */
  get isSpawned(): boolean {
    return this.#spawning !== undefined;
  }

  /** The worker serves, so its start has ended. */
  served(): void {
    this.#serves = true;
    clearTimeout(this.#timer);
  }

  /** Makes the worker a thread, once. Never rejects. */
  spawn(): Promise<void> {
    clearTimeout(this.#timer);
    this.#spawning ??= this.#control.spawn(this.#worker, this.#serves ? LONGEST_MS : START_MS).then(
      (thread) => {
        this.#thread = thread;
      },
      (error: unknown) => this.#onFail(error),
    );
    return this.#spawning;
  }

  /**
   * Waits for console output of the worker, most of which waits for a turn of its event loop and would be lost.
   * @param ended resolves when the worker's thread has ended
   */
  async flush(ended: Promise<void>): Promise<void> {
    await waitFor(Promise.race([this.spawn(), ended]), SPAWN_MS);
    if (this.#thread === undefined) return;
    // A kernel may have broken the console.
    const flushed = this.#control.flush(this.#thread).catch(() => {});
    await waitFor(Promise.race([flushed, ended]), FLUSH_MS);
  }

  async terminate(): Promise<void> {
    if (this.#thread === undefined) await this.#worker.terminate();
    else await this.#control.terminate(this.#thread);
  }

  /** The worker's thread has ended, or is given up. */
  ended(): void {
    clearTimeout(this.#timer);
  }
}
