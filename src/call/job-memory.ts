/** The memory of one pass: takes it, places arrays, collects results, gives it back. */

import type { Arena } from "../memory/arena.js";
import { contentsChanged } from "../memory/contents.js";
import type { Lease } from "../memory/lease.js";
import { type PlacementPlan, place, placeOf } from "../memory/placement.js";
import { assertWhole } from "../memory/presence.js";
import type { Region } from "../memory/region.js";
import type { Change } from "../memory/snapshot.js";
import { clock } from "../platform/clock.js";
import { pause } from "../platform/time-slice.js";
import { openBlock } from "../protocol/job-block.js";
import { Job } from "../strategies/job.js";
import type { JobInputs, SharedJob } from "../strategies/strategy.js";
import type { OwnStrategy } from "../strategies/strategy-set.js";
import type { StreamBuffer } from "../strategies/stream-buffer.js";
import { failureOf } from "./failure.js";
import { type InputCheck, inputCheckOf } from "./input-check.js";
import { needsOf } from "./needs.js";
import { type Outcome, partialOutputs } from "./outcome.js";
import { OutputRegions } from "./output-regions.js";
import { PartialOutcome } from "./partial-results.js";
import type { Request } from "./request.js";
import { unlessStopped } from "./unless-stopped.js";

const NONE: readonly never[] = [];

type Descriptor = OwnStrategy["descriptor"];

/** How a pass is to run, beside what it asks for. */
export interface Conditions {
  readonly placesArrays: boolean;
  readonly streamBuffer: StreamBuffer | undefined;
  /** Whether every claim is noted. */
  readonly isTraced: boolean;
  /** Milliseconds that each task may take; `undefined` if there is no limit. */
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
  /** `undefined` if the pass writes no arrays. */
  readonly #outputs: OutputRegions | undefined;
  /** `undefined` without `verifyImmutable`. */
  readonly #check: InputCheck | undefined;
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
    this.#check = inputCheckOf(request);
    arena.reserve(needsOf(request, placesArrays));
    this.#lease = lease;
    try {
      const opened = openBlock(arena, spec.tasks, items);
      const { block } = opened;
      this.#blockRegion = opened.region;
      this.#lease.add(opened.region);
      this.#outputs = request.outputs === null ? undefined : new OutputRegions(request, arena, lease);
      if (this.#check !== undefined) this.#lease.add(this.#check.prepare(arena));
      this.job = new Job({
        spec: this.#outputs?.jobSpec() ?? spec,
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

  /** Brings the inputs to where a strategy reads them. @returns `undefined` if they are there at once */
  prepare(descriptor: Descriptor): Promise<void> | undefined {
    const isPlain = this.#request.placement.spans.length > 0;
    if (isPlain || this.#check !== undefined) return this.#prepareLater(descriptor, isPlain);
    this.#ranOn(descriptor);
    return undefined;
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
    return this.#check !== undefined;
  }

  changed(change: Change): void {
    this.#check?.changed(change);
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
   * @throws PayloadMutatedError if an input has changed, unless a task failed before all tasks that were given the change
   */
  async verify(): Promise<void> {
    const check = this.#check;
    if (check === undefined) return;
    await unlessStopped(this.job, check.compare(pause));
    check.throwIfChanged(this.job);
  }

  /**
   * The results, once the job has run. The outputs are the user's from here on: they live as long as the user's arrays.
   * @throws KernelError or TaskTimeoutError for the failed task with the lowest index
   */
  collect(): Outcome {
    const failure = failureOf(this.job, this.#request);
    if (failure !== undefined) throw failure;
    const { received, parts, passes } = this.job;
    const { outputs, spec } = this.#request;
    // What a transform kernel returns is of no interest.
    const hasValues = outputs === null || spec.capacity !== undefined;
    const values = hasValues ? parts.block.results.collect(received) : passes ? [passes.whole] : [];
    return { values, outputs: this.#outputs?.lend() ?? NONE };
  }

  /** What had ended when the job failed. The outputs are the user's from here on, so it can be told only once. */
  partial(): PartialOutcome {
    const { outputs, guest, spec } = this.#request;
    const own = guest === undefined ? this.#outputs : undefined;
    const passes = this.job.passes?.whole;
    return new PartialOutcome(this.job, own && partialOutputs(spec, outputs, () => own.lend(), passes));
  }

  /** Bytes that were copied into regions for this call. */
  get bytesPlaced(): number {
    return this.placing === undefined ? 0 : this.#request.placement.bytesPlaced;
  }

  /** The pass is over. Regions return as soon as no worker counts on them. */
  close(now?: number): void {
    if (this.job.parts.spec.writesOwn === true) this.job.parts.arrays.forEach(contentsChanged);
    this.#lease.close(now);
  }

  /** On every strategy plain arrays, and shared ones for a snapshot, are read once the caller's present code has ended. */
  async #prepareLater(descriptor: Descriptor, isPlain: boolean): Promise<void> {
    await undefined;
    await this.#check?.take(() => this.#pause());
    if (descriptor.placesArrays && isPlain) await this.#place();
    else this.#placed = undefined;
    this.#ranOn(descriptor);
  }

  /** Notes whose tasks reach the memory from here on. */
  #ranOn({ isHere, placesArrays }: Descriptor): void {
    this.#check?.ranOn(this.#placed);
    if (!this.#request.kernel.lingers) return;
    if (isHere) this.#lease.reachedBy("here");
    else if (placesArrays) this.#lease.reachedBy("workers");
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
}

/** The lengths of the table's arrays, as the call has read them. */
function sizesOf({ table, placement }: Request): readonly { readonly length: number }[] {
  const { spans, extentOf } = placement;
  return spans.length === 0 ? table.arrays : table.arrays.map((array) => extentOf.get(array) ?? array);
}
