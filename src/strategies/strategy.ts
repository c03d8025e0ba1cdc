/** What a descriptor creates: a way to run the tasks of a job. */
import type { Arena } from "../memory/arena.js";
import type { ArrayPlace, Place, PlacementPlan } from "../memory/placement.js";
import type { Change } from "../memory/snapshot.js";
import type { MaybePromise } from "../platform/maybe-promise.js";
import type { Optimizations } from "../platform/optimizations.js";
import type { WorkerOptions } from "../platform/worker-options.js";
import type { KernelAddress } from "../protocol/messages.js";
import type { Claim } from "../protocol/round.js";
import type { Job } from "./job.js";

/** What an executor gives its strategies. */
export interface StrategyHost {
  readonly settings: StrategySettings;
  readonly arena: Arena;
  readonly optimizations: Optimizations;
  /** The kernel that each worker runs before its first task; `null` if there is none. */
  readonly initializer: KernelAddress | null;
}

/** The part of the configuration that counts for strategies. */
interface StrategySettings extends WorkerOptions {
  readonly maxWorkers: number;
  readonly maxRetries: number;
  readonly maxSharedBytes: number;
  readonly idleTimeout: number;
}

/** A strategy as one executor has it, for all of its calls. */
export interface Strategy {
  /** What it keeps between runs; `undefined` if it needs no workers. */
  readonly workers: Workers | undefined;
  /** Runs what is left of a job. Reports when every task below the job's limit has ended, at once if it can. */
  run(job: Job, leg: Leg, inputs: JobInputs): MaybePromise<RunReport>;
}

/** The workers of a strategy. */
export interface Workers {
  /** Workers that exist now. */
  readonly size: number;
  /** Workers that serve. */
  readonly serving: number;
  /** Milliseconds until a worker may be started, because those before it died; 0 if at once. */
  readonly respawnWait: number;
  /** Starts workers until there are `count`, by default `maxWorkers`, and waits until all serve. */
  start(count?: number): Promise<void>;
  /** Every worker lets this memory go. @returns whether one of them may still reach it */
  forget(memory: number): boolean;
  /** Has workers collect the memory that they were to let go. */
  collect(): Promise<void>;
  /** Ends all workers, and lets no other start. */
  terminate(): Promise<void>;
}

/** How a strategy takes part in a call. */
export interface Leg {
  /** The most threads that may take part. */
  readonly workers: number;
  /** Milliseconds of computing that were predicted; `undefined` if nobody knows. */
  readonly expected: number | undefined;
  /** Decides, on the calling thread, whether the rest moves elsewhere. Only a strategy on the calling thread has one. */
  readonly overseer: Overseer | undefined;
}

/** Looks on while a job runs on the calling thread, and may send the rest elsewhere. */
export interface Overseer {
  /** Milliseconds after which the first task is given up; `undefined` if it runs to its end. */
  readonly firstTaskLimit: number | undefined;
  /** Milliseconds after which it is asked for the first time; each further time comes after twice as long, up to a slice. */
  readonly firstLook: number;
  /** Asked if the job had to wait for its turn. @returns whether the whole of it is handed over */
  takesOverAtOnce(): boolean;
  /**
   * Asked after a while of work.
   * @param left tasks that are left
   * @param perTask milliseconds of each, as this while showed
   * @param ran tasks of this while
   * @returns whether the rest is handed over
   */
  takesOver(left: number, perTask: number, ran: number): boolean;
}

/** The memory that a job's tasks read. */
export interface JobInputs {
  /** Throws if the caller has taken away what tasks read on the calling thread; `undefined` if nobody can. */
  readonly assertThere: (() => void) | undefined;
  /** Where it is in shared memory. Plain arrays have a place only if the strategy places arrays. */
  places(): SharedJob;
  /** The job block. */
  readonly block: SharedJob["block"];
  /** How plain arrays would be placed. */
  readonly placement: PlacementPlan;
  /** Whether its shared memory is another thread's, who may put something else there after the call. */
  readonly isGuests: boolean;
  /** Whether the caller wants to hear of inputs that a kernel has changed. */
  readonly verifies: boolean;
  /** A copy that workers have was changed by their tasks. */
  changed(change: Change): void;
}

/** Where workers find a job's memory. */
export interface PlacedJob {
  /** The array table. */
  readonly places: readonly ArrayPlace[];
  readonly block: { readonly memory: number };
}

/** The same for workers that see the memory itself. */
export interface SharedJob extends PlacedJob {
  readonly places: readonly Place[];
  readonly block: { readonly memory: number; readonly buffer: SharedArrayBuffer };
}

/** What a strategy tells about its part in a call. */
export interface RunReport {
  /** The strategy's name. */
  readonly strategy: string;
  /** Threads that took part. */
  readonly workers: number;
  /** Milliseconds that all of them together spent in tasks. */
  readonly busy: number;
  /** Milliseconds, among those, that they spent on sending results. */
  readonly sending: number;
  /** Bytes of descriptors, orders of tasks and kernels that were sent. */
  readonly metadataBytes: number;
  /** Workers that were lost and whose tasks ran again. */
  readonly retries: number;
  /** Tasks that it ran. */
  readonly ran: number;
  /** Tasks that it left to the next strategy. */
  readonly left: number;
  /** When the threads were woken, as `performance.now()` counts. */
  readonly woken: number;
  /** When the first of them served; the same if they did before. */
  readonly ready: number;
  /** When the first task began and the last one ended; `undefined` if none ran. */
  readonly computing: { readonly start: number; readonly end: number } | undefined;
  /** Empty if nobody traces the call. */
  readonly claims: readonly Claim[];
}
