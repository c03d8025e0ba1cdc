/** What is known of a public call: from its first moment to its end, over all of its passes. */
import type { Lease } from "../memory/lease.js";
import type { Occupant } from "../plan/occupancy.js";
import type { Plan, StrategyName } from "../strategies/registry.js";
import type { RunReport } from "../strategies/strategy.js";
import type { StreamBuffer } from "../strategies/stream-buffer.js";
import type { CallName } from "../telemetry/events.js";
import { type Stoppable, type Watch, watch } from "./abort-and-progress.js";
import type { JobMemory, Placing } from "./job-memory.js";
import type { Measured } from "./measured-time.js";
import type { Request } from "./request.js";

/** What a call asks for, apart from its passes. */
export type CallHeader = Pick<Request, "call" | "started" | "options" | "jobs">;

/** What a call does now. */
interface Current extends Stoppable {
  /** Tasks that have ended. */
  readonly ended?: number;
  /** Tasks that there are, if the call does not know it itself. */
  readonly tasks?: number;
}

const NONE: PassReport[] = [];

export class CallRecord implements Stoppable {
  /** Its number in all events. */
  readonly job: number;
  readonly call: CallName;
  /** The jobs of a round, each of which counts as a call. */
  readonly jobs: Request["jobs"];
  readonly started: number;
  readonly streamBuffer: StreamBuffer | undefined;
  /** Aborted when the loop over a stream is left. */
  readonly ownSignal: AbortSignal | undefined;
  /** The passes that were planned and have ended. */
  passes = NONE;
  /** The strategy that was told last. */
  announced: StrategyName | undefined;
  #tasks: number;
  readonly #watch: Watch | undefined;
  /** What runs or waits now. */
  #current: Current | undefined;
  #stopped: { readonly reason: unknown } | undefined;
  #endedBefore = 0;

  constructor(
    job: number,
    { call, started, jobs, options: { signal, onProgress } }: CallHeader,
    tasks: number,
    streamBuffer: StreamBuffer | undefined,
    ownSignal: AbortSignal | undefined,
  ) {
    this.job = job;
    this.call = call;
    this.jobs = jobs;
    this.started = started;
    this.#tasks = tasks;
    this.streamBuffer = streamBuffer;
    this.ownSignal = ownSignal;
    const isWatched = signal !== undefined || ownSignal !== undefined || onProgress !== undefined;
    this.#watch = isWatched ? watch(this, signal, ownSignal, onProgress) : undefined;
  }

  /** Whether a signal or progress is watched: then the caller has the call's promise before anything is told. */
  get isWatched(): boolean {
    return this.#watch !== undefined;
  }

  /**
   * What progress counts: the known tasks of all passes. For `iterateShared` it counts how often the call goes over the state.
   */
  get tasks(): number {
    return this.#current?.tasks ?? this.#tasks;
  }

  set tasks(tasks: number) {
    this.#tasks = tasks;
  }

  /** Tasks that have ended. */
  get ended(): number {
    return this.#endedBefore + (this.#current?.ended ?? 0);
  }

  /** From here on a stop reaches this. */
  runs(current: Current): void {
    this.#current = current;
    if (this.#stopped !== undefined) current.stop(this.#stopped.reason);
  }

  /** A pass has ended, and `tasks` tasks with it. */
  passed(tasks: number, report: PassReport): void {
    this.#current = undefined;
    this.#endedBefore += tasks;
    // A growing list would take room for more passes than most calls have.
    if (this.passes === NONE) this.passes = [report];
    else this.passes.push(report);
  }

  /** The record of a pass that runs beside others. Nobody watches it but the call. */
  beside({ started, spec }: Request, results: StreamBuffer): CallRecord {
    const { job, call } = this;
    const pass = new CallRecord(
      job,
      { call, started, options: {}, jobs: undefined },
      spec.tasks,
      results,
      undefined,
    );
    pass.announced = this.announced;
    return pass;
  }

  stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#current?.stop(reason);
  }

  /** @throws the reason for which it was stopped */
  throwIfStopped(): void {
    if (this.#stopped !== undefined) throw this.#stopped.reason;
  }

  /** Ends the watch. @param completed whether to report progress for the last time */
  close(completed: boolean): void {
    this.#watch?.(completed);
  }
}

/** One request on its way: plan → place → dispatch → collect. */
export interface Pass {
  /** Replaced by one whose items are its own if the pass has to wait. */
  request: Request;
  /** The lease over its memory, and over the arrays that it was given. */
  readonly lease: Lease;
  /** Whether no other call was running when it began. */
  readonly beganAlone: boolean;
  /** `undefined` if it failed before it was planned. */
  plan: Plan | undefined;
  /** When the plan was made. */
  planned: number;
  /** `undefined` if it failed before it had its memory. */
  memory: JobMemory | undefined;
  /** Its entry among the calls that keep strategies busy. */
  occupant: Occupant<StrategyName> | undefined;
  /** In the order in which strategies took part. */
  readonly runs: RunReport[];
}

/** A pass with its plan and its memory. */
export type PlannedPass = Pass & { readonly plan: Plan; readonly memory: JobMemory };

/** What is told of a pass that has ended. It holds none of the caller's data. */
export interface PassReport {
  readonly kernel: string;
  readonly plan: Plan;
  /** The tasks that it ran. In a round of single jobs, those that have given a result. */
  readonly tasks: number;
  readonly started: number;
  readonly planned: number;
  readonly ended: number;
  readonly runs: readonly RunReport[];
  readonly placing: Placing | undefined;
  readonly bytesPlaced: number;
  /** Bytes of shared arrays, which stayed where they were. */
  readonly bytesShared: number;
  readonly itemBytes: number;
  readonly capturedBytes: number;
  /** `undefined` if it failed. */
  readonly measured: Measured | undefined;
  /** Payload bytes of a task, as measured. */
  readonly taskBytes: number;
  /** Whether it tells of several passes that ran side by side. */
  readonly isJoined: boolean;
}
