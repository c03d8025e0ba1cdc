/** What one pass of a call asks for, as plain data. Nothing has happened yet. */

import type { Kernel } from "../kernel/resolve.js";
import type { AnyKernel } from "../kernel/types.js";
import type { Arena } from "../memory/arena.js";
import { elementBytes, type TypedArray } from "../memory/dtypes.js";
import { Lease, leaseOver } from "../memory/lease.js";
import type { PlacementPlan } from "../memory/placement.js";
import type { Region } from "../memory/region.js";
import type { WorkShape } from "../plan/work-shape.js";
import type { ArrayTable, Sighting } from "../protocol/array-table.js";
import type { PackedItems } from "../protocol/items.js";
import type { JobSpec } from "../protocol/job-spec.js";
import type { Job } from "../strategies/job.js";
import type { CallName } from "../telemetry/events.js";
import type { Hosted, Stoppable } from "./abort-and-progress.js";
import type { GivenOptions } from "./types.js";

/** Arrays that the call will write. */
export interface OutputRequest {
  /** `null` for one bare array. */
  readonly names: readonly string[] | null;
  readonly arrays: readonly {
    readonly kind: number;
    /** Elements. */
    readonly length: number;
    /** The caller's own array and its place in the table; `undefined` if the call makes one. */
    readonly own: { readonly given: TypedArray; readonly place: number } | undefined;
  }[];
}

/** The outputs that the call makes. */
export function madeOutputs({ outputs }: Pick<Request, "outputs">): OutputRequest["arrays"] {
  return (outputs?.arrays ?? []).filter(({ own }) => own === undefined);
}

/** The bytes of each. */
export function madeBytes(request: Pick<Request, "outputs">): number[] {
  return madeOutputs(request).map(({ kind, length }) => length * elementBytes(kind));
}

/** What another thread, for which this one runs a call, has put into its own memory. */
export interface Guest {
  /** The arrays that the call writes. */
  readonly outputs: readonly TypedArray[];
  /** Held by everything that could touch that memory. */
  readonly lease: Lease;
  /** Told what stops the call, when it begins to run. A signal for each call would take 4 µs. */
  readonly onRun: (job: Hosted) => void;
}

/** The single jobs that a request of `submit` runs, one by each of its tasks. */
export interface RequestedJobs {
  /** How many jobs of the same sort wait behind them. */
  readonly behind: number;
  /** Told what stops them, when they begin to run. @param job `undefined` if another thread has it */
  onRun(run: Stoppable, job?: Job): void;
  /**
   * The run has ended. Settles each job that has come to its end, before the memory returns.
   * @param error why the run, or one of its tasks, has failed; `undefined` if all that ran have given their results
   * @param busy milliseconds that their tasks took; `undefined` if nobody knows
   * @returns how many have given a result
   */
  settle(job: Job, error: unknown, busy?: number): number;
}

/** What a pass over batches of a source has in addition. Such passes run side by side, and are planned as one. */
interface Sourced {
  /** Tasks that all of them together have on their way at most. */
  readonly width: number;
  /** With the copies of plain batches: they return with the pass. */
  readonly regions: readonly Region[];
  /** Bytes of those copies. */
  readonly bytesPlaced: number;
  /** The caller's own arrays in place of the first ones of the table, which may be copies. */
  readonly given: readonly TypedArray[];
}

export interface Request {
  /** When the call was made, as `clock` counts. */
  readonly started: number;
  readonly call: CallName;
  readonly kernel: Kernel;
  /** The function that the caller passed; `undefined` if the call is another thread's. */
  readonly fn: AnyKernel | undefined;
  readonly spec: JobSpec;
  readonly table: ArrayTable;
  /** How the arrays of the table would be placed. Outputs are not among them. */
  readonly placement: PlacementPlan;
  readonly items: PackedItems | undefined;
  /** The bytes that the items take on their way. */
  readonly itemBytes: number;
  readonly outputs: OutputRequest | null;
  /** Elements of the payload, or items. */
  readonly instances: number;
  /** The shape that tells it apart from other calls of the kernel. */
  readonly workShape: WorkShape;
  /** The kinds of its arrays, as bits. */
  readonly arrayKinds: number;
  /** Names the subject that the planner learns about: the kernel over these kinds of arrays. */
  readonly profileKey: number;
  readonly options: GivenOptions;
  /** Who sees each array of the table, `null` for those that tasks write; `undefined` if nobody checks whether they have changed. */
  readonly sightings: readonly (Sighting | null)[] | undefined;
  /** `undefined` if the call is this thread's own. */
  readonly guest: Guest | undefined;
  /** `undefined` if the tasks are one call's, or run for another thread. */
  readonly jobs: RequestedJobs | undefined;
  /** `undefined` if it is no pass over batches of a source. */
  readonly sourced: Sourced | undefined;
}

/** A lease over the memory of a request. @throws TypeError if an array was released before */
export function leaseOf({ table, sourced }: Request, arena: Arena): Lease {
  if (sourced === undefined) return leaseOver(arena, table);
  // The user's arrays were checked before. Copies are in memory that others may have released.
  const lease = new Lease(arena, table.arrays);
  for (const region of sourced.regions) lease.add(region, true);
  return lease;
}

// Far more than there are. A key stays below 2^53.
const MOST_KINDS = 16;

/** The kernel and the kinds of arrays that a call is over, as the planner tells them apart. */
export function profileKeyOf({ id }: Kernel, arrayKinds: number): number {
  return id * 2 ** MOST_KINDS + arrayKinds;
}
