/** The strategy `threads`: runs a job on a pool of worker threads, which read its arrays in place. */
import type { Arena } from "../../memory/arena.js";
import type { MaybePromise } from "../../platform/maybe-promise.js";
import { whyNoThreads } from "../../platform/runtime.js";
import type { StrategyDescriptor } from "../descriptor.js";
import type { Job } from "../job.js";
import type { JobInputs, Leg, RunReport, Strategy, StrategyHost } from "../strategy.js";
import { estimateThreads } from "./costs.js";
import { Pool } from "./pool.js";
import { Slot } from "./slot.js";
import type { Control } from "./start-worker.js";
import { ThreadsRun } from "./threads-run.js";

// A worker collects its garbage beyond this, which takes some 5 ms. A copy into that much used memory takes as long.
const MOST_GARBAGE = 64 * 1024 * 1024;
// The same under a small limit.
const GARBAGE_SHARE = 16;

let loaded: Promise<typeof import("./thread-control.js")> | undefined;

/** Loads threads.js at first need. */
function threadControl(): NonNullable<typeof loaded> {
  loaded ??= import("./thread-control.js");
  return loaded;
}

const control: Control = {
  async spawn(worker, timeout) {
    return (await threadControl()).spawnThread(worker, timeout);
  },
  async flush(thread) {
    await (await threadControl()).flushThread(thread);
  },
  async terminate(thread) {
    await (await threadControl()).terminateThread(thread);
  },
};

export const threads: StrategyDescriptor<"threads"> = {
  name: "threads",
  words: ["threads"],
  isHere: false,
  isReserve: false,
  isolates: false,
  placesArrays: true,
  charges: { spawn: "spawn", hot: "dispatchHot", idle: "dispatchIdle", cold: "dispatchCold" },
  whyUnavailable: whyNoThreads,
  estimate: estimateThreads,
  create: (host) => new ThreadsStrategy(host),
};

class ThreadsStrategy implements Strategy {
  readonly workers: Pool;
  readonly #arena: Arena;
  readonly #maxRetries: number;

  constructor({ settings, arena, optimizations, initializer }: StrategyHost) {
    const { maxWorkers, maxSharedBytes, idleTimeout, maxRetries } = settings;
    this.#arena = arena;
    this.#maxRetries = maxRetries;
    const start = { workers: settings, optimizations, initializer };
    this.workers = new Pool({
      strategy: "threads",
      createSlot: (number, owner) => new Slot(number, start, control, owner),
      maxWorkers,
      idleTimeout,
      mostGarbage: Math.min(MOST_GARBAGE, maxSharedBytes / GARBAGE_SHARE),
      onUnheld: (memory) => arena.unheld(memory),
      optimizations,
    });
  }

  run(job: Job, { workers, expected }: Leg, inputs: JobInputs): MaybePromise<RunReport> {
    const run = new ThreadsRun(this.workers, this.#arena, inputs.places(), this.#maxRetries, expected);
    return run.run(job, workers);
  }
}
