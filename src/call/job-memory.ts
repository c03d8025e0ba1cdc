/** The memory of one pass: takes it, places arrays, runs a strategy over it, collects results, gives it back. */

import { KernelError, TaskTimeoutError } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import { elementBytes, type TypedArray, viewOf } from "../memory/dtypes.js";
import type { Lease } from "../memory/lease.js";
import { place, placeOf } from "../memory/placement.js";
import { assertWhole } from "../memory/presence.js";
import type { Region } from "../memory/region.js";
import { Snapshot } from "../memory/snapshot.js";
import { clock } from "../platform/clock.js";
import { isPromise, type MaybePromise } from "../platform/maybe-promise.js";
import { pause } from "../platform/time-slice.js";
import { blockBytes, openBlock } from "../protocol/job-block.js";
import { type JobSpec, taskRange } from "../protocol/job-spec.js";
import { unpackThrown } from "../protocol/thrown.js";
import { Job } from "../strategies/job.js";
import type { JobInputs, Leg, PlacedJob, RunReport } from "../strategies/strategy.js";
import type { OwnStrategy } from "../strategies/strategy-set.js";
import type { StreamBuffer } from "../strategies/stream-buffer.js";
import { keepFailed } from "./failed-task.js";
import { mutatedError } from "./input-names.js";
import { leadToLine } from "./lead-to-line.js";
import { named, type Outcome } from "./outcome.js";
import { PartialOutcome } from "./partial-results.js";
import { madeBytes, type Request } from "./request.js";

/** An output that the call makes. */
interface MadeOutput {
  readonly kind: number;
  readonly length: number;
  readonly region: Region;
}

const NONE: readonly never[] = [];

/** Bytes of each region that a pass takes. @param placesArrays whether its strategy places plain arrays */
export function needsOf(request: Request, placesArrays: boolean): number[] {
  const { spec, items, outputs, placement, guest } = request;
  const needs = [blockBytes(spec.tasks, items), placesArrays ? placement.bytesNeeded : 0];
  const snapshot = snapshotOf(request);
  if (snapshot !== undefined) needs.push(snapshot.bytes);
  if (outputs === null || guest !== undefined) return needs;
  return [...needs, ...madeBytes(outputs)];
}

/** How a pass is to run, beside what it asks for. */
export interface Conditions {
  readonly placesArrays: boolean;
  readonly streamBuffer: StreamBuffer | undefined;
  /** Note every claim. */
  readonly isTraced: boolean;
  /** Milliseconds that each task may take; `undefined`: any. */
  readonly timeout: number | undefined;
}

/** When arrays were copied into regions, and whether that memory was used before. */
export interface Placing {
  readonly start: number;
  readonly end: number;
  readonly isRecycled: boolean;
}

export class JobMemory implements JobInputs {
  readonly job: Job;
  readonly #request: Request;
  readonly #arena: Arena;
  readonly #lease: Lease;
  readonly #blockRegion: Region;
  readonly #outputs: readonly MadeOutput[];
  /** With `verifyImmutable`: the inputs before the first task. */
  readonly #snapshot: Snapshot | undefined;
  /** Plain arrays, once they are placed. */
  #placed: Region | undefined;
  /** `undefined` if no arrays were copied. */
  placing: Placing | undefined;

  /**
   * Takes the memory for results and outputs; nothing is copied yet.
   * @param lease gets that memory, and is closed with the pass
   * @throws MemoryLimitError if they, or the arrays that may have to be placed, exceed the limit
   */
  constructor(
    request: Request,
    arena: Arena,
    lease: Lease,
    { placesArrays, streamBuffer, isTraced, timeout }: Conditions,
  ) {
    this.#request = request;
    this.#arena = arena;
    const { spec, items, table, kernel, options } = request;
    const made =
      request.guest === undefined
        ? request.outputs?.arrays.filter(({ own }) => own === undefined)
        : undefined;
    this.#snapshot = snapshotOf(request);
    arena.reserve(needsOf(request, placesArrays));
    this.#lease = lease;
    try {
      const opened = openBlock(arena, spec.tasks, items);
      const { block } = opened;
      this.#blockRegion = opened.region;
      this.#lease.add(opened.region);
      this.#outputs = made?.map(({ kind, length }) => this.#takeOutput(kind, length)) ?? NONE;
      if (this.#snapshot !== undefined) this.#lease.add(this.#snapshot.prepare(arena));
      this.job = new Job({
        spec: this.#jobSpec(),
        kernel,
        arrays: table.arrays,
        sizes: sizesOf(request),
        block,
        packing: items?.packing ?? null,
        lease: this.#lease,
        streamBuffer,
        isTraced,
        timeout,
        runsOnce: spec.writesOwn === true && options.idempotent !== true,
      });
    } catch (error) {
      this.#lease.empty();
      throw error;
    }
  }

  /**
   * Runs what is unfinished. Ends at once when the job is stopped; memory returns when nobody uses it.
   * @throws the reason for which the job was stopped, if that is known at once
   */
  run(strategy: OwnStrategy, leg: Leg): MaybePromise<RunReport> {
    const isPlain = this.#request.placement.spans.length > 0;
    return this.#unlessStopped(
      isPlain || this.#snapshot !== undefined
        ? this.#runPrepared(strategy, leg)
        : this.#runNow(strategy, leg),
    );
  }

  /** Throws if one of the caller's plain arrays has gone; `undefined` if there are none. */
  get assertThere(): (() => void) | undefined {
    const { spans } = this.#request.placement;
    if (spans.length === 0) return undefined;
    return () => {
      for (const span of spans) assertWhole(span);
    };
  }

  places(): PlacedJob {
    const { placement, table } = this.#request;
    const { id: memory, buffer } = this.#blockRegion;
    const block = { memory, buffer };
    if (table.arrays.length === 0) return { places: NONE, block };
    return {
      places: table.arrays.map((array) => placeOf(array, placement, this.#placed, this.#arena)),
      block,
    };
  }

  /**
   * With `verifyImmutable`: looks whether the inputs are as they were.
   * @throws PayloadMutatedError unless a task failed that comes before those that were given what has changed
   */
  async verify(): Promise<void> {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    const change = await this.#unlessStopped(snapshot.findChange(pause));
    if (change === undefined) return;
    const failure = this.#failure();
    const sightings = this.#request.sightings as NonNullable<Request["sightings"]>;
    const error = mutatedError(sightings, this.job.parts.spec, change, failure);
    // What a later task changed is not to blame for the failure, and other strategies stop before that task.
    if (failure === undefined || error.firstTask <= failure.index) throw error;
  }

  /**
   * The results, once the job has run. The outputs are the user's from here on: they live as long as the user's arrays.
   * @throws KernelError or TaskTimeoutError for the failed task with the lowest index
   */
  collect(): Outcome {
    const failure = this.#failure();
    if (failure !== undefined) throw failure;
    const { received, parts } = this.job;
    // What a transform kernel returns is of no interest.
    const values = this.#request.outputs === null ? parts.block.results.collect(received) : [];
    return { values, outputs: this.#outputArrays() };
  }

  /** What had ended when the job failed. The outputs are the user's from here on, so it can be told only once. */
  partial(): PartialOutcome {
    const { outputs, guest } = this.#request;
    const areOwn = outputs !== null && guest === undefined;
    return new PartialOutcome(this.job, areOwn ? named(outputs.names, this.#outputArrays()) : undefined);
  }

  /** Bytes that were copied into regions for this call. */
  get bytesPlaced(): number {
    return this.placing === undefined ? 0 : this.#request.placement.bytesPlaced;
  }

  /** The pass is over. Regions return as soon as no worker counts on them. */
  close(now?: number): void {
    this.#lease.close(now);
  }

  /**
   * Work that uses the call's memory. Ends at once when the job is stopped.
   * @throws what the job was stopped with, where the work has ended at once
   */
  #unlessStopped<T>(work: MaybePromise<T>): MaybePromise<T> {
    if (isPromise(work)) return this.#settled(work);
    this.job.throwIfStopped();
    return work;
  }

  #settled<T>(work: Promise<T>): Promise<T> {
    this.#lease.hold();
    // `Promise.race` does the same in 2 µs more.
    return new Promise((resolve, reject) => {
      this.job.onStop(reject);
      work.then(
        (value) => {
          this.#lease.drop();
          resolve(value);
        },
        (error) => {
          this.#lease.drop();
          reject(error);
        },
      );
    });
  }

  #failure(): KernelError | TaskTimeoutError | undefined {
    const { failure, parts } = this.job;
    if (failure === undefined) return undefined;
    const [start, end] = taskRange(parts.spec, parts.sizes, failure.index);
    const error =
      failure.thrown === undefined
        ? new TaskTimeoutError(failure.index, start, end, parts.timeout as number)
        : new KernelError(failure.index, start, end, unpackThrown(failure.thrown));
    if (this.#request.fn === undefined) return error;
    if (error instanceof KernelError) leadToLine(error, this.#request);
    keepFailed(error, this.#request, parts.block.items);
    return error;
  }

  #takeOutput(kind: number, length: number): MadeOutput {
    const region = this.#arena.take(length * elementBytes(kind), "nothing", true);
    this.#lease.add(region, true);
    return { kind, length, region };
  }

  /** On every strategy plain arrays, and shared ones for a snapshot, are read once the caller's present code has ended. */
  async #runPrepared(strategy: OwnStrategy, leg: Leg): Promise<RunReport> {
    await undefined;
    await this.#snapshot?.take(() => this.#pause());
    if (strategy.descriptor.placesArrays && this.#request.placement.spans.length > 0) await this.#place();
    else this.#placed = undefined;
    return this.#runNow(strategy, leg);
  }

  #runNow({ descriptor, strategy }: OwnStrategy, leg: Leg): MaybePromise<RunReport> {
    this.#snapshot?.ranOn(this.#placed);
    if (this.#request.kernel.lingers) {
      if (descriptor.isHere) this.#lease.reachedBy("here");
      else if (descriptor.placesArrays) this.#lease.reachedBy("workers");
    }
    return strategy.run(this.job, leg, this);
  }

  /** Before each piece that is copied. Rejects when the job was stopped while it waited. */
  #pause(): Promise<void> | undefined {
    return pause()?.then(() => this.job.throwIfStopped());
  }

  async #place(): Promise<void> {
    const { placement } = this.#request;
    const start = clock();
    const isRecycled = this.#arena.recycles(placement.bytesNeeded);
    this.#placed = await place(placement, this.#arena, () => this.#pause());
    this.#lease.add(this.#placed, true);
    this.placing = { start, end: clock(), isRecycled };
  }

  /** The outputs in the order of the call; none if they are another thread's. */
  #outputArrays(): TypedArray[] {
    const { outputs, guest } = this.#request;
    if (outputs === null || guest !== undefined) return [];
    const made = this.#outputs.values();
    return outputs.arrays.map(({ own }) => {
      if (own !== undefined) return own.given;
      const { kind, length, region } = made.next().value as MadeOutput;
      return viewOf(kind, this.#lease.lend(region, length * elementBytes(kind)), 0, length);
    });
  }

  /** With the outputs. Those that the call makes are entered into the array table, behind all others. */
  #jobSpec(): JobSpec {
    const { outputs, table, spec, guest } = this.#request;
    if (outputs === null) return spec;
    const own = this.#outputs.map(({ kind, length, region }) => viewOf(kind, region.buffer, 0, length));
    const made = (guest?.outputs ?? own).values();
    const arrays = outputs.arrays.map(({ own }) => own?.place ?? table.add(made.next().value as TypedArray));
    const clearOutputs = spec.clearOutputs === true || this.#outputs.some(({ region }) => region.recycled);
    return { ...spec, outputs: { names: outputs.names, arrays }, clearOutputs };
  }
}

/** With `verifyImmutable`: of what tasks only read. */
function snapshotOf({ sightings, table, placement }: Request): Snapshot | undefined {
  if (sightings === undefined) return undefined;
  const read = sightings.map((sighting, i) => (sighting === null ? undefined : table.arrays[i]));
  return new Snapshot(read, placement);
}

/** The lengths of the table's arrays, as the call has read them. */
function sizesOf({ table, placement }: Request): readonly { readonly length: number }[] {
  const { spans, extentOf } = placement;
  return spans.length === 0 ? table.arrays : table.arrays.map((array) => extentOf.get(array) ?? array);
}
