/** The executor of this thread: its calls, the strategies that run them, and their memory. */

import { NO_OPTIONS } from "../call/call-options.js";
import { Calls } from "../call/calls.js";
import { Planner } from "../call/planner.js";
import type { CallOptions, ChunkKernel, WritableArrays } from "../call/types.js";
import { ParallelConfig } from "../config/config.js";
import type { ParallelOptions } from "../config/options.js";
import { WorkerLostError } from "../errors.js";
import { resolveKernel } from "../kernel/resolve.js";
import { Arena } from "../memory/arena.js";
import type { Input } from "../memory/inputs.js";
import type { HostProfile } from "../plan/host-profile.js";
import { clock } from "../platform/clock.js";
import { optimizationsOf } from "../platform/optimizations.js";
import type { Plan, StrategyName } from "../strategies/registry.js";
import { StrategySet } from "../strategies/strategy-set.js";
import type { Metrics } from "../telemetry/metrics.js";
import { Reporter } from "../telemetry/reporter.js";
import { cancelled, stillRunning } from "./cancel-reasons.js";
import { BACKEND, Executor, JOBS, readCall } from "./executor.js";
import { rehearse } from "./rehearsal.js";
import { Deadline, readDeadline, type ShutdownOptions } from "./shutdown.js";

/**
 * Runs kernels over typed arrays on shared memory, on a pool of worker threads that starts at first need and is
 * reused by every call.
 */
export class ParallelExecutor extends Executor implements AsyncDisposable {
  readonly config: ParallelConfig;
  readonly #reporter: Reporter;
  readonly #arena: Arena;
  readonly #strategies: StrategySet;
  readonly #planner: Planner;
  readonly #calls: Calls;
  readonly #deadline = new Deadline((reason) => this.cancel(reason));
  #closed: Promise<void> | undefined;
  /** `undefined` if there was none. */
  #rehearsing: Promise<void> | undefined;

  /** @throws ConfigurationError */
  constructor(options: ParallelConfig | ParallelOptions = {}) {
    super();
    this.config = options instanceof ParallelConfig ? options : new ParallelConfig(options);
    const { maxWorkers, maxSharedBytes, idleTimeout, telemetry, workerInitializer } = this.config;
    this.#reporter = new Reporter(telemetry, maxWorkers);
    const optimizations = optimizationsOf();
    const holders = {
      forget: (memory: number) => this.#strategies.forget(memory),
      collect: () => this.#strategies.collect(),
    };
    this.#arena = new Arena(maxSharedBytes, holders, idleTimeout);
    if (!optimizations.recycling) this.#arena.retire();
    this.#strategies = new StrategySet({
      settings: this.config,
      arena: this.#arena,
      optimizations,
      initializer: workerInitializer === undefined ? null : resolveKernel(workerInitializer).address,
    });
    this.#planner = new Planner(this.config, this.#arena, this.#strategies);
    this.#calls = new Calls(this.config, this.#arena, this.#strategies, this.#planner, this.#reporter);
  }

  /** @internal */
  override get [BACKEND](): Calls {
    return this.#calls;
  }

  /** What this machine charges: measured, or supposed until it is measured. `String()` makes a table. */
  get hostProfile(): HostProfile {
    return this.#planner.host;
  }

  /** Counters over the life of this executor. */
  override get metrics(): Metrics {
    return this.#reporter.metrics;
  }

  /** How `mapShared` with the same arguments would run now. Runs nothing. @throws as `mapShared` */
  override explain<
    const I extends Input<I> | number,
    R,
    A = undefined,
    S = Record<never, never>,
    W extends WritableArrays = Record<never, never>,
  >(input: I, kernel: ChunkKernel<I, R, A, S, W>, options: CallOptions<A, S, W> = NO_OPTIONS): Plan {
    this.#calls.checkOpen("explain");
    return this.#calls.explain(readCall(this.#calls, "mapShared", input, kernel, null, options));
  }

  /**
   * Starts the pool now rather than at first need, and rehearses calls, for half a second at most: the first ones of a
   * process would take some 200 µs. A call that is made meanwhile ends the rehearsal.
   * @throws WorkerLostError, IsolationError when workers cannot be started
   */
  override async start(): Promise<void> {
    this.#calls.checkOpen("start");
    const strategy = this.#planner.startsFirst;
    const workers = strategy && this.#strategies.get(strategy).strategy.workers;
    if (strategy === undefined || workers === undefined) return;
    const isCold = workers.size === 0 && this.#calls.isIdle;
    const started = clock();
    try {
      await workers.start();
      if (isCold) {
        this.#planner.observeStart(strategy, clock() - started);
        this.#rehearsing ??= this.#rehearse(strategy);
      }
      await this.#rehearsing;
    } catch (cause) {
      if (cause instanceof WorkerLostError) throw cause;
      throw new WorkerLostError(
        "Cannot start the pool as a worker ended while it was starting",
        undefined,
        cause,
      );
    }
  }

  /** Runs on the executor's own memory and workers. No listener hears of it, and no plan learns from it. */
  #rehearse(strategy: StrategyName): Promise<void> {
    const { config } = this;
    const quiet = new ParallelConfig({ ...config, telemetry: undefined });
    const reporter = new Reporter(undefined, config.maxWorkers, true);
    const planner = new Planner(quiet, this.#arena, this.#strategies);
    const calls = new Calls(quiet, this.#arena, this.#strategies, planner, reporter);
    const { metrics } = this.#reporter;
    const before = metrics.submitted;
    // Tiny tasks would all stay on the calling thread.
    const ways = config.strategy === "auto" ? [{ strategy }, NO_OPTIONS] : [NO_OPTIONS];
    return rehearse(calls, ways, () => metrics.submitted !== before || this.#closed !== undefined);
  }

  /** Aborts every call in progress: each rejects with `reason`. The executor stays usable. */
  override cancel(reason: unknown = cancelled()): void {
    this[JOBS]?.cancel(reason);
    this.#calls.cancel(reason);
  }

  /**
   * Waits for the calls in progress, then ends the workers and frees idle memory. Idempotent: a further call waits for the same
   * end, and may bring the deadline forward.
   * @throws TypeError, ConfigurationError if an option is wrong
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    const deadline = readDeadline(options);
    if (deadline !== undefined) this.#deadline.bringForward(deadline);
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #close(): Promise<void> {
    const closed = this.#calls.close();
    // Single jobs begin calls of their own.
    await this[JOBS]?.ended();
    await closed;
    await this.#rehearsing;
    this.#deadline.clear();
    await this.#strategies.terminate();
    this.#arena.trim();
  }

  /**
   * The end of an `await using` block. Aborts what is still running, because nobody awaited it or an exception left it behind,
   * and shuts down. If nobody looks at an aborted call, that is an unhandled rejection. Otherwise work that somebody forgot to
   * await would be cut off silently.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.cancel(stillRunning());
    return this.shutdown();
  }
}
