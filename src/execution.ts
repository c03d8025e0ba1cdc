/**
 * One call on its way: place, dispatch, collect. The executor tells the story; here are its steps.
 */

import type { Backlog } from "./dispatch/backlog.js";
import { Job, type RunReport, type Strategy } from "./dispatch/job.js";
import type { Pool } from "./dispatch/pool.js";
import { type Overseer, SequentialStrategy } from "./dispatch/sequential.js";
import { ThreadsStrategy } from "./dispatch/threads.js";
import { KernelError } from "./errors.js";
import type { Arena, Region } from "./memory/arena.js";
import { elementBytes, type TypedArray, viewOf } from "./memory/dtypes.js";
import { Lease } from "./memory/lease.js";
import { place, placeOf } from "./memory/placement.js";
import type { StrategyName } from "./plan/plan.js";
import { breather } from "./platform/breather.js";
import { blockBytes, fillBlock, JobBlock } from "./protocol/job-block.js";
import { type JobSpec, taskRange } from "./protocol/job-spec.js";
import { unpackThrown } from "./protocol/thrown.js";
import type { Request } from "./request.js";

/** What a call came to. */
export interface Outcome {
  /** One per task; none where there are outputs. */
  readonly values: unknown[];
  readonly outputs: TypedArray[];
}

interface Output {
  readonly kind: number;
  readonly region: Region;
}

/** A request with its memory: the job, its outputs, and the lease that returns everything. */
export class Execution {
  readonly job: Job;
  readonly #request: Request;
  readonly #arena: Arena;
  readonly #lease: Lease;
  readonly #blockRegion: Region;
  readonly #outputs: readonly Output[];
  /** When arrays were copied into regions for this call, and into what kind of memory; undefined: none were. */
  placing: { readonly start: number; readonly end: number; readonly isRecycled: boolean } | undefined;

  /**
   * Takes the memory for results and outputs; nothing is copied yet.
   * @throws MemoryLimitError when they, or the arrays that may have to be placed, exceed the limit
   */
  constructor(
    request: Request,
    arena: Arena,
    strategy: StrategyName,
    backlog: Backlog | undefined,
    isTraced: boolean,
  ) {
    this.#request = request;
    this.#arena = arena;
    const { spec, items, table, kernel } = request;
    const kinds = request.outputs?.kinds ?? [];
    const outputBytes = kinds.map((kind) => spec.length * elementBytes(kind));
    const placed = strategy === "sequential" ? [] : [request.placement.bytesNeeded];
    arena.reserve([blockBytes(spec.tasks, items), ...outputBytes, ...placed]);

    this.#lease = new Lease(arena);
    try {
      this.#blockRegion = fillBlock(arena, spec.tasks, items);
      this.#lease.add(this.#blockRegion);
      this.#outputs = kinds.map((kind, i) => {
        const region = arena.take(outputBytes[i] as number);
        this.#lease.add(region);
        return { kind, region };
      });
    } catch (error) {
      this.#lease.drop();
      throw error;
    }
    const packing = items?.packing ?? null;
    this.job = new Job({
      spec: { ...spec, ...this.#outputSpec() },
      kernel,
      arrays: table.arrays,
      block: new JobBlock(this.#blockRegion.buffer, spec.tasks, packing),
      packing,
      lease: this.#lease,
      backlog,
      isTraced,
    });
  }

  /**
   * Runs what is unfinished. Rejects at once when the job is stopped; memory returns when nobody uses it.
   * @param expected milliseconds of computing on threads; undefined: nobody knows
   */
  async run(
    strategy: StrategyName,
    workers: number,
    pool: Pool,
    maxRetries: number,
    expected: number | undefined,
    overseer?: Overseer,
  ): Promise<RunReport> {
    this.#lease.hold();
    const running = (async () => {
      const chosen: Strategy =
        strategy === "sequential"
          ? new SequentialStrategy(overseer)
          : await this.#threads(pool, maxRetries, expected);
      return chosen.run(this.job, workers);
    })().finally(() => this.#lease.drop());
    return Promise.race([running, this.job.stopped]);
  }

  /**
   * The results, once the job has run. The outputs are the user's from here on: they live as long as the user's arrays.
   * @throws KernelError for the failed task with the lowest index
   */
  collect(): Outcome {
    const { failure, received } = this.job;
    const { spec, block, arrays } = this.job.parts;
    if (failure !== undefined) {
      const [start, end] = taskRange(spec, arrays, failure.index);
      throw new KernelError(failure.index, start, end, unpackThrown(failure.thrown));
    }
    const outputs = this.#outputs.map(({ kind, region }) => {
      this.#lease.remove(region);
      return viewOf(kind, this.#arena.lend(region), 0, spec.length);
    });
    // What a transform kernel returns is of no interest.
    const values = outputs.length > 0 ? [] : block.results.collect(received);
    return { values, outputs };
  }

  /** Bytes that were copied into regions for this call. */
  get bytesPlaced(): number {
    return this.placing === undefined ? 0 : this.#request.placement.bytesPlaced;
  }

  /** The call is over. Regions return as soon as no worker counts on them. */
  close(): void {
    this.#lease.drop();
  }

  async #threads(pool: Pool, maxRetries: number, expected: number | undefined): Promise<Strategy> {
    const { placement, table } = this.#request;
    const start = performance.now();
    const isRecycled = this.#arena.recycles(placement.bytesNeeded);
    const region = await place(placement, this.#arena, breather());
    if (region !== undefined) {
      this.#lease.add(region);
      this.placing = { start, end: performance.now(), isRecycled };
    }
    const places = table.arrays.map((array) => placeOf(array, placement, region, this.#arena));
    const { id: memory, buffer } = this.#blockRegion;
    const placed = { places, block: { memory, buffer } };
    return new ThreadsStrategy(pool, this.#arena, placed, maxRetries, expected);
  }

  /** Enters the outputs into the array table, where they stand behind the inputs. */
  #outputSpec(): Pick<JobSpec, "outputs" | "clearOutputs"> {
    const { outputs, table, spec } = this.#request;
    if (outputs === null) return { outputs: null, clearOutputs: false };
    const arrays = this.#outputs.map(({ kind, region }) => {
      return table.add(viewOf(kind, region.buffer, 0, spec.length));
    });
    const clearOutputs = this.#outputs.some(({ region }) => region.recycled);
    return { outputs: { names: outputs.names, arrays }, clearOutputs };
  }
}
