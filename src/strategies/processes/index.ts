/** The strategy `processes`: runs a job on a pool of child processes, each with a heap of its own and copies of the arrays. */
import type { Arena } from "../../memory/arena.js";
import type { MaybePromise } from "../../platform/maybe-promise.js";
import type { StrategyDescriptor } from "../descriptor.js";
import type { Job } from "../job.js";
import { SequentialRun } from "../sequential/sequential-run.js";
import type { JobInputs, Leg, RunReport, Strategy, StrategyHost } from "../strategy.js";
import { Pool } from "../threads/pool.js";
import { ThreadsRun } from "../threads/threads-run.js";
import { description } from "./description.js";
import { sourcesOf } from "./job-sources.js";
import { ProcessSlot } from "./process-slot.js";
import { Transfer } from "./transfer.js";

// A child collects its garbage beyond this.
const MOST_GARBAGE = 64 * 1024 * 1024;

export const processes: StrategyDescriptor<"processes"> = {
  ...description,
  create: (host) => new ProcessesStrategy(host),
};

class ProcessesStrategy implements Strategy {
  readonly workers: Pool;
  readonly #arena: Arena;
  readonly #maxRetries: number;
  /** `undefined` if there is no child. */
  #transfer: Transfer | undefined;

  constructor({ settings, arena, optimizations, initializer }: StrategyHost) {
    const { maxWorkers, idleTimeout, maxRetries, resourceLimits } = settings;
    this.#arena = arena;
    this.#maxRetries = maxRetries;
    this.workers = new Pool({
      strategy: "processes",
      createSlot: (number, owner) => {
        this.#transfer ??= new Transfer(() => {
          this.#transfer = undefined;
        });
        try {
          return new ProcessSlot(number, { resourceLimits, initializer }, this.#transfer, owner);
        } catch (error) {
          this.#transfer.closeIfUnused();
          throw error;
        }
      },
      maxWorkers,
      idleTimeout,
      mostGarbage: MOST_GARBAGE,
      onUnheld: (memory) => arena.unheld(memory),
      // No thread looks at what another process does. The process sends a message.
      optimizations: { ...optimizations, look: false },
    });
  }

  run(job: Job, { workers, expected }: Leg, inputs: JobInputs): MaybePromise<RunReport> {
    // The rows of one array are copied to another one here. No code of the user's runs.
    if (job.parts.spec.starts !== undefined) return this.#runHere(job, inputs);
    const sources = sourcesOf(job, inputs, this.#arena, expected);
    const run = new ThreadsRun(this.workers, this.#arena, sources, this.#maxRetries, expected);
    return run.run(job, workers);
  }

  async #runHere(job: Job, { assertThere }: JobInputs): Promise<RunReport> {
    return { ...(await new SequentialRun(job, undefined, assertThere).run()), strategy: "processes" };
  }
}
