/** The memory of one pass: takes it, places arrays, runs a strategy over it, collects results, gives it back. */

import { KernelError, TaskTimeoutError } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import { elementBytes, type TypedArray, viewOf } from "../memory/dtypes.js";
import type { Lease } from "../memory/lease.js";
import { type PlacementPlan, place, placeOf } from "../memory/placement.js";
import { assertWhole } from "../memory/presence.js";
import type { Region } from "../memory/region.js";
import { type Change, isBefore, Snapshot } from "../memory/snapshot.js";
import { clock } from "../platform/clock.js";
import { isPromise, type MaybePromise } from "../platform/maybe-promise.js";
import { pause } from "../platform/time-slice.js";
import { blockBytes, openBlock } from "../protocol/job-block.js";
import { type JobSpec, taskRange } from "../protocol/job-spec.js";
import { unpackThrown } from "../protocol/thrown.js";
import { Job } from "../strategies/job.js";
import type { JobInputs, Leg, RunReport, SharedJob } from "../strategies/strategy.js";
import type { OwnStrategy } from "../strategies/strategy-set.js";
import type { StreamBuffer } from "../strategies/stream-buffer.js";
import { mutatedError } from "./input-names.js";
import { named, type Outcome } from "./outcome.js";
import { PartialOutcome } from "./partial-results.js";
import type { Request } from "./request.js";

interface Output {
  readonly kind: number;
  readonly region: Region;
}

const NONE: readonly never[] = [];

/** Bytes of each region that a pass takes. @param placesArrays whether its strategy places plain arrays */
export function needsOf(request: Request, placesArrays: boolean): number[] {
  const { spec, items, outputs, placement, guest, sightings, table } = request;
  const needs = [blockBytes(spec.tasks, items), placesArrays ? placement.bytesNeeded : 0];
  if (sightings !== undefined) needs.push(new Snapshot(table.arrays, placement).bytes);
  if (outputs === null || guest !== undefined) return needs;
  for (const kind of outputs.kinds) needs.push(spec.length * elementBytes(kind));
  return needs;
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
  readonly #outputs: readonly Output[];
  /** With `verifyImmutable`: the inputs before the first task. */
  readonly #snapshot: Snapshot | undefined;
  /** The first change of a worker's copies. */
  #change: Change | undefined;
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
    const { spec, items, table, kernel } = request;
    const kinds = request.guest === undefined ? (request.outputs?.kinds ?? NONE) : NONE;
    this.#snapshot = request.sightings && new Snapshot(table.arrays, request.placement);
    arena.reserve(needsOf(request, placesArrays));
    this.#lease = lease;
    try {
      const opened = openBlock(arena, spec.tasks, items);
      const { block } = opened;
      this.#blockRegion = opened.region;
      this.#lease.add(opened.region);
      this.#outputs = kinds.length === 0 ? NONE : kinds.map((kind) => this.#takeOutput(kind, spec.length));
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

  get block(): SharedJob["block"] {
    const { id: memory, buffer } = this.#blockRegion;
    return { memory, buffer };
  }

  get placement(): PlacementPlan {
    return this.#request.placement;
  }

  get verifies(): boolean {
    return this.#snapshot !== undefined;
  }

  changed(change: Change): void {
    if (this.#change === undefined || isBefore(change, this.#change)) this.#change = change;
  }

  get isGuests(): boolean {
    return this.#request.guest !== undefined;
  }

  places(): SharedJob {
    const { placement, table } = this.#request;
    const { block } = this;
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
    const found = await this.#unlessStopped(snapshot.findChange(pause));
    if (found !== undefined) this.changed(found);
    const change = this.#change;
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
    return { values, outputs: this.#lendOutputs() };
  }

  /** What had ended when the job failed. The outputs are the user's from here on, so it can be told only once. */
  partial(): PartialOutcome {
    const { outputs, guest } = this.#request;
    const areOwn = outputs !== null && guest === undefined;
    return new PartialOutcome(this.job, areOwn ? named(outputs.names, this.#lendOutputs()) : undefined);
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
    return failure.thrown === undefined
      ? new TaskTimeoutError(failure.index, start, end, parts.timeout as number)
      : new KernelError(failure.index, start, end, unpackThrown(failure.thrown));
  }

  #takeOutput(kind: number, length: number): Output {
    const region = this.#arena.take(length * elementBytes(kind), "nothing", true);
    this.#lease.add(region, true);
    return { kind, region };
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

  #lendOutputs(): TypedArray[] {
    const { length } = this.job.parts.spec;
    return this.#outputs.map(({ kind, region }) => {
      return viewOf(kind, this.#lease.lend(region, length * elementBytes(kind)), 0, length);
    });
  }

  /** With the outputs, which are entered into the array table, where they stand behind the inputs. */
  #jobSpec(): JobSpec {
    const { outputs, table, spec, guest } = this.#request;
    if (outputs === null) return spec;
    const own = this.#outputs.map(({ kind, region }) => viewOf(kind, region.buffer, 0, spec.length));
    const arrays = (guest?.outputs ?? own).map((array) => table.add(array));
    const clearOutputs = guest?.clearOutputs ?? this.#outputs.some(({ region }) => region.recycled);
    return { ...spec, outputs: { names: outputs.names, arrays }, clearOutputs };
  }
}

/** The lengths of the table's arrays, as the call has read them. */
function sizesOf({ table, placement }: Request): readonly { readonly length: number }[] {
  const { spans, extentOf } = placement;
  return spans.length === 0 ? table.arrays : table.arrays.map((array) => extentOf.get(array) ?? array);
}
