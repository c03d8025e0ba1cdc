/**
 * The element kinds. A kind's number is its place in `KINDS`. The number crosses threads instead of a constructor, so new kinds are
 * added at the end only.
 */
import { quote } from "../errors.js";

/** `Float16Array` and its constructor if the program's `lib` has them, else `never`. */
type Float16Constructor = typeof globalThis extends { readonly Float16Array: infer C } ? C : never;
type Float16 = typeof globalThis extends { readonly Float16Array: { readonly prototype: infer A } }
  ? A
  : never;

/** Any typed array, on any buffer. */
export type TypedArray<B extends ArrayBufferLike = ArrayBufferLike> =
  | Int8Array<B>
  | Uint8Array<B>
  | Uint8ClampedArray<B>
  | Int16Array<B>
  | Uint16Array<B>
  | Int32Array<B>
  | Uint32Array<B>
  | Float32Array<B>
  | Float64Array<B>
  | BigInt64Array<B>
  | BigUint64Array<B>
  | Float16;

/** Constructor of a typed array: names an element kind in `allocate` and in the outputs of `transformShared`. */
export type TypedArrayConstructor =
  | Int8ArrayConstructor
  | Uint8ArrayConstructor
  | Uint8ClampedArrayConstructor
  | Int16ArrayConstructor
  | Uint16ArrayConstructor
  | Int32ArrayConstructor
  | Uint32ArrayConstructor
  | Float32ArrayConstructor
  | Float64ArrayConstructor
  | BigInt64ArrayConstructor
  | BigUint64ArrayConstructor
  | Float16Constructor;

/** The same element kind on buffer `B`. `Buffer` becomes `Uint8Array`. */
export type OnBuffer<A extends TypedArray, B extends ArrayBufferLike> = A extends Int8Array
  ? Int8Array<B>
  : A extends Uint8ClampedArray
    ? Uint8ClampedArray<B>
    : A extends Uint8Array
      ? Uint8Array<B>
      : A extends Int16Array
        ? Int16Array<B>
        : A extends Uint16Array
          ? Uint16Array<B>
          : A extends Int32Array
            ? Int32Array<B>
            : A extends Uint32Array
              ? Uint32Array<B>
              : A extends Float32Array
                ? Float32Array<B>
                : A extends Float64Array
                  ? Float64Array<B>
                  : A extends BigInt64Array
                    ? BigInt64Array<B>
                    : A extends BigUint64Array
                      ? BigUint64Array<B>
                      : A;

type Mutator = "buffer" | "copyWithin" | "fill" | "reverse" | "set" | "sort" | "subarray" | "valueOf";

/**
 * How kernels see inputs: a typed array with read-only elements, without its writing methods and its buffer. `slice()`, `map()` and
 * the like give the kernel arrays of its own.
 */
export type ReadOnly<A extends TypedArray> = {
  readonly [K in Exclude<keyof A, Mutator>]: A[K];
} & {
  /** A read-only view of elements `begin` to `end` (exclusive). */
  subarray(begin?: number, end?: number): ReadOnly<A>;
};

/** How the engine calls the constructors of all kinds. */
interface KindConstructor {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
}

const float16 = (globalThis as { Float16Array?: KindConstructor }).Float16Array;

const KINDS: readonly KindConstructor[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  ...(float16 === undefined ? [] : [float16]),
] as readonly KindConstructor[];

const kindByName = new Map(KINDS.map((kind, index) => [kind.name, index]));

/** Names of all element kinds of this runtime, for error messages. */
export const kindNames = KINDS.map((kind) => kind.name).join(", ");

// The language's own getters know arrays of all realms. A subclass, or an own property, may answer something else.
const prototype = Object.getPrototypeOf(Int8Array.prototype) as object;
const tagOf = getterOf<unknown, string | undefined>(prototype, Symbol.toStringTag);
const bufferOf = getterOf<TypedArray, ArrayBufferLike>(prototype, "buffer");
const byteOffsetOf = getterOf<TypedArray, number>(prototype, "byteOffset");
const lengthOf = getterOf<TypedArray, number>(prototype, "length");
const plainBytesOf = getterOf<ArrayBuffer, number>(ArrayBuffer.prototype, "byteLength");
const keysOf = Function.prototype.call.bind((prototype as TypedArray).keys) as (array: TypedArray) => unknown;

function getterOf<T, V>(of: object, name: string | symbol): (it: T) => V {
  const { get } = Object.getOwnPropertyDescriptor(of, name) as { get: (this: T) => V };
  return Function.prototype.call.bind(get) as (it: T) => V;
}

/** Whether `value` is a typed array of a known kind. Subclasses such as `Buffer` are; a `DataView` and a proxy are not. */
export function isTypedArray(value: unknown): value is TypedArray {
  return kindByName.has(tagOf(value) ?? "");
}

/** Whether it only looks like a typed array: a proxy, or an object that inherits from one. Its methods refuse to run. */
export function isTypedArrayInName(value: object): boolean {
  return Object.prototype.isPrototypeOf.call(prototype, value) && !isTypedArray(value);
}

/** The number of an array's kind. For a Node `Buffer` that is the number of `Uint8Array`. */
export function kindOf(array: TypedArray): number {
  return kindByName.get(tagOf(array) as string) as number;
}

/** The number of the kind that a constructor names. @throws TypeError for anything but a typed-array constructor */
export function kindOfConstructor(kindClass: unknown, what: string): number {
  const own = KINDS.indexOf(kindClass as KindConstructor);
  const kind = own === -1 ? kindOfRealm(kindClass) : own;
  if (kind === -1) {
    throw new TypeError(
      `Cannot allocate ${what} as its kind must be a typed-array constructor (${kindNames}): ` +
        `current value is ${quote(kindClass)}`,
    );
  }
  return kind;
}

/** The number of the kind that a constructor of another realm names, such as a context of node:vm; -1: none. */
function kindOfRealm(kindClass: unknown): number {
  if (typeof kindClass !== "function") return -1;
  return KINDS.findIndex((kind) => String(kind) === Function.prototype.toString.call(kindClass));
}

/** Bytes of one element. */
export function elementBytes(kind: number): number {
  return (KINDS[kind] as KindConstructor).BYTES_PER_ELEMENT;
}

/** Whether this runtime has a kind of that number. */
export function isKind(kind: unknown): kind is number {
  return KINDS[kind as number] !== undefined;
}

/** A view of `length` elements of a kind. */
export function viewOf(
  kind: number,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): TypedArray {
  return new (KINDS[kind] as KindConstructor)(buffer, byteOffset, length);
}

/**
 * The engine's own view of the elements that an array has now. It is of the plain kind, never `Buffer` or another subclass. Its
 * length stays, even if the array's length follows its buffer's.
 */
export function ownView(array: TypedArray): TypedArray {
  return viewOf(kindOf(array), bufferOf(array), byteOffsetOf(array), lengthOf(array));
}

/** Whether the array's buffer was transferred away, or shrunk so that the array is past its end. Its length is 0 then. */
export function isGone(array: TypedArray): boolean {
  if (lengthOf(array) > 0) return false;
  try {
    // Every method checks the buffer first. This one does nothing else.
    keysOf(array);
    return false;
  } catch {
    return true;
  }
}

/** Node 20 has no `ArrayBuffer.prototype.detached`. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer, 0, 0);
    return false;
  } catch {
    return true;
  }
}

/** Bytes that a buffer has now; 0 if it was transferred away. */
export function bytesIn(buffer: ArrayBufferLike): number {
  return isSharedBuffer(buffer) ? buffer.byteLength : plainBytesOf(buffer);
}

/** Whether it is shared memory, of this realm or another. */
export function isSharedBuffer(buffer: ArrayBufferLike): buffer is SharedArrayBuffer {
  return (
    (typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer) ||
    Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]"
  );
}

/** Whether the array is on shared memory. */
export function isShared<A extends TypedArray>(array: A): array is A & { buffer: SharedArrayBuffer } {
  return isSharedBuffer(array.buffer);
}
