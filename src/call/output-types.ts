/** Types of what calls write: as callers name outputs, as kernels get them, as callers get them. */
import type { OnBuffer, TypedArray, TypedArrayConstructor } from "../memory/dtypes.js";

/** `per` elements for each row: element, item, or row of `rowLength` elements. */
export interface RowsOf<C extends TypedArrayConstructor = TypedArrayConstructor> {
  /** The kind of the array, such as `Float64Array`. */
  readonly type: C;
  /** Elements per row: an integer from 1. */
  readonly per: number;
}

/**
 * An array that a call writes. A kind makes a new one with as many elements as the input. `{ type, per }` makes a new one of
 * `per` elements per row. An array of yours on shared memory is written in place.
 */
export type Output = NewOutput | TypedArray<SharedArrayBuffer>;

/** What `transformShared` and `mapInto` write: one array, or named ones. */
export type Outputs = Output | { readonly [name: string]: Output };

/** What `collectShared` makes: one array, or named ones. */
export type CollectedOutputs = NewOutput | { readonly [name: string]: NewOutput };

type NewOutput = TypedArrayConstructor | RowsOf;

type InstanceOn<C, B extends ArrayBufferLike> = C extends { readonly prototype: infer A }
  ? A extends TypedArray
    ? OnBuffer<A, B>
    : never
  : never;

type OutputOn<O, B extends ArrayBufferLike> = O extends TypedArray
  ? OnBuffer<O, B>
  : O extends RowsOf<infer C>
    ? InstanceOn<C, B>
    : InstanceOn<O, B>;

/** Outputs as the caller gets them: on shared memory. */
export type OutputArrays<O extends Outputs> = O extends Output
  ? OutputOn<O, SharedArrayBuffer>
  : { -readonly [K in keyof O]: OutputOn<O[K], SharedArrayBuffer> };

/** Outputs as the kernel gets them: writable views of its chunk. */
export type OutputViews<O extends Outputs> = O extends Output
  ? OutputOn<O, ArrayBufferLike>
  : { readonly [K in keyof O]: OutputOn<O[K], ArrayBufferLike> };

/**
 * Refuses lists: outputs are cut like the input, which has one length. The text is what the compiler then shows. A number is a count of
 * rows that are made from nothing.
 */
export type NotAList<I> = I &
  (I extends readonly unknown[]
    ? "transformShared takes one array or columns of equal length. Call it for each array of the list, or use mapShared"
    : unknown);
