/** How kernels see the world. */
import type { ReadOnly, TypedArray, TypedArrayConstructor } from "../memory/dtypes.js";

/** What a kernel's `args` and items look like from inside: arrays and objects read-only throughout. */
export type ReadOnlyDeep<T> = T extends TypedArray
  ? ReadOnly<T>
  : T extends string | number | bigint | boolean | null | undefined | Date
    ? T
    : T extends object
      ? { readonly [K in keyof T]: ReadOnlyDeep<T[K]> }
      : T;

/** A payload from inside a kernel: one array of a list, or views of one chunk. For a count of rows it is `undefined`. */
export type KernelView<I> = I extends number
  ? undefined
  : I extends TypedArray
    ? ReadOnly<I>
    : I extends readonly (infer A)[]
      ? ElementView<A>
      : { readonly [K in keyof I]: I[K] extends TypedArray ? ReadOnly<I[K]> : never };

/** A list of mixed kinds gives each kind by itself. A source may give lists of columns. */
type ElementView<A> = A extends TypedArray
  ? ReadOnly<A>
  : { readonly [K in keyof A]: A[K] extends TypedArray ? ReadOnly<A[K]> : never };

/**
 * Random numbers. They follow from the call's `seed`, the element or item, and the draw alone. So they are the same for any
 * chunking, any number of workers, and every strategy. Philox4x32-10.
 */
export interface Rng {
  /**
   * Uniform in [0, 1), with 53 random bits.
   * @param i element or item, from 0
   * @param draw which of the numbers for this element, from 0 to 2^32 - 1. Default 0
   * @throws RangeError
   */
  (i: number, draw?: number): number;
  /** Normal, with mean 0 and variance 1. Independent of the uniform numbers. Parameters as above. */
  normal(i: number, draw?: number): number;
}

/** Last parameter of every kernel. */
export interface KernelContext<A = undefined, S = Record<never, never>, W = Record<never, never>> {
  /** Which task this is, from 0. */
  readonly index: number;
  /** First element of the task's range, in the whole column, or its first row; for items the item's index. */
  readonly start: number;
  /** One past the last element of the task's range, or one past its last row. */
  readonly end: number;
  /** Elements, or rows, that the view has in front of the task's range: the call's `halo`, less at the beginning. */
  readonly before: number;
  /** The same behind the task's range. */
  readonly after: number;
  /** The call's `args`, read-only. */
  readonly args: ReadOnlyDeep<A>;
  /**
   * The call's `shared`, read-only, and beside it the arrays in `writable`; an empty object if it has none. In `map` the second
   * parameter is the same.
   */
  readonly shared: ReadOnlyDeep<S> & W;
  /** Random numbers under the call's `seed`: `rng(start + i)`. */
  readonly rng: Rng;
  /**
   * A work array that this thread keeps for the next task of the call. Its contents are arbitrary, so fill it before you read it.
   * Each call of a task gives another array. Don't keep it beyond the task.
   * @throws TypeError, RangeError
   */
  scratch<C extends TypedArrayConstructor>(kind: C, length: number): InstanceType<C>;
  /**
   * Whether nobody wants this task's result any more. True once the call was cancelled, a task before this one has failed, or
   * this one has used up its time-out. Long kernels can stop early with it. What they return or throw then does not count.
   */
  aborted(): boolean;
}

/** Last parameter of the kernel of `iterateShared`. */
export interface PassContext<A = undefined, S = Record<never, never>, W = Record<never, never>>
  extends KernelContext<A, S, W> {
  /** Which pass this is, from 0. */
  readonly pass: number;
}

/** A kernel as the code sees it that only moves it around: any function. */
export type AnyKernel = (...parameters: never[]) => unknown;
