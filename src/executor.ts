/**
 * The executor. Every call takes the same way: plan → place → dispatch → collect → report. `#run` tells it; what each
 * step does is in the folder of its name.
 */
import { BACKEND, type Backend, Executor, type Outcome, readCall } from "./abstract-executor.js";
import type { CallOptions, ChunkKernel } from "./calls.js";
import { ParallelConfig, type ParallelOptions } from "./config.js";
import type { Backlog } from "./dispatch/backlog.js";
import type { Job, RunReport } from "./dispatch/job.js";
import { Pool } from "./dispatch/pool.js";
import { attachPartial, ExecutorClosedError, WorkerLostError } from "./errors.js";
import { Execution } from "./execution.js";
import { HandOver } from "./hand-over.js";
import { resolveKernel } from "./kernel/resolve.js";
import { Arena } from "./memory/arena.js";
import type { Input } from "./memory/inputs.js";
import type { HostProfile } from "./plan/host-profile.js";
import type { Plan } from "./plan/plan.js";
import { Planner } from "./planner.js";
import { clock } from "./platform/clock.js";
import { tricksOf } from "./platform/tricks.js";
import { busyOf, type Completed, type Course, callTrace, executionEvent } from "./report.js";
import type { Request } from "./request.js";
import { Deadline, readDeadline, type ShutdownOptions } from "./shutdown.js";
import { ResultStream } from "./stream.js";
import type { Metrics } from "./telemetry/metrics.js";
import { Reporter } from "./telemetry/reporter.js";
import { watch } from "./watch.js";

/** A list has few of them; a Map that is emptied again and again makes a new table each time. */
interface Running {
  readonly job: Job;
  readonly dispatched: Promise<unknown>;
}

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
  readonly #backend: Backend;
  readonly #running: Running[] = [];
  readonly #deadline = new Deadline((reason) => this.cancel(reason));
  #closed: Promise<void> | undefined;

  /** @throws ConfigurationError */
  constructor(options: ParallelConfig | ParallelOptions = {}) {
    super();
    this.config = options instanceof ParallelConfig ? options : new ParallelConfig(options);
    const { maxWorkers, maxSharedBytes, idleTimeout, telemetry, workerInitializer } = this.config;
    this.#reporter = new Reporter(telemetry, maxWorkers);
    const tricks = tricksOf();
    const forget = (memory: number): void => this.#pool.forget(memory);
    this.#arena = new Arena(maxSharedBytes, forget, idleTimeout, tricks.recycling);
    this.#pool = new Pool({
      maxWorkers,
      idleTimeout,
      workers: this.config,
      tricks,
      initializer: workerInitializer === undefined ? null : resolveKernel(workerInitializer).address,
    });
    this.#planner = new Planner(this.config, this.#arena, this.#pool);
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
    options: CallOptions<A> = {},
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
      // A loop may never go on, or wait for this very call.
      for (const { job } of this.#running) job.parts.backlog?.open();
      await Promise.allSettled(this.#running.map(({ dispatched }) => dispatched));
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

  async #run(request: Request, backlog?: Backlog, ownSignal?: AbortSignal): Promise<Outcome> {
    this.#checkOpen(request.call);
    const job = this.#reporter.submitted();
    const { started } = request;
    const course: Course = {
      job,
      started,
      request,
      plan: undefined,
      planned: started,
      execution: undefined,
      runs: [],
    };
    const signals = [request.options.signal, ownSignal].filter((signal) => signal !== undefined);
    try {
      for (const signal of signals) signal.throwIfAborted();
      const plan = this.#planner.plan(request);
      course.plan = plan;
      const isTraced = this.#reporter.isTracing;
      if (isTraced) course.planned = clock();
      this.#reporter.planned(job, request.call, plan, plan.strategy);
      const timeout = request.options.timeout ?? this.config.taskTimeout;
      const execution = new Execution(request, this.#arena, plan.strategy, backlog, isTraced, timeout);
      course.execution = execution;
      request.guest?.onRun(execution.job);
      const stopWatching = watch(execution.job, signals, request.options.onProgress);
      const others = this.#running.length;
      const ran = this.#dispatch(course, plan, execution);
      const dispatched = this.config.verifyImmutable ? ran.then(() => execution.verify()) : ran;
      const running = { job: execution.job, dispatched };
      this.#running.push(running);
      try {
        await dispatched;
        const outcome = execution.collect();
        stopWatching(true);
        // Checking takes time that no plan must learn from.
        const isAlone = others === 0 && this.#running.length === 1 && !this.config.verifyImmutable;
        this.#report(course as Completed, isAlone);
        return outcome;
      } catch (error) {
        attachPartial(error, () => execution.partial());
        throw error;
      } finally {
        stopWatching(false);
        // Beside a call it would take the cores from workers that start.
        this.#planner.measureHost(plan);
        this.#running.splice(this.#running.indexOf(running), 1);
        execution.close();
      }
    } catch (error) {
      if (ownSignal?.aborted === true && error === ownSignal.reason) {
        this.#reportLeft(course);
      } else {
        this.#reportFailure(course, error);
      }
      throw error;
    }
  }

  /** Runs the planned strategy, and what is left on the one that takes over: for speed, or for want of workers. */
  async #dispatch(course: Course, plan: Plan, execution: Execution): Promise<void> {
    const { call, placement } = course.request;
    const { maxRetries } = this.config;
    const { backlog } = execution.job.parts;
    const expected = plan.kernel === undefined ? undefined : plan.predicted.threads.compute;
    let { strategy, workers } = plan;
    let handOver: HandOver | undefined;
    if (plan.handOver !== undefined) {
      strategy = "sequential";
      workers = 1;
      handOver = new HandOver(plan, this.#pool, this.#arena, placement.bytesNeeded, (error) =>
        this.#reporter.fellBack(course.job, call, error, "threads", "sequential"),
      );
    }
    for (;;) {
      const occupation = strategy === "threads" ? this.metrics.occupyWorkers() : undefined;
      if (occupation !== undefined && backlog !== undefined) backlog.onWorkers = occupation.occupy;
      let report: RunReport | undefined;
      try {
        report = await execution.run(strategy, workers, this.#pool, maxRetries, expected, handOver);
        course.runs.push(report);
        if (handOver === undefined || report.left === 0) return;
        const { reason } = handOver;
        strategy = "threads";
        workers = plan.handOver?.workers as number;
        this.#reporter.planned(course.job, call, plan, strategy, () => reason);
      } catch (error) {
        if (execution.job.isStopped || strategy !== "threads" || !this.#mayFallBack(plan, error)) throw error;
        this.#reporter.fellBack(course.job, call, error, strategy, "sequential");
        strategy = "sequential";
        workers = 1;
      } finally {
        occupation?.end(report?.busy ?? 0);
      }
      handOver = undefined;
    }
  }

  #mayFallBack(plan: Plan, error: unknown): boolean {
    if (this.config.forceSerialOnFailure) return true;
    // An initializer runs in workers only, and kernels may count on it.
    if (this.config.workerInitializer !== undefined) return false;
    // A kernel that ended its worker would end this thread too, so only a pool that did not start is replaced unasked.
    const isAutomatic = plan.fallbacks.length > 0 || plan.handOver !== undefined;
    return isAutomatic && error instanceof WorkerLostError && error.exitCode === undefined;
  }

  #report(course: Completed, isAlone: boolean): void {
    const { request, plan, execution, runs, started } = course;
    const ended = clock();
    const measured = this.#planner.learn(request, plan, runs, execution, { started, ended, isAlone });
    const retries = runs.reduce((total, run) => total + run.retries, 0);
    this.#reporter.completed(measured.actual.total, measured.wait, retries, () => {
      return executionEvent(course, measured, this.#planner.hintAdvice(request, plan, busyOf(runs)));
    });
    this.#reporter.traced(() => callTrace(course, ended, measured.actual, undefined));
  }

  #reportFailure(course: Course, error: unknown): void {
    const { job, request, started, plan } = course;
    const ended = clock();
    this.#reporter.failed(job, request.call, error, ended - started);
    if (plan !== undefined)
      this.#reporter.traced(() => callTrace({ ...course, plan }, ended, undefined, error));
  }

  #reportLeft(course: Course): void {
    const { job, request, started, plan } = course;
    const ended = clock();
    this.#reporter.left(job, request.call, ended - started);
    if (plan !== undefined)
      this.#reporter.traced(() => callTrace({ ...course, plan }, ended, undefined, undefined));
  }

  #checkOpen(call: string): void {
    if (this.#closed !== undefined) throw new ExecutorClosedError(`${call}()`);
  }
}
