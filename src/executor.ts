/**
 * The executor. Every call takes the same way: plan → place → dispatch → collect → report. `#run` tells it; what each
 * step does is in the folder of its name.
 */
import type {
  CallOptions,
  ChunkKernel,
  ItemKernel,
  MapOptions,
  OutputArrays,
  Outputs,
  ReduceOptions,
  Shared,
  StreamedResult,
  TransformKernel,
} from "./calls.js";
import { ParallelConfig, type ParallelOptions } from "./config.js";
import type { RunReport } from "./dispatch/job.js";
import { Pool } from "./dispatch/pool.js";
import { ExecutorClosedError, quote, WorkerLostError } from "./errors.js";
import { Execution } from "./execution.js";
import { resolveKernel } from "./kernel/resolve.js";
import { Arena, type MemoryUsage } from "./memory/arena.js";
import type { TypedArray, TypedArrayConstructor } from "./memory/dtypes.js";
import type { Columns, Input } from "./memory/inputs.js";
import { allocate, allocateKind, share } from "./memory/share.js";
import { defaultHostProfile } from "./plan/host-profile.js";
import { KernelProfiles } from "./plan/kernel-profile.js";
import { makePlan, type Plan, type StrategyName } from "./plan/plan.js";
import { watchProgress } from "./progress.js";
import { itemBytes } from "./protocol/items.js";
import { type Request, readItemsCall, readPayloadCall } from "./request.js";
import { ResultStream } from "./stream.js";
import { emit } from "./telemetry/emit.js";
import { Metrics } from "./telemetry/metrics.js";
import { isPoolWorker } from "./worker/nested.js";

/** What a call came to. */
interface Outcome {
  readonly values: unknown[];
  readonly outputs: TypedArray[];
}

type ValueSink = (index: number, value: unknown) => void;

/**
 * Runs kernels over typed arrays on shared memory, on a pool of worker threads that starts at first need and is
 * reused by every call.
 */
export class ParallelExecutor implements AsyncDisposable {
  readonly config: ParallelConfig;
  /** Counters over the life of this executor. */
  readonly metrics: Metrics;
  readonly #arena: Arena;
  readonly #pool: Pool;
  readonly #profiles = new KernelProfiles();
  /** Ways to stop the calls in progress. */
  readonly #running = new Map<(reason: unknown) => void, Promise<unknown>>();
  #closed: Promise<void> | undefined;

  /** @throws ConfigurationError */
  constructor(options: ParallelConfig | ParallelOptions = {}) {
    this.config = options instanceof ParallelConfig ? options : new ParallelConfig(options);
    const { maxWorkers, maxSharedBytes, idleTimeout, resourceLimits, workerInitializer } = this.config;
    this.metrics = new Metrics(maxWorkers);
    this.#arena = new Arena(maxSharedBytes, (memory) => this.#pool.forget(memory));
    this.#pool = new Pool({
      maxWorkers,
      idleTimeout,
      resourceLimits,
      initializer: workerInitializer === undefined ? null : resolveKernel(workerInitializer).address,
      onIdle: () => this.#arena.trim(),
    });
  }

  /**
   * Runs `kernel` once per array of a list, or once per chunk of an array or of equal-length columns.
   * @returns one result per task, in order
   * @throws TypeError, RangeError, ConfigurationError, KernelCaptureError before anything is dispatched
   * @throws KernelError for the failed task with the lowest index
   * @throws WorkerLostError, MemoryLimitError, ExecutorClosedError, or the signal's reason
   */
  async mapShared<const I extends Input, R, A = undefined>(
    input: I,
    kernel: ChunkKernel<I, R, A>,
    options: CallOptions<A> = {},
  ): Promise<Awaited<R>[]> {
    this.#checkOpen("mapShared");
    const { values } = await this.#run(this.#read("mapShared", input, kernel, null, options));
    return values as Awaited<R>[];
  }

  /**
   * Computes new columns from columns, chunk by chunk, written in place in shared memory.
   * @param outputs kind of the output, or of each named output; each has the input's length and starts zero-filled
   * @returns the outputs, on shared memory
   * @throws as `mapShared`
   */
  async transformShared<const I extends TypedArray | Columns, const O extends Outputs, A = undefined>(
    input: I,
    outputs: O,
    kernel: TransformKernel<I, O, A>,
    options: CallOptions<A> = {},
  ): Promise<OutputArrays<O>> {
    this.#checkOpen("transformShared");
    const request = this.#read("transformShared", input, kernel, outputs, options);
    const { outputs: arrays } = await this.#run(request);
    const names = request.outputs?.names ?? null;
    const result = names === null ? arrays[0] : Object.fromEntries(names.map((name, i) => [name, arrays[i]]));
    return result as OutputArrays<O>;
  }

  /**
   * Runs `kernel` as `mapShared` does and combines the partials on this thread, in the order of the tasks: the same
   * bits for any number of workers.
   * @throws as `mapShared`; TypeError when there are no tasks and no `initial`
   */
  async reduceShared<const I extends Input, R, A = undefined>(
    input: I,
    kernel: ChunkKernel<I, R, A>,
    combine: (a: Awaited<R>, b: Awaited<R>) => Awaited<R>,
    options: ReduceOptions<A, Awaited<R>> = {},
  ): Promise<Awaited<R>> {
    this.#checkOpen("reduceShared");
    checkCombine(combine);
    const { initial, ...callOptions } = options;
    const { values } = await this.#run(this.#read("reduceShared", input, kernel, null, callOptions));
    const partials = values as Awaited<R>[];
    if ("initial" in options) return partials.reduce(combine, initial as Awaited<R>);
    if (partials.length === 0) {
      throw new TypeError(
        'Cannot reduce an empty payload without an initial value: pass the option "initial"',
      );
    }
    return partials.reduce(combine);
  }

  /**
   * Runs `kernel` once per item; every task sees the heavy `shared` payload whole, without a copy of its own.
   * @returns one result per item, in order
   * @throws as `mapShared`
   */
  async map<T, R, S = Record<never, never>, A = undefined>(
    items: readonly T[],
    kernel: ItemKernel<T, S, R, A>,
    options: MapOptions<A, S> = {},
  ): Promise<Awaited<R>[]> {
    this.#checkOpen("map");
    const { values } = await this.#run(readItemsCall(items, kernel, options));
    return values as Awaited<R>[];
  }

  /**
   * Runs `kernel` as `mapShared` does and gives each result as it completes. Starts when it is iterated; leaving the
   * loop early cancels what has not started.
   * @throws as `mapShared`, in the loop
   */
  streamShared<const I extends Input, R, A = undefined>(
    input: I,
    kernel: ChunkKernel<I, R, A>,
    options: CallOptions<A> = {},
  ): AsyncIterable<StreamedResult<Awaited<R>>> {
    this.#checkOpen("streamShared");
    const request = this.#read("streamShared", input, kernel, null, options);
    return new ResultStream((sink, signal) => this.#run(request, sink, signal));
  }

  /**
   * Copies arrays to shared memory, once, so that later calls use them where they are.
   * @returns the same shape; arrays that are on shared memory already come back as they are
   * @throws TypeError, RangeError, MemoryLimitError
   */
  share<const I extends Input>(input: I): Shared<I> {
    this.#checkOpen("share");
    return share(input, this.#arena) as Shared<I>;
  }

  /** A zero-filled array of `length` elements on shared memory. @throws TypeError, RangeError, MemoryLimitError */
  allocate<C extends TypedArrayConstructor>(kind: C, length: number): OutputArrays<C> {
    this.#checkOpen("allocate");
    return allocate(kind, length, this.#arena) as OutputArrays<C>;
  }

  /** How `mapShared` with the same arguments would run now. Runs nothing. @throws as `mapShared` */
  explain<const I extends Input, R, A = undefined>(
    input: I,
    kernel: ChunkKernel<I, R, A>,
    options: CallOptions<A> = {},
  ): Plan {
    this.#checkOpen("explain");
    return this.#plan(this.#read("mapShared", input, kernel, null, options));
  }

  /** What this executor's shared memory is used for. */
  memory(): MemoryUsage {
    return this.#arena.usage();
  }

  /** Starts the pool now rather than at first need. @throws WorkerLostError when a worker cannot be started */
  async start(): Promise<void> {
    this.#checkOpen("start");
    if (this.#sequentialBecause() !== undefined || this.config.strategy === "sequential") return;
    try {
      await this.#pool.start();
    } catch (cause) {
      throw new WorkerLostError(
        "Cannot start the pool as a worker ended while it was starting",
        undefined,
        cause,
      );
    }
  }

  /** Aborts every call in progress: each rejects with `reason`. The executor stays usable. */
  cancel(
    reason: unknown = new DOMException("The call was cancelled by executor.cancel()", "AbortError"),
  ): void {
    for (const stop of [...this.#running.keys()]) stop(reason);
  }

  /** Waits for the calls in progress, then ends the workers and frees idle memory. Idempotent. */
  shutdown(): Promise<void> {
    this.#closed ??= (async () => {
      await Promise.allSettled([...this.#running.values()]);
      await this.#pool.terminate();
      this.#arena.trim();
    })();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  async #run(request: Request, onValue?: ValueSink, ownSignal?: AbortSignal): Promise<Outcome> {
    const started = performance.now();
    const { spec, options } = request;
    this.metrics.submit();
    const signals = [options.signal, ownSignal].filter((signal) => signal !== undefined);
    try {
      for (const signal of signals) signal.throwIfAborted();
      const plan = this.#plan(request);
      this.#decided(request, plan);
      if (spec.tasks === 0) return this.#empty(request, plan);

      const execution = new Execution(request, this.#arena, plan.strategy, onValue);
      const { job } = execution;
      const stop = (reason: unknown): void => job.stop(reason);
      const onAbort = (event: Event): void => stop((event.target as AbortSignal).reason);
      for (const signal of signals) signal.addEventListener("abort", onAbort);
      const progress = watchProgress(job, options.onProgress);
      const done = this.#dispatch(request, plan, execution);
      this.#running.set(stop, done);
      try {
        const [strategy, report] = await done;
        const values = execution.collect();
        const outputs = execution.takeOutputs();
        progress.finish();
        this.#report(request, strategy, report, execution.bytesPlaced, performance.now() - started);
        return { values, outputs };
      } finally {
        progress.stop();
        for (const signal of signals) signal.removeEventListener("abort", onAbort);
        this.#running.delete(stop);
        execution.close();
      }
    } catch (error) {
      this.metrics.fail();
      throw error;
    }
  }

  /** Runs the planned strategy, and those after it where it may fall back. */
  async #dispatch(request: Request, plan: Plan, execution: Execution): Promise<[StrategyName, RunReport]> {
    let strategy = plan.strategy;
    for (;;) {
      try {
        const { maxRetries } = this.config;
        return [strategy, await execution.run(strategy, plan.workers, this.#pool, maxRetries)];
      } catch (error) {
        if (execution.job.isStopped || strategy === "sequential" || !this.#mayFallBack(plan, error))
          throw error;
        const { telemetry } = this.config;
        emit(telemetry, "parallel_fallback", { call: request.call, error, from: strategy, to: "sequential" });
        this.metrics.fallBack();
        strategy = "sequential";
      }
    }
  }

  #mayFallBack(plan: Plan, error: unknown): boolean {
    if (this.config.forceSerialOnFailure) return true;
    // A kernel that ended its worker would end this thread too, so only a pool that did not start is replaced unasked.
    return plan.fallbacks.length > 0 && error instanceof WorkerLostError && error.exitCode === undefined;
  }

  #plan({ kernel, spec, instances, taskBytes, placement, options }: Request): Plan {
    const { config } = this;
    const workload = {
      tasks: spec.tasks,
      instances,
      taskBytes: (options.taskSizeHintBytes ?? config.taskSizeHintBytes) || taskBytes,
      bytesShared: placement.bytesShared,
      bytesToPlace: placement.bytesPlaced,
      costPerByte: this.#profiles.costPerByte(kernel.id),
    };
    const { minBatchSize, minInstancesForParallel, tinyWorkloadThreshold, maxWorkers } = config;
    const limits = {
      strategy: options.strategy ?? config.strategy,
      maxWorkers,
      liveWorkers: this.#pool.size,
      bytesIdle: this.#arena.usage().bytesIdle,
      sequentialBecause: this.#sequentialBecause(),
      minBatchSize,
      minInstancesForParallel,
      tinyWorkloadThreshold,
    };
    return makePlan(workload, limits, defaultHostProfile);
  }

  #sequentialBecause(): string | undefined {
    if (!this.config.enabled) return "disabled";
    return isPoolWorker() ? "nested" : undefined;
  }

  #read(
    call: "mapShared" | "transformShared" | "reduceShared" | "streamShared",
    input: unknown,
    kernel: (...parameters: never[]) => unknown,
    outputs: unknown,
    options: CallOptions<unknown>,
  ): Request {
    return readPayloadCall(call, input, kernel, outputs, options, this.config.chunkSize);
  }

  #checkOpen(call: string): void {
    if (this.#closed !== undefined) throw new ExecutorClosedError(`${call}()`);
  }

  #decided({ call, spec }: Request, plan: Plan): void {
    emit(this.config.telemetry, "parallel_decision", {
      call,
      decision: plan.strategy,
      reason: plan.reason,
      tasks: spec.tasks,
      predicted: plan.predicted,
      bytesShared: plan.bytesShared,
      bytesToPlace: plan.bytesToPlace,
    });
  }

  /** Nothing to run: nothing is dispatched, outputs are empty arrays. */
  #empty(request: Request, plan: Plan): Outcome {
    const report = { workers: 0, busy: 0, metadataBytes: 0, retries: 0 };
    this.#report(request, plan.strategy, report, 0, 0);
    const outputs = (request.outputs?.kinds ?? []).map((kind) => allocateKind(kind, 0, this.#arena));
    return { values: [], outputs };
  }

  #report(
    { call, kernel, spec, taskBytes, items, placement, options }: Request,
    strategy: StrategyName,
    run: RunReport,
    bytesPlaced: number,
    duration: number,
  ): void {
    const { workers, busy, retries } = run;
    if (workers > 0) this.#profiles.learn(kernel.id, spec.tasks * taskBytes, busy);
    this.metrics.complete(duration, busy, workers, retries);
    emit(this.config.telemetry, "parallel_execution", {
      call,
      strategy,
      items: spec.tasks,
      duration,
      workers,
      workerUtilisationPct: duration === 0 ? 0 : Math.min(100, (100 * busy) / (workers * duration)),
      taskSizeHintBytes: options.taskSizeHintBytes ?? this.config.taskSizeHintBytes,
      bytesPlaced,
      bytesShared: placement.bytesShared,
      metadataBytes: strategy === "sequential" ? 0 : run.metadataBytes + itemBytes(items),
    });
  }
}

function checkCombine(combine: unknown): void {
  if (typeof combine === "function") return;
  throw new TypeError(
    `Cannot reduce as "combine" must be a function of two partials: current value is ${quote(combine)}`,
  );
}
