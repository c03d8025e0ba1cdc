/** The workers that this process starts: which are alive, how each ended, and the faults that come to them from outside. */
import type { Worker } from "node:worker_threads";
import type { WorkerFault } from "./faults.js";
import { ENDED_BY_INITIALIZER } from "./kernels.js";
import type { Tally } from "./tally.js";

export class Workers {
  /** Exit codes of those that ended, in order. */
  readonly exits: number[] = [];
  /** How many were ended by faults that have nothing to do with what they were at. */
  struck = 0;
  readonly #alive = new Map<number, Worker>();
  readonly #tally: Tally;
  #started = 0;

  constructor(faults: readonly WorkerFault[], tally: Tally) {
    this.#tally = tally;
    // Threads are numbered from 1, in the order in which they start.
    const threads = faults
      .filter(({ kind }) => kind === "exit in its initializer")
      .map(({ worker }) => worker + 1);
    process.env[ENDED_BY_INITIALIZER] = threads.join();
    process.on("worker", (worker) => {
      // Its id is gone when it has ended.
      const { threadId } = worker;
      this.#alive.set(threadId, worker);
      worker.on("exit", (code) => {
        this.#alive.delete(threadId);
        this.exits.push(code);
        tally.add("exits", `code ${code}`);
        if (!threads.includes(threadId)) return;
        tally.add("faults", "exit in its initializer");
        this.struck += 1;
      });
      for (const fault of faults) if (fault.worker === this.#started) this.#strike(worker, threadId, fault);
      this.#started += 1;
    });
  }

  get alive(): number {
    return this.#alive.size;
  }

  /** Ends a worker, as somebody may who has no part in the pool. */
  terminate(threadId: number): void {
    void this.#alive.get(threadId)?.terminate();
  }

  #strike(worker: Worker, threadId: number, { kind, amount }: WorkerFault): void {
    const terminate = (): void => {
      if (!this.#alive.has(threadId)) return;
      this.#tally.add("faults", kind);
      this.struck += 1;
      this.terminate(threadId);
    };
    if (kind === "terminated at birth") terminate();
    else if (kind === "terminated when online") worker.once("online", terminate);
    else if (kind === "terminated later") setTimeout(terminate, amount).unref();
  }
}
