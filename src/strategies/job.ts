/** A job in progress: what strategies share, and how far it has come. */
import type { Kernel } from "../kernel/resolve.js";
import type { TypedArray } from "../memory/dtypes.js";
import type { Lease } from "../memory/lease.js";
import type { ControlBlock } from "../protocol/control-block.js";
import type { PackedItems } from "../protocol/items.js";
import type { JobBlock } from "../protocol/job-block.js";
import type { JobSpec } from "../protocol/job-spec.js";
import { Received, type Values } from "../protocol/received.js";
import { packThrown, type Thrown } from "../protocol/thrown.js";
import { unreadError } from "../protocol/unread-error.js";
import { PassProgress } from "./pass-progress.js";
import { SingleJobs } from "./single-jobs.js";
import type { StreamBuffer } from "./stream-buffer.js";

export interface JobParts {
  readonly spec: JobSpec;
  readonly kernel: Kernel;
  /** The array table, with the caller's own arrays. */
  readonly arrays: readonly TypedArray[];
  /** Their lengths, which stay when a caller's buffer goes. */
  readonly sizes: readonly { readonly length: number }[];
  readonly block: JobBlock;
  readonly packing: PackedItems["packing"] | null;
  readonly lease: Lease;
  /** For a stream: receives every value as it is ready. Values are then not kept. */
  readonly streamBuffer: StreamBuffer | undefined;
  /** Whether every claim is noted. */
  readonly isTraced: boolean;
  /** Milliseconds that each task may take; `undefined` if there is no limit. */
  readonly timeout: number | undefined;
  /** Whether a task that was interrupted must not run again, because it has written to arrays of the caller's. */
  readonly runsOnce: boolean;
}

/** A task that failed. */
interface Failure {
  readonly index: number;
  /** `undefined` if its time was up. */
  readonly thrown: Thrown | undefined;
  /** `undefined` if there is one. */
  readonly pass: number | undefined;
}

const NONE: Values = new Received();
const NO_TASKS: number[] = [];

export class Job {
  readonly parts: JobParts;
  /** `undefined` if the job has one pass. */
  readonly passes: PassProgress | undefined;
  /** `undefined` if the job is no round of single jobs. */
  readonly singles: SingleJobs | undefined;
  /** A list, because most calls would make five promises for nothing. */
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
    const { spec, block } = parts;
    this.passes = spec.passes === undefined ? undefined : new PassProgress(spec, block.results);
    this.singles =
      spec.single === true ? new SingleJobs(block.results, (index) => this.received.has(index)) : undefined;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get runsOnce(): boolean {
    return this.parts.runsOnce;
  }

  /** Values that came by message. */
  get received(): Values {
    return this.#received ?? NONE;
  }

  /** Tasks whose value came in a message of its own. A bridge sends these values on in the same way. */
  get apart(): readonly number[] {
    return this.#apart;
  }

  /** The failure with the lowest index so far. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Tasks that ended, for progress; passes if there are several. */
  get ended(): number {
    if (this.passes !== undefined) return this.passes.endedIn(this.#control);
    return Math.min(this.parts.spec.tasks, this.#endedBefore + (this.#control?.ended ?? 0));
  }

  /** A strategy starts a round of `workers` threads over `tasks` tasks, which is all that is left. */
  beginRound(control: ControlBlock, tasks: number, workers: number): void {
    this.#endedBefore = this.parts.spec.tasks - tasks;
    this.passes?.begin(control, this.#control);
    this.#control = control;
    this.parts.streamBuffer?.beginRound(control, tasks, workers);
    if (this.#isStopped) control.abort();
    this.singles?.begin(control);
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
    this.parts.streamBuffer?.onRoom();
  }

  /** @throws the reason for which it was stopped */
  throwIfStopped(): void {
    if (this.#isStopped) throw this.#reason;
  }

  /** Calls the listener with the reason when the job is stopped, or at once if it was. */
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
    return order === undefined ? spec : { ...spec, clearOutputs: true, firstPass: this.passes?.firstPass };
  }

  /** Tasks of a round over what is left. @param order as `unfinished` gave it */
  tasksIn(order: Uint32Array | undefined): number {
    if (this.passes !== undefined) return this.passes.tasksLeft(this.#failure !== undefined);
    return order?.length ?? this.parts.spec.tasks;
  }

  /** Whether a task has ended. @param pass of a job of several */
  hasEnded(index: number, pass: number): boolean {
    return this.passes === undefined
      ? !this.parts.block.results.isPending(index)
      : this.passes.passOf(index) > pass;
  }

  receive(index: number, value: unknown): void {
    const { streamBuffer } = this.parts;
    this.#received ??= new Received();
    if (streamBuffer === undefined) {
      this.#received.set(index, value);
    } else if (!this.#received.has(index)) {
      this.#received.set(index, undefined);
      streamBuffer.receive(index, value);
    }
  }

  receiveApart(index: number, value: unknown): void {
    this.receive(index, value);
    if (this.parts.streamBuffer !== undefined) return;
    if (this.#apart === NO_TASKS) this.#apart = [];
    this.#apart.push(index);
  }

  /** @param thrown `undefined` if the task's time was up */
  fail(index: number, thrown: Thrown | undefined): void {
    if (this.#failure !== undefined && index >= this.#failure.index) return;
    this.#failure = { index, thrown, pass: this.passes?.passOf(index) };
  }

  /**
   * Fails the first task whose value or error was in a message that this thread could not read. Called when the round has ended
   * and every worker has left. Tasks behind it do not matter any more.
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

  /** Tasks that have ended, but whose value or error was lost. Only when no worker takes part any more. */
  get unsent(): number[] {
    const { results } = this.parts.block;
    const indices: number[] = [];
    for (let i = 0; i < results.length; i++)
      if (results.isElsewhere(i) && !this.received.has(i)) indices.push(i);
    return indices;
  }

  /**
   * The tasks that must still run, ascending; `undefined` if all of them. Of several passes, those of the present one. Only when
   * no worker takes part any more: what a lost worker had not sent counts as not run.
   * @param except tasks that are not tried again
   */
  unfinished(except?: ReadonlyMap<number, unknown>): Uint32Array | undefined {
    if (this.#control === undefined && this.singles?.isRecalled !== true) return undefined;
    const { spec, block } = this.parts;
    const end = this.#failure?.index ?? spec.tasks;
    if (this.passes !== undefined) return this.passes.left(end, this.#control?.exceeded ?? 0);
    const indices: number[] = [];
    for (let i = 0; i < end; i++) {
      if (block.results.isElsewhere(i) && !this.received.has(i)) block.results.clear(i);
      const isLeft = block.results.isPending(i) && except?.has(i) !== true;
      if (isLeft && this.singles?.mayRun(i) !== false) indices.push(i);
    }
    const order = Uint32Array.from(indices);
    this.singles?.follow(order);
    return order;
  }
}
