/** A job in progress: what strategies share, and how far it has come. */
import type { Kernel } from "../kernel/resolve.js";
import type { TypedArray } from "../memory/dtypes.js";
import type { Lease } from "../memory/lease.js";
import type { StrategyName } from "../plan/plan.js";
import type { MaybePromise } from "../platform/maybe-promise.js";
import type { ControlBlock } from "../protocol/control-block.js";
import type { PackedItems } from "../protocol/items.js";
import type { JobBlock } from "../protocol/job-block.js";
import type { JobSpec } from "../protocol/job-spec.js";
import { Received, type Values } from "../protocol/received.js";
import type { Claim } from "../protocol/round.js";
import { packThrown, type Thrown } from "../protocol/thrown.js";
import { unreadError } from "../protocol/unread-error.js";
import type { StreamBuffer } from "./stream-buffer.js";

export interface JobParts {
  readonly spec: JobSpec;
  readonly kernel: Kernel;
  /** The array table, its arrays where the caller has them. */
  readonly arrays: readonly TypedArray[];
  /** Their lengths, which stay when a caller's buffer goes. */
  readonly sizes: readonly { readonly length: number }[];
  readonly block: JobBlock;
  readonly packing: PackedItems["packing"] | null;
  readonly lease: Lease;
  /** Of a stream: receives every value as it is ready; values are then not kept. */
  readonly backlog: StreamBuffer | undefined;
  /** Note every claim. */
  readonly isTraced: boolean;
  /** Milliseconds that each task may take; undefined: any. */
  readonly timeout: number | undefined;
}

/** A task that failed. */
interface Failure {
  readonly index: number;
  /** Undefined: its time was up. */
  readonly thrown: Thrown | undefined;
}

/** What a strategy tells about its part in a call. */
export interface RunReport {
  readonly strategy: StrategyName;
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
  /** When the threads were woken, as `clock` counts. */
  readonly woken: number;
  /** When the first of them served; the same where they did before. */
  readonly ready: number;
  /** When the first task began and the last one ended; undefined where none ran. */
  readonly computing: { readonly start: number; readonly end: number } | undefined;
  /** Empty where nobody traces the call. */
  readonly claims: readonly Claim[];
}

/** A way to run what is left of a job. Reports when every task below the job's limit has ended. */
export interface Strategy {
  run(job: Job, workers: number): MaybePromise<RunReport>;
}

const NONE: Values = new Received();
const NO_TASKS: number[] = [];

export class Job {
  readonly parts: JobParts;
  /** A list rather than a promise, of which most calls would make five for nothing. */
  #onStop: ((reason: unknown) => void)[] | undefined;
  #received: Received | undefined;
  #apart: number[] = NO_TASKS;
  #reason: unknown;
  #control: ControlBlock | undefined;
  #isStopped = false;
  #endedBefore = 0;
  #failure: Failure | undefined;

  constructor(parts: JobParts) {
    this.parts = parts;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Values that came by message. */
  get received(): Values {
    return this.#received ?? NONE;
  }

  /** Tasks whose value came in a message of its own: whoever sends the values on does well to do the same. */
  get apart(): readonly number[] {
    return this.#apart;
  }

  /** The failure with the lowest index so far. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Tasks that ended, for progress. */
  get ended(): number {
    return Math.min(this.parts.spec.tasks, this.#endedBefore + (this.#control?.ended ?? 0));
  }

  /** A strategy starts a round of `workers` threads over `tasks` tasks, which is all that is left. */
  beginRound(control: ControlBlock, tasks: number, workers: number): void {
    this.#endedBefore = this.parts.spec.tasks - tasks;
    this.#control = control;
    this.parts.backlog?.beginRound(control, tasks, workers);
    if (this.#isStopped) control.abort();
  }

  /** Stops the job: no task starts any more, and the call rejects with `reason`. */
  stop(reason: unknown): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#reason = reason;
    this.#control?.abort();
    const listeners = this.#onStop ?? [];
    this.#onStop = undefined;
    for (const listener of listeners) listener(reason);
    // A run that waits at the gate goes on, to its end.
    this.parts.backlog?.onRoom();
  }

  /** @throws the reason for which it was stopped */
  throwIfStopped(): void {
    if (this.#isStopped) throw this.#reason;
  }

  /** Calls the listener with the reason once the job is stopped; at once where it has been. */
  onStop(listener: (reason: unknown) => void): void {
    if (this.#isStopped) {
      listener(this.#reason);
      return;
    }
    this.#onStop ??= [];
    this.#onStop.push(listener);
  }

  /** The spec for a round: tasks that run again find their outputs as the first run did. */
  specFor(order: Uint32Array | undefined): JobSpec {
    const { spec } = this.parts;
    return order === undefined ? spec : { ...spec, clearOutputs: true };
  }

  receive(index: number, value: unknown): void {
    const { backlog } = this.parts;
    this.#received ??= new Received();
    if (backlog === undefined) {
      this.#received.set(index, value);
    } else if (!this.#received.has(index)) {
      this.#received.set(index, undefined);
      backlog.receive(index, value);
    }
  }

  receiveApart(index: number, value: unknown): void {
    this.receive(index, value);
    if (this.parts.backlog !== undefined) return;
    if (this.#apart === NO_TASKS) this.#apart = [];
    this.#apart.push(index);
  }

  /** @param thrown undefined: the task's time was up */
  fail(index: number, thrown: Thrown | undefined): void {
    if (this.#failure === undefined || index < this.#failure.index) this.#failure = { index, thrown };
  }

  /**
   * A round has ended in which every worker has left, and messages of which this thread could not read: fails the first
   * task whose value or error was in one of them. Behind it nothing matters any more.
   * @returns whether there is one
   */
  failUnread(reason: unknown): boolean {
    const { results } = this.parts.block;
    const end = this.#failure?.index ?? results.length;
    for (let i = 0; i < end; i++) {
      if (!results.isElsewhere(i) || this.received.has(i)) continue;
      this.fail(i, packThrown(unreadError(reason)));
      return true;
    }
    return false;
  }

  /**
   * The tasks that must still run, ascending; undefined: all of them. Only when no worker takes part any more: what a
   * lost worker had not sent counts as not run.
   * @param except tasks that are not tried again
   */
  unfinished(except?: ReadonlyMap<number, unknown>): Uint32Array | undefined {
    if (this.#control === undefined) return undefined;
    const { spec, block } = this.parts;
    const end = this.#failure?.index ?? spec.tasks;
    const indices: number[] = [];
    for (let i = 0; i < end; i++) {
      if (block.results.isElsewhere(i) && !this.received.has(i)) block.results.clear(i);
      if (block.results.isPending(i) && except?.has(i) !== true) indices.push(i);
    }
    return Uint32Array.from(indices);
  }
}
