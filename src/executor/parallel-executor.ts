/**
 * The executor. Every call takes the same way: plan → place → dispatch → collect → report. `#run`, `#begin` and `#finish`
 * tell it; what each step does is in the folder of its name.
 */

import { watch } from "../call/abort-and-progress.js";
import { Execution, needsOf } from "../call/execution.js";
import { Planner } from "../call/planner.js";
import { busyOf, type CallRecord, callTrace, executionEvent, type Planned } from "../call/report.js";
import { NO_OPTIONS, type Request } from "../call/request.js";
import { RoomWait } from "../call/room-wait.js";
import { StrategyRunner } from "../call/strategy-runner.js";
import type { CallOptions, ChunkKernel } from "../call/types.js";
import { ParallelConfig, type ParallelOptions } from "../config/config.js";
import { attachPartial, ExecutorClosedError, MemoryLimitError, WorkerLostError } from "../errors.js";
import { resolveKernel } from "../kernel/resolve.js";
import { Arena } from "../memory/arena.js";
import type { Input } from "../memory/inputs.js";
import { leaseOver } from "../memory/lease.js";
import { LEAVE_MS } from "../memory/limits.js";
import { makeRoom, workersLeave } from "../memory/make-room.js";
import type { HandleHolders } from "../memory/mapped-memory.js";
import type { HostProfile } from "../plan/host-profile.js";
import type { Plan } from "../plan/plan.js";
import { clock } from "../platform/clock.js";
import type { MaybePromise } from "../platform/maybe-promise.js";
import { optimizationsOf } from "../platform/optimizations.js";
import { ownItems } from "../protocol/items.js";
import type { Job } from "../strategies/job.js";
import type { StreamBuffer } from "../strategies/stream-buffer.js";
import { Pool } from "../strategies/threads/pool.js";
import type { Metrics } from "../telemetry/metrics.js";
import { Reporter } from "../telemetry/reporter.js";
import { BACKEND, type Backend, Executor, type Outcome, readCall } from "./executor.js";
import { ResultStream } from "./result-stream.js";
import { Deadline, readDeadline, type ShutdownOptions } from "./shutdown.js";

// Beyond this a worker collects its garbage, which takes some 5 ms: a copy into as much memory that was used before.
const MOST_GARBAGE = 64 * 1024 * 1024;
// The same under a small limit.
const GARBAGE_SHARE = 16;

/** A list has few of them; a Map that is emptied again and again makes a new table each time. */
interface Running {
  readonly job: Pick<Job, "stop"> & { readonly parts?: Job["parts"] };
  readonly dispatched: Promise<void> | undefined;
}

// Other calls may take the room that was made.
const MOST_TRIES = 4;
const NO_ROOM = "its arrays do not fit into shared memory under maxSharedBytes";

/**
 * Runs kernels over typed arrays on shared memory, on a pool of worker threads that starts at first need and is
 * reused by every call.
 */
export class ParallelExecutor extends Executor implements AsyncDisposable {
  readonly config: ParallelConfig;
  readonly #reporter: Reporter;
  readonly #arena: Arena;
  readonly #pool: Pool;
  readonly #planner: Planner;
  readonly #legs: StrategyRunner;
  readonly #backend: Backend;
  readonly #running: Running[] = [];
  /** Calls whose first steps this thread is at. Listeners and kernels that run meanwhile may make others. */
  readonly #beginning: CallRecord[] = [];
  readonly #deadline = new Deadline((reason) => this.cancel(reason));
  /** Resolves when all calls have begun that waited for memory so far. */
  #lastWait: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** @throws ConfigurationError */
  constructor(options: ParallelConfig | ParallelOptions = {}) {
    super();
    this.config = options instanceof ParallelConfig ? options : new ParallelConfig(options);
    const { maxWorkers, maxSharedBytes, idleTimeout, telemetry, workerInitializer } = this.config;
    this.#reporter = new Reporter(telemetry, maxWorkers);
    const optimizations = optimizationsOf();
    const holders: HandleHolders = {
      forget: (memory) => this.#pool.forget(memory),
      collect: () => this.#pool.collect(),
    };
    this.#arena = new Arena(maxSharedBytes, holders, idleTimeout, optimizations.recycling);
    this.#pool = new Pool({
      maxWorkers,
      idleTimeout,
      mostGarbage: Math.min(MOST_GARBAGE, maxSharedBytes / GARBAGE_SHARE),
      onUnheld: (memory) => this.#arena.unheld(memory),
      workers: this.config,
      optimizations,
      initializer: workerInitializer === undefined ? null : resolveKernel(workerInitializer).address,
    });
    this.#planner = new Planner(this.config, this.#arena, this.#pool);
    this.#legs = new StrategyRunner(this.config, this.#arena, this.#pool, this.#planner, this.#reporter);
    this.#backend = {
      arena: this.#arena,
      settings: this.config,
      checkOpen: (call) => this.#checkOpen(call),
      run: (request) => this.#run(request),
      stream: (read) => new ResultStream(async (backlog, signal) => this.#run(read(), backlog, signal)),
      explain: (request) => {
        this.#checkOpen("explain");
        return this.#planner.explain(request);
      },
    };
  }

  /** @internal */
  override get [BACKEND](): Backend {
    return this.#backend;
  }

  /** What this machine is taken to charge: measured as far as it has been, else supposed. `String()` makes a table. */
  get hostProfile(): HostProfile {
    return this.#planner.host;
  }

  /** Counters over the life of this executor. */
  override get metrics(): Metrics {
    return this.#reporter.metrics;
  }

  /** How `mapShared` with the same arguments would run now. Runs nothing. @throws as `mapShared` */
  override explain<const I extends Input<I>, R, A = undefined>(
    input: I,
    kernel: ChunkKernel<I, R, A>,
    options: CallOptions<A> = NO_OPTIONS,
  ): Plan {
    this.#checkOpen("explain");
    return this.#planner.explain(readCall(this.#backend, "mapShared", input, kernel, null, options));
  }

  /** Starts the pool now rather than at first need. @throws WorkerLostError, IsolationError when workers cannot be started */
  override async start(): Promise<void> {
    this.#checkOpen("start");
    this.#planner.assertPossible(this.config.strategy);
    if (this.#planner.sequentialBecause() !== undefined || this.config.strategy === "sequential") return;
    const isCold = this.#pool.size === 0 && this.#running.length === 0;
    const started = clock();
    try {
      await this.#pool.start();
      if (isCold) this.#planner.observeStart(clock() - started, this.config.maxWorkers);
    } catch (cause) {
      if (cause instanceof WorkerLostError) throw cause;
      throw new WorkerLostError(
        "Cannot start the pool as a worker ended while it was starting",
        undefined,
        cause,
      );
    }
  }

  /** Aborts every call in progress: each rejects with `reason`. The executor stays usable. */
  override cancel(
    reason: unknown = new DOMException("The call was cancelled by executor.cancel()", "AbortError"),
  ): void {
    for (const { job } of [...this.#running]) job.stop(reason);
    for (const course of this.#beginning) {
      if (course.execution === undefined) course.cancelled ??= { reason };
      else course.execution.job.stop(reason);
    }
  }

  /**
   * Waits for the calls in progress, then ends the workers and frees idle memory. Idempotent: a further call waits for
   * the same end, and may bring the deadline forward.
   * @throws TypeError, ConfigurationError where an option is wrong
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    const deadline = readDeadline(options);
    if (deadline !== undefined) this.#deadline.bringForward(deadline);
    this.#closed ??= (async () => {
      // A call that is just beginning, and has told a listener who called this, is among those in progress by then.
      await undefined;
      // A loop may never go on, or wait for this very call.
      for (const { job } of this.#running) job.parts?.backlog?.open();
      // One that waits for memory begins later.
      while (this.#running.length > 0) {
        await Promise.allSettled(this.#running.map(({ dispatched }) => dispatched));
      }
      this.#deadline.clear();
      await this.#pool.terminate();
      this.#arena.trim();
    })();
    await this.#closed;
  }

  /**
   * The end of an `await using` block: aborts what is still running, which nobody awaited or an exception has left
   * behind, and shuts down. Where nobody looks at an aborted call that is an unhandled rejection: it cannot be told whether
   * somebody forgot to, and then the work would be cut off without a word.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.cancel(
      new DOMException("The call was still running at the end of its executor's block", "AbortError"),
    );
    return this.shutdown();
  }

  #run(request: Request, backlog?: StreamBuffer, ownSignal?: AbortSignal): MaybePromise<Outcome> {
    this.#checkOpen(request.call);
    const lease = request.guest?.lease.hold() ?? leaseOver(this.#arena, request.table);
    const job = this.#reporter.submitted();
    const { started, table, outputs } = request;
    const course: CallRecord = {
      job,
      started,
      request,
      ownSignal,
      beganAlone: this.#running.length === 0,
      plan: undefined,
      planned: started,
      execution: undefined,
      occupant: undefined,
      lease,
      runs: [],
      stopWatching: undefined,
      cancelled: undefined,
    };
    this.#beginning.push(course);
    try {
      const hasMemory = table.arrays.length > 0 || outputs !== null;
      if (hasMemory && this.#arena.isTight) return this.#runLater(course, backlog);
      const dispatched = this.#begin(course, backlog);
      // A signal stops the call that it was given to even in the moment after that, and whoever wants to hear of progress
      // has the call's promise by then.
      const { signal, onProgress } = request.options;
      const isOpen = signal !== undefined || ownSignal !== undefined || onProgress !== undefined;
      if (dispatched !== undefined || isOpen) return this.#finishLater(course as Planned, dispatched);
      return this.#finish(course as Planned, this.#running.length === 0);
    } catch (error) {
      const lacksRoom = error instanceof MemoryLimitError && course.execution === undefined;
      if (lacksRoom) return this.#runLater(course, backlog, error);
      throw this.#failed(course, error);
    } finally {
      this.#beginning.pop();
    }
  }

  /**
   * The call can't begin at once: waits for others to leave, makes room, and tries again.
   * @param error there was no room; undefined: it was not tried
   */
  async #runLater(
    course: CallRecord,
    backlog: StreamBuffer | undefined,
    error?: MemoryLimitError,
  ): Promise<Outcome> {
    const { request, ownSignal } = course;
    // The caller may change its list from here on.
    course.request = { ...request, items: ownItems(request.items) };
    const wait = new RoomWait([request.options.signal, ownSignal]);
    const running = { job: wait, dispatched: wait.over };
    this.#running.push(running);
    let begun: { readonly dispatched: Promise<void> | undefined } | MemoryLimitError | undefined = error;
    // One at a time, in the order in which they came: else they would take each other's room.
    const before = this.#lastWait;
    this.#lastWait = Promise.all([before, wait.over]);
    try {
      await wait.until(before);
      if (begun === undefined) {
        await wait.until(workersLeave(this.#arena, LEAVE_MS));
        begun = this.#beginIn(course, backlog, true);
      }
      for (let tries = 1; begun instanceof MemoryLimitError; tries += 1) {
        const hasRoom = await this.#hasRoom(course as Planned, wait, tries > 1);
        if (hasRoom === undefined || tries > MOST_TRIES) throw begun;
        begun = this.#beginIn(course, backlog, hasRoom);
      }
    } catch (failure) {
      throw this.#failed(course, failure);
    } finally {
      wait.end();
      this.#running.splice(this.#running.indexOf(running), 1);
    }
    return this.#finishLater(course as Planned, begun.dispatched);
  }

  /** @returns whether there is room for the call as it is planned; undefined: not even for one on this thread */
  async #hasRoom(
    { request, plan }: Planned,
    wait: RoomWait,
    isRefused: boolean,
  ): Promise<boolean | undefined> {
    const needs = needsOf(request, plan.strategy);
    const hasRoom = await wait.until(makeRoom(this.#arena, needs, isRefused));
    const mayStay = plan.strategy !== "sequential" && this.#planner.mayChoose(request);
    return hasRoom || mayStay ? hasRoom : undefined;
  }

  /** @returns the error if there is no room after all, as other calls have taken it */
  #beginIn(
    course: CallRecord,
    backlog: StreamBuffer | undefined,
    hasRoom: boolean,
  ): { readonly dispatched: Promise<void> | undefined } | MemoryLimitError {
    this.#beginning.push(course);
    try {
      return { dispatched: this.#begin(course, backlog, hasRoom ? undefined : NO_ROOM) };
    } catch (error) {
      if (error instanceof MemoryLimitError && course.execution === undefined) return error;
      throw error;
    } finally {
      this.#beginning.pop();
    }
  }

  /**
   * plan → place → dispatch.
   * @param sequentialBecause why nothing else is possible
   * @returns undefined if all has ended
   * @throws MemoryLimitError, before `course.execution` is set, if there is no room at once
   */
  #begin(
    course: CallRecord,
    backlog: StreamBuffer | undefined,
    sequentialBecause?: string,
  ): Promise<void> | undefined {
    const { job, request, ownSignal, plan: before } = course;
    const { call, options, guest } = request;
    options.signal?.throwIfAborted();
    ownSignal?.throwIfAborted();
    const plan = this.#planner.plan(request, sequentialBecause);
    course.plan = plan;
    const isTraced = this.#reporter.isTracing;
    if (isTraced) course.planned = clock();
    if (plan.strategy !== before?.strategy) this.#reporter.planned(job, call, plan, plan.strategy);
    if (course.cancelled !== undefined) throw course.cancelled.reason;
    const timeout = options.timeout ?? this.config.taskTimeout;
    const execution = new Execution(
      request,
      this.#arena,
      course.lease,
      plan.strategy,
      backlog,
      isTraced,
      timeout,
    );
    course.execution = execution;
    guest?.onRun(execution.job);
    course.stopWatching = watch(execution.job, options.signal, ownSignal, options.onProgress);
    const ran = this.#legs.run(course as Planned);
    return this.config.verifyImmutable ? verified(ran, execution) : ran;
  }

  async #finishLater(course: Planned, dispatched: Promise<void> | undefined): Promise<Outcome> {
    const { job } = course.execution;
    const running = { job, dispatched };
    this.#running.push(running);
    try {
      await dispatched;
      job.throwIfStopped();
      return this.#finish(course, this.#running.length === 1);
    } catch (error) {
      throw this.#failed(course, error);
    } finally {
      this.#running.splice(this.#running.indexOf(running), 1);
    }
  }

  /** collect → report. @param endsAlone no other call is running */
  #finish(course: Planned, endsAlone: boolean): Outcome {
    const outcome = course.execution.collect();
    course.stopWatching?.(true);
    const ended = clock();
    // Checking takes time that no plan must learn from.
    this.#report(course, ended, course.beganAlone && endsAlone && !this.config.verifyImmutable);
    this.#close(course, ended);
    return outcome;
  }

  /** @returns the error, with what had ended */
  #failed(course: CallRecord, error: unknown): unknown {
    const { execution } = course;
    const ended = clock();
    if (execution !== undefined) {
      attachPartial(error, () => execution.partial());
      this.#close(course as Planned, ended);
    } else {
      course.lease.close(ended);
    }
    this.#reportFailure(course, error, ended);
    return error;
  }

  #close({ plan, execution, occupant, stopWatching }: Planned, now: number): void {
    stopWatching?.(false);
    if (occupant !== undefined) this.#planner.ended(occupant);
    // Beside a call it would take the cores from workers that start.
    this.#planner.measureHost(plan);
    execution.close(now);
  }

  #report(course: Planned, ended: number, isAlone: boolean): void {
    const { request, plan, execution, runs, started } = course;
    const measured = this.#planner.learn(request, plan, runs, execution, { started, ended, isAlone });
    let retries = 0;
    for (const run of runs) retries += run.retries;
    this.#reporter.completed(measured.actual.total, measured.wait, retries);
    if (this.#reporter.isHeard("parallel_execution")) {
      const advice = this.#planner.hintAdvice(request, plan, busyOf(runs));
      this.#reporter.executed(executionEvent(course, measured, advice));
    }
    if (this.#reporter.isTracing) this.#reporter.traced(callTrace(course, ended, measured.actual, undefined));
  }

  #reportFailure(course: CallRecord, error: unknown, ended: number): void {
    const { job, request, started, plan, ownSignal } = course;
    const isLeft = ownSignal?.aborted === true && error === ownSignal.reason;
    if (isLeft) this.#reporter.left(job, request.call, ended - started);
    else this.#reporter.failed(job, request.call, error, ended - started);
    if (plan === undefined || !this.#reporter.isTracing) return;
    this.#reporter.traced(callTrace({ ...course, plan }, ended, undefined, isLeft ? undefined : error));
  }

  #checkOpen(call: string): void {
    if (this.#closed !== undefined) throw new ExecutorClosedError(`${call}()`);
  }
}

async function verified(ran: Promise<void> | undefined, execution: Execution): Promise<void> {
  await ran;
  await execution.verify();
}
