/**
 * The calls that every executor has. This class reads what they ask for. A backend runs it: this thread's pool
 * (`ParallelExecutor`), or the executor of another thread (`sharray/bridge`).
 */

import type { Backend } from "../call/backend.js";
import { NO_OPTIONS } from "../call/call-options.js";
import { collect } from "../call/collect.js";
import { runFailed } from "../call/failed-task.js";
import { iterate } from "../call/iterate.js";
import { named } from "../call/outcome.js";
import { readItemsCall, readItemsIntoCall, readPayloadCall } from "../call/read-request.js";
import type { Request } from "../call/request.js";
import { checkSourceOptions, isSource } from "../call/source-reader.js";
import { JobScheduler } from "../call/submit/scheduler.js";
import type {
  CallOptions,
  ChunkKernel,
  CollectedOutputs,
  CollectKernel,
  CollectOptions,
  GivenOptions,
  ItemIntoKernel,
  ItemKernel,
  IterateOptions,
  MapOptions,
  NotAList,
  OutputArrays,
  Outputs,
  PassKernel,
  ReduceOptions,
  Results,
  Shared,
  SingleJob,
  SourceOptions,
  StreamedResult,
  StreamOptions,
  SubmitOptions,
  TransformKernel,
  WritableArrays,
} from "../call/types.js";
import type { AnyKernel } from "../kernel/types.js";
import type { TypedArray, TypedArrayConstructor } from "../memory/dtypes.js";
import type { Batch, Input, Source } from "../memory/inputs.js";
import { allocate, share } from "../memory/share.js";
import type { MemoryUsage } from "../memory/usage.js";
import { isPromise } from "../platform/maybe-promise.js";
import type { AnyPlan } from "../strategies/registry.js";
import type { CallName } from "../telemetry/events.js";
import type { MetricsSnapshot } from "../telemetry/metrics.js";
import { checkCombine, combineAll } from "./combine.js";
import { release } from "./release.js";

/** The key of an executor's backend. */
export const BACKEND = Symbol("sharray.backend");
/** The key of its single jobs. */
export const JOBS = Symbol("sharray.jobs");

/**
 * What `ParallelExecutor`, the clients of `sharray/bridge` and `ClusterExecutor` have in common, for code that takes any of
 * them. If another thread must be asked, the answer is a promise, so await it.
 */
export abstract class Executor {
  /** @internal */
  abstract get [BACKEND](): Backend;

  #scheduler: JobScheduler | undefined;

  /** @internal Of single jobs; `undefined` if none was submitted. */
  get [JOBS](): JobScheduler | undefined {
    return this.#scheduler;
  }

  /** Single jobs that were submitted here and have not ended: those that wait, and those that run. */
  get pending(): number {
    return this.#scheduler?.pending ?? 0;
  }

  /** Counters over the life of the executor that runs the calls. */
  abstract readonly metrics: { snapshot(): MetricsSnapshot | Promise<MetricsSnapshot> };

  /** How `mapShared` with the same arguments would run now. Runs nothing. @throws as `mapShared` */
  abstract explain<
    const I extends Input<I> | number,
    R,
    A = undefined,
    S = Record<never, never>,
    W extends WritableArrays = Record<never, never>,
  >(input: I, kernel: ChunkKernel<I, R, A, S, W>, options?: CallOptions<A, S, W>): AnyPlan | Promise<AnyPlan>;

  /** Starts the pool now rather than at first need. @throws WorkerLostError when a worker cannot be started */
  abstract start(): Promise<void>;

  /** Aborts every call in progress that was made here: each rejects with `reason`. */
  abstract cancel(reason?: unknown): void;

  /**
   * Runs `kernel` once per array of a list, or once per chunk of an array, of equal-length columns, or of a count of rows.
   * @param input what the tasks see; a count of rows has nothing to see, and gives each task its range
   * @returns one result per task, in order
   * @throws TypeError, RangeError, ConfigurationError, KernelCaptureError before anything is dispatched
   * @throws KernelError for the failed task with the lowest index
   * @throws TaskTimeoutError, WorkerLostError, MemoryLimitError, ExecutorClosedError, or the signal's reason
   */
  async mapShared<
    const I extends Input<I> | number,
    R,
    A = undefined,
    S = Record<never, never>,
    W extends WritableArrays = Record<never, never>,
  >(
    input: I,
    kernel: ChunkKernel<I, R, A, S, W>,
    options: CallOptions<A, S, W> = NO_OPTIONS,
  ): Promise<Results<I, R>> {
    const backend = this[BACKEND];
    const { values } = await backend.run(readCall(backend, "mapShared", input, kernel, null, options));
    return values as Results<I, R>;
  }

  /**
   * Computes columns from columns, chunk by chunk, written in place in shared memory.
   * @param input an array, columns, or a count of rows that are made from nothing
   * @param outputs one output, or named ones. A kind makes an array of the input's length, `{ type, per }` one of `per`
   * elements per row; both start zero-filled. An array of yours on shared memory is written in place. Its length is a multiple
   * of the rows. It may be the input itself
   * @returns the outputs, on shared memory
   * @throws as `mapShared`
   */
  async transformShared<
    const I extends Input<I> | number,
    const O extends Outputs,
    A = undefined,
    S = Record<never, never>,
    W extends WritableArrays = Record<never, never>,
  >(
    input: NotAList<I>,
    outputs: O,
    kernel: TransformKernel<I, O, A, S, W>,
    options: CallOptions<A, S, W> = NO_OPTIONS,
  ): Promise<OutputArrays<O>> {
    const backend = this[BACKEND];
    const request = readCall(backend, "transformShared", input, kernel, outputs, options);
    const { outputs: arrays } = await backend.run(request);
    return named(request.outputs?.names ?? null, arrays) as OutputArrays<O>;
  }

  /**
   * Computes as many rows as there turn out to be: a filter, or matches. Each task writes its rows from the start of its views,
   * whose contents are arbitrary at first, and returns how many there are.
   * @param input an array, columns, or a count of rows that are made from nothing
   * @param outputs kinds, or `{ type, per }` for `per` elements per row
   * @returns the rows of all tasks, in their order and without gaps, on shared memory
   * @throws as `mapShared`
   */
  async collectShared<
    const I extends Input<I> | number,
    const O extends CollectedOutputs,
    A = undefined,
    S = Record<never, never>,
    W extends WritableArrays = Record<never, never>,
  >(
    input: NotAList<I>,
    outputs: O,
    kernel: CollectKernel<I, O, A, S, W>,
    options: CollectOptions<A, S, W> = NO_OPTIONS,
  ): Promise<OutputArrays<O>> {
    const backend = this[BACKEND];
    const request = readCall(backend, "collectShared", input, kernel, outputs, options);
    return named(request.outputs?.names ?? null, await collect(backend, request)) as OutputArrays<O>;
  }

  /**
   * Goes over a state again and again. Each pass reads what the one before has written, and begins when that one has ended.
   * Workers settle that among themselves.
   * @param state an array, or columns. It stays as it is
   * @param kernel writes the next state of its chunk. Elements that it never writes stay as they are in `state`
   * @returns the state after the last pass, on shared memory
   * @throws as `mapShared`
   */
  async iterateShared<
    const I extends Input<I>,
    A = undefined,
    S = Record<never, never>,
    W extends WritableArrays = Record<never, never>,
  >(
    state: NotAList<I>,
    kernel: PassKernel<I, A, S, W>,
    options: IterateOptions<A, S, W>,
  ): Promise<Shared<I>> {
    const backend = this[BACKEND];
    const request = readCall(backend, "iterateShared", state, kernel, null, options ?? NO_OPTIONS);
    return (await iterate(backend, request)) as Shared<I>;
  }

  /**
   * Runs `kernel` as `mapShared` does and combines the partials on this thread, in the order of the tasks. So the bits are the
   * same for any number of workers.
   * @param combine must give its result at once: what it is given next depends on that
   * @throws as `mapShared`; TypeError when there are no tasks and no `initial`, or when `combine` returns a promise
   */
  async reduceShared<
    const I extends Input<I> | number,
    R,
    A = undefined,
    S = Record<never, never>,
    W extends WritableArrays = Record<never, never>,
  >(
    input: I,
    kernel: ChunkKernel<I, R, A, S, W>,
    combine: (a: Awaited<R>, b: Awaited<R>) => Awaited<R>,
    options: ReduceOptions<A, Awaited<R>, S, W> = NO_OPTIONS,
  ): Promise<Awaited<R>> {
    checkCombine(combine);
    const backend = this[BACKEND];
    const request = readCall(backend, "reduceShared", input, kernel, null, options);
    const { initial } = options;
    if (request.spec.tasks === 0 && initial === undefined) {
      throw new TypeError(
        'Cannot reduce an empty payload without an initial value: pass the option "initial"',
      );
    }
    const { values } = await backend.run(request);
    return combineAll(values as Awaited<R>[], combine, initial);
  }

  /**
   * Runs `kernel` once per item; every task sees the heavy `shared` payload whole, without a copy of its own.
   * @param items a list, a typed array, a Set or what else can be iterated; it is read to its end at once
   * @returns one result per item, in order
   * @throws as `mapShared`
   */
  async map<T, R, S = Record<never, never>, A = undefined, W extends WritableArrays = Record<never, never>>(
    items: Iterable<T> & object,
    kernel: ItemKernel<T, S, R, A, W>,
    options: MapOptions<A, S, W> = NO_OPTIONS,
  ): Promise<Awaited<R>[]> {
    const backend = this[BACKEND];
    backend.checkOpen("map");
    const ran = backend.run(readItemsCall(items, kernel, options, backend.settings));
    const { values } = isPromise(ran) ? await ran : ran;
    return values as Awaited<R>[];
  }

  /**
   * Runs `kernel` once per item, as `map` does. Each task writes its row of the outputs, so nothing passes through messages.
   * @param outputs as in `transformShared`, with an item for a row: a kind makes one element per item
   * @returns the outputs, on shared memory
   * @throws as `mapShared`
   */
  async mapInto<
    T,
    const O extends Outputs,
    S = Record<never, never>,
    A = undefined,
    W extends WritableArrays = Record<never, never>,
  >(
    items: Iterable<T> & object,
    outputs: O,
    kernel: ItemIntoKernel<T, S, O, A, W>,
    options: MapOptions<A, S, W> = NO_OPTIONS,
  ): Promise<OutputArrays<O>> {
    const backend = this[BACKEND];
    backend.checkOpen("mapInto");
    const request = readItemsIntoCall(items, outputs, kernel, options, backend.settings);
    const { outputs: arrays } = await backend.run(request);
    return named(request.outputs?.names ?? null, arrays) as OutputArrays<O>;
  }

  /**
   * Runs `kernel` as `mapShared` does and gives each result as it completes, or in order. Starts when it is iterated, and runs
   * ahead of the loop by a bounded number of results. Leaving the loop early cancels what has not started.
   * @throws as `mapShared`, in the loop
   */
  streamShared<
    const I extends Input<I> | number,
    R,
    A = undefined,
    S = Record<never, never>,
    W extends WritableArrays = Record<never, never>,
  >(
    input: I,
    kernel: ChunkKernel<I, R, A, S, W>,
    options?: StreamOptions<A, S, W>,
  ): AsyncIterable<StreamedResult<Awaited<R>>>;
  /**
   * The same over arrays that come one after the other: one task for each array or record of columns, several for a list of these.
   * Asks for the next ones when there is room. Plain arrays are copied before that, into memory that is used again.
   * @throws as `mapShared`, in the loop; what the source throws, once what it gave before has been read
   */
  streamShared<
    const B extends Batch<B>,
    R,
    A = undefined,
    S = Record<never, never>,
    W extends WritableArrays = Record<never, never>,
  >(
    source: Source<B>,
    kernel: ChunkKernel<B, R, A, S, W>,
    options?: SourceOptions<A, S, W>,
  ): AsyncIterable<StreamedResult<Awaited<R>>>;
  streamShared(
    input: unknown,
    kernel: AnyKernel,
    options: GivenOptions = NO_OPTIONS,
  ): AsyncIterable<StreamedResult<never>> {
    const backend = this[BACKEND];
    const source = isSource(input) ? input : undefined;
    if (source !== undefined) checkSourceOptions(options);
    const read = (): Request =>
      readCall(backend, "streamShared", source === undefined ? input : [], kernel, null, options);
    // A wrong call throws at once. The stream starts with its loop, by when an array may have been transferred away.
    read();
    return backend.stream(read, source) as AsyncIterable<StreamedResult<never>>;
  }

  /**
   * Runs `kernel` once, on one item, as soon as a worker is free. Jobs of higher priority run first, those of one priority in
   * the order of submission. Jobs that wait with the same kernel and options share a round. One that fails, or ends its worker,
   * affects no other.
   * @returns the promise of its result, with a settable `priority` and `cancel()`. It rejects as `map` does for an item, or
   * with the reason of the signal or of `cancel()`. It rejects with an AbortError if a newer job of the same key `latest`
   * replaces it, and with a RangeError if `maxPending` jobs are pending
   */
  submit<T, R, S = Record<never, never>, A = undefined, W extends WritableArrays = Record<never, never>>(
    item: T,
    kernel: ItemKernel<T, S, R, A, W>,
    options: SubmitOptions<A, S, W> = NO_OPTIONS,
  ): SingleJob<Awaited<R>> {
    this.#scheduler ??= new JobScheduler(this[BACKEND]);
    return this.#scheduler.submit(item, kernel, options) as SingleJob<unknown> as SingleJob<Awaited<R>>;
  }

  /**
   * Copies arrays to shared memory, once, so that later calls use them where they are.
   * @returns the same shape; arrays that are on shared memory already come back as they are
   * @throws TypeError, RangeError, MemoryLimitError
   */
  share<const I extends Input<I>>(input: I): Shared<I> {
    const backend = this[BACKEND];
    backend.checkOpen("share");
    return share(input, backend.arena) as Shared<I>;
  }

  /** A zero-filled array of `length` elements on shared memory. @throws TypeError, RangeError, MemoryLimitError */
  allocate<C extends TypedArrayConstructor>(kind: C, length: number): OutputArrays<C> {
    const backend = this[BACKEND];
    backend.checkOpen("allocate");
    return allocate(kind, length, backend.arena) as OutputArrays<C>;
  }

  /**
   * Gives back arrays from `share`, `allocate` or `transformShared`. Their memory is used again as soon as the calls that use
   * it have ended. Without it the garbage collector frees the memory, and the next call pays for fresh one. From here on the
   * arrays, and all views and clones of them, show whatever is computed there next: don't touch them. Small arrays of one
   * `share` call lie together, and return together.
   * @throws TypeError for anything but an array as it was given here, and for one that was released before
   */
  release(...arrays: readonly TypedArray[]): void {
    release(arrays, this[BACKEND].arena);
  }

  /**
   * Runs the task that failed once more, for a debugger. It runs on this thread, by the very function that the call was given,
   * with the task's item, views and `args`. A breakpoint in the kernel is hit. Captured variables have the values that they
   * have now, and outputs are new arrays.
   * @param error a `KernelError` or `TaskTimeoutError` of a call that was made here
   * @returns what the kernel returns
   * @throws what the kernel throws; TypeError for any other error
   */
  async replay(error: unknown): Promise<unknown> {
    return runFailed(error);
  }

  /** What the shared memory that was taken here is used for. */
  memory(): MemoryUsage {
    return this[BACKEND].arena.usage();
  }
}

/** What a call over arrays asks for. @throws what a wrong call is refused with */
export function readCall(
  backend: Backend,
  call: Exclude<CallName, "map" | "mapInto" | "submit">,
  input: unknown,
  kernel: AnyKernel,
  outputs: unknown,
  options: GivenOptions,
): Request {
  backend.checkOpen(call);
  return readPayloadCall(call, input, kernel, outputs, options, backend.settings);
}
