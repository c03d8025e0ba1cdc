/** Types of the public calls: what goes in, what the kernel sees, what comes out. */
import type { CapturesMode } from "../kernel/captured.js";
import type { KernelContext, KernelView, ReadOnlyDeep } from "../kernel/types.js";
import type { OnBuffer, TypedArray, TypedArrayConstructor } from "../memory/dtypes.js";
import type { StrategyName } from "../strategies/registry.js";

/** How far a call has come. */
export interface Progress {
  /**
   * Tasks that have ended, whichever way. Of a call that is about to fail, also those that will not run: behind a failed
   * one, or given up as they ended their workers too often.
   */
  readonly completed: number;
  readonly total: number;
  /** Tasks per second so far. */
  readonly rate: number;
  /** Milliseconds that the rest will take at this rate; Infinity before the first task has ended. */
  readonly eta: number;
}

/** Options of every call. They go before the executor's configuration. */
export interface CallOptions<A = undefined> {
  /** Given to every task as `context.args`: plain data, typed arrays at any place. */
  readonly args?: A | undefined;
  /** Elements per chunk. */
  readonly chunkSize?: number | undefined;
  readonly strategy?: "auto" | StrategyName | undefined;
  /** Payload bytes per task that the cost model assumes. */
  readonly taskSizeHintBytes?: number | undefined;
  /** Aborts the call: it rejects with `signal.reason`, no further task starts. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that each task may take: one that takes longer fails the call with `TaskTimeoutError`. */
  readonly timeout?: number | undefined;
  /** Of `context.rng`: an integer from 0. Default 0. */
  readonly seed?: number | undefined;
  /** Whether variables of the scope around an inline kernel are copied at the call, or refused. */
  readonly captures?: CapturesMode | undefined;
  /** Called now and then while tasks run, and at the end. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface ReduceOptions<A, R> extends CallOptions<A> {
  /** Combined with the first partial, and the result where there are no tasks at all. `undefined`: there is none. */
  readonly initial?: R | undefined;
}

export interface MapOptions<A, S> extends Omit<CallOptions<A>, "chunkSize"> {
  /** Heavy payload that every task sees whole: a record of arrays, or any plain data with arrays in it. */
  readonly shared?: S | undefined;
}

/** Kernel of `mapShared`, `reduceShared` and `streamShared`. */
export type ChunkKernel<I, R, A> = (view: KernelView<I>, context: KernelContext<A>) => R;

/** Kernel of `map`. */
export type ItemKernel<T, S, R, A> = (
  item: ReadOnlyDeep<T>,
  shared: ReadOnlyDeep<S>,
  context: KernelContext<A>,
) => R;

/** What `transformShared` writes: one array of a kind, or named ones. */
export type Outputs = TypedArrayConstructor | { readonly [name: string]: TypedArrayConstructor };

type InstanceOn<C, B extends ArrayBufferLike> = C extends { readonly prototype: infer A }
  ? A extends TypedArray
    ? OnBuffer<A, B>
    : never
  : never;

/** Outputs as the caller gets them: on shared memory. */
export type OutputArrays<O extends Outputs> = O extends TypedArrayConstructor
  ? InstanceOn<O, SharedArrayBuffer>
  : { -readonly [K in keyof O]: InstanceOn<O[K], SharedArrayBuffer> };

/** Outputs as the kernel gets them: writable views of its chunk. */
export type OutputViews<O extends Outputs> = O extends TypedArrayConstructor
  ? InstanceOn<O, ArrayBufferLike>
  : { readonly [K in keyof O]: InstanceOn<O[K], ArrayBufferLike> };

/** Refuses lists: outputs are cut like the input, which has one length. */
export type NotAList<I> = I & (I extends readonly unknown[] ? never : unknown);

/** Kernel of `transformShared`. It writes to its outputs: to return an array of its own fails. A promise is awaited. */
export type TransformKernel<I, O extends Outputs, A> = (
  view: KernelView<I>,
  outputs: OutputViews<O>,
  context: KernelContext<A>,
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
