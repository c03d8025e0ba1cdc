/** Types of the public calls: what goes in, what the kernel sees, what comes out. */
import type { CapturesMode } from "../kernel/captured.js";
import type { KernelContext, KernelView, PassContext, ReadOnlyDeep } from "../kernel/types.js";
import type { OnBuffer, TypedArray } from "../memory/dtypes.js";
import type { StrategyName } from "../strategies/registry.js";
import type { Outputs, OutputViews } from "./output-types.js";

export type * from "./output-types.js";

/** How far a call has come. */
export interface Progress {
  /**
   * Tasks that have ended, whichever way. If the call is about to fail, tasks that will not run count too: those behind a
   * failed one, and those given up because they ended their workers too often.
   */
  readonly completed: number;
  /** Tasks that the call has in all. */
  readonly total: number;
  /** Tasks per second so far. */
  readonly rate: number;
  /** Milliseconds that the rest will take at this rate; Infinity before the first task has ended. */
  readonly eta: number;
}

/** How far views reach beyond their chunk. */
export interface Halo {
  /** Elements, or rows if `rowLength` is given, in front of the chunk. Default: 0. */
  readonly before?: number | undefined;
  /** Elements, or rows if `rowLength` is given, behind the chunk. Default: 0. */
  readonly after?: number | undefined;
}

/** Arrays that tasks write themselves. */
export type WritableArrays = { readonly [name: string]: TypedArray<SharedArrayBuffer> };

/** Options of every call. They go before the executor's configuration. */
export interface CallOptions<A = undefined, S = Record<never, never>, W = Record<never, never>> {
  /** Given to every task as `context.args`: plain data, typed arrays at any place. Default: `undefined`. */
  readonly args?: A | undefined;
  /** Heavy payload that every task sees whole: a record of arrays, or any plain data with arrays in it. Default: none. */
  readonly shared?: S | undefined;
  /**
   * Arrays on shared memory that tasks write themselves, as they see fit. Kernels find them in `shared`. You must see to it
   * that no two tasks write the same elements, or read what others write. `Atomics` help. Default: none.
   */
  readonly writable?: W | undefined;
  /**
   * Whether a task may run again over what it has left in arrays of yours, `writable` ones or outputs, if its worker was lost.
   * Default: no, and the call fails with a `WorkerLostError`.
   */
  readonly idempotent?: boolean | undefined;
  /** Elements per chunk; rows if `rowLength` is given. Default: the executor's `chunkSize`. */
  readonly chunkSize?: number | undefined;
  /**
   * Elements per row of the input. Chunks have whole rows. `context.start` and `end`, `halo` and `chunkSize` count rows then.
   * Default: 1.
   */
  readonly rowLength?: number | undefined;
  /** Elements, or rows, that views reach beyond their chunk: on both sides, or on each. There are fewer at the ends of the input. Default: 0. */
  readonly halo?: number | Halo | undefined;
  /** How this call runs. An explicit strategy that cannot run rejects. Default: the executor's `strategy`. */
  readonly strategy?: "auto" | StrategyName | undefined;
  /** Payload bytes per task that the cost model assumes. Default: the executor's `taskSizeHintBytes`. */
  readonly taskSizeHintBytes?: number | undefined;
  /** Aborts the call: it rejects with `signal.reason`, no further task starts. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds that each task may take. A task that takes longer fails the call with `TaskTimeoutError`. Default: the
   * executor's `taskTimeout`.
   */
  readonly timeout?: number | undefined;
  /** Seed of `context.rng`: an integer from 0. The same seed gives the same numbers on every strategy. Default: 0. */
  readonly seed?: number | undefined;
  /** Whether variables of the scope around an inline kernel are copied at the call, or refused. Default: the executor's `captures`. */
  readonly captures?: CapturesMode | undefined;
  /** Called now and then while tasks run, and at the end. Default: none. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface ReduceOptions<A, R, S = Record<never, never>, W = Record<never, never>>
  extends CallOptions<A, S, W> {
  /** Combined with the first partial, and the result if there are no tasks at all. Default: there is none. */
  readonly initial?: R | undefined;
}

export interface CollectOptions<A = undefined, S = Record<never, never>, W = Record<never, never>>
  extends CallOptions<A, S, W> {
  /** Rows that each task may write at most. Default: as many as a chunk has. */
  readonly capacity?: number | undefined;
}

export interface StreamOptions<A = undefined, S = Record<never, never>, W = Record<never, never>>
  extends CallOptions<A, S, W> {
  /** Whether results come in the order of their tasks. Default: as they complete. */
  readonly ordered?: boolean | undefined;
}

/** What a source gives is not cut. */
export type SourceOptions<A = undefined, S = Record<never, never>, W = Record<never, never>> = Omit<
  StreamOptions<A, S, W>,
  Cutting
>;

export interface IterateOptions<A = undefined, S = Record<never, never>, W = Record<never, never>>
  extends CallOptions<A, S, W> {
  /** How often the kernel goes over the state, at most. 0: the result is a copy of the input. */
  readonly passes: number;
  /**
   * No pass follows one in which no task returned more than this: how far the state is from its end is up to the kernel. Default:
   * all passes run, and what the kernel returns does not count.
   */
  readonly tolerance?: number | undefined;
}

/** Items are not cut. */
export type MapOptions<A, S, W = Record<never, never>> = Omit<CallOptions<A, S, W>, Cutting>;

/** Options of `submit`. */
export interface SubmitOptions<A = undefined, S = Record<never, never>, W = Record<never, never>>
  extends Omit<MapOptions<A, S, W>, "onProgress"> {
  /** Jobs of higher priority start first. Any finite number; default 0. */
  readonly priority?: number | undefined;
  /** A waiting job that was submitted with the same key is dropped for this one: it rejects with an AbortError. */
  readonly latest?: unknown;
  /** Refuses the job with a RangeError if so many are pending: see `executor.pending`. */
  readonly maxPending?: number | undefined;
}

/** One job of `submit`: the promise of its result. */
export interface SingleJob<R> extends Promise<R> {
  /** May be set anew; it counts as long as the job waits. */
  priority: number;
  /**
   * Rejects the promise with `reason`, by default an AbortError. A job that waits never starts. One that runs finds `aborted()` true, and its
   * worker is ended if it goes on for more than a second.
   */
  cancel(reason?: unknown): void;
}

type Cutting = "chunkSize" | "rowLength" | "halo";

/** Options of any call, as it was given them. */
export type GivenOptions = CollectOptions<unknown, unknown, unknown> &
  StreamOptions<unknown, unknown, unknown> &
  Partial<IterateOptions<unknown, unknown, unknown>> &
  SubmitOptions<unknown, unknown, unknown>;

/** Kernel of `mapShared`, `reduceShared` and `streamShared`. */
export type ChunkKernel<I, R, A, S = Record<never, never>, W = Record<never, never>> = (
  view: KernelView<I>,
  context: KernelContext<A, S, W>,
) => R;

/** Kernel of `map`. */
export type ItemKernel<T, S, R, A, W = Record<never, never>> = (
  item: ReadOnlyDeep<T>,
  shared: ReadOnlyDeep<S> & W,
  context: KernelContext<A, S, W>,
) => R;

/** Kernel of `mapInto`. It writes to its outputs, as one of `transformShared` does. */
export type ItemIntoKernel<T, S, O extends Outputs, A, W = Record<never, never>> = (
  item: ReadOnlyDeep<T>,
  shared: ReadOnlyDeep<S> & W,
  outputs: OutputViews<O>,
  context: KernelContext<A, S, W>,
) => unknown;

/** Kernel of `collectShared`. It returns how many rows it wrote. */
export type CollectKernel<I, O extends Outputs, A, S = Record<never, never>, W = Record<never, never>> = (
  view: KernelView<I>,
  outputs: OutputViews<O>,
  context: KernelContext<A, S, W>,
) => number | Promise<number>;

/** The state that a pass writes, as its kernel gets it: writable views of its chunk. */
export type NextView<I> = I extends TypedArray
  ? OnBuffer<I, ArrayBufferLike>
  : { readonly [K in keyof I]: I[K] extends TypedArray ? OnBuffer<I[K], ArrayBufferLike> : never };

/** Kernel of `iterateShared`. It writes the next state. With `tolerance` it must return a number; a promise is awaited. */
export type PassKernel<I, A, S = Record<never, never>, W = Record<never, never>> = (
  state: KernelView<I>,
  next: NextView<I>,
  context: PassContext<A, S, W>,
) => unknown;

/** Kernel of `transformShared`. It writes to its outputs: to return an array of its own fails. A promise is awaited. */
export type TransformKernel<I, O extends Outputs, A, S = Record<never, never>, W = Record<never, never>> = (
  view: KernelView<I>,
  outputs: OutputViews<O>,
  context: KernelContext<A, S, W>,
) => unknown;

/** The same shape as the payload, on shared memory. */
export type Shared<I> = I extends TypedArray
  ? OnBuffer<I, SharedArrayBuffer>
  : { -readonly [K in keyof I]: I[K] extends TypedArray ? OnBuffer<I[K], SharedArrayBuffer> : never };

/** One result per task; of a tuple of arrays a tuple. */
export type Results<I, R> = I extends readonly TypedArray[]
  ? { -readonly [K in keyof I]: Awaited<R> }
  : Awaited<R>[];

/** One result of `streamShared`. */
export interface StreamedResult<R> {
  readonly index: number;
  readonly value: R;
}
