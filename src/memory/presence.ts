/**
 * Plain arrays belong to the caller, who may transfer or resize their buffers while a call still needs them. The call notes
 * once how far each array reaches. Code that reads its bytes later first looks whether they are there.
 */
import { quote } from "../errors.js";
import { bytesIn, isDetached, isGone, type TypedArray } from "./dtypes.js";

/**
 * The name that errors give an array: a column's name, "the array", a path such as `args.model.weights`, or a number for
 * `input[i]`.
 */
export type ArrayName = string | number;

export function nameText(name: ArrayName): string {
  return typeof name === "number" ? `input[${name}]` : name;
}

/** An array as the call has read it. */
export interface Extent {
  readonly name: ArrayName;
  /** The run of bytes that it is in. */
  readonly span: Span;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly length: number;
}

/** A run of bytes of one buffer that is copied as a whole. Overlapping views share one. */
export interface Span {
  readonly buffer: ArrayBufferLike;
  readonly start: number;
  end: number;
  /** Offset among the placed bytes of all spans. */
  target: number;
  /** The arrays in it, by their first bytes. */
  readonly extents: Extent[];
}

/** @throws TypeError with the array's name if its buffer is gone since the call began to read its arguments */
export function assertThere(array: TypedArray, name: ArrayName): void {
  if (isGone(array)) throw goneError(name);
}

/** @throws TypeError with the name of the first array of the span that has lost bytes */
export function assertWhole({ buffer, end, extents }: Span): void {
  const bytes = bytesIn(buffer);
  if (bytes >= end && (bytes > 0 || !isDetached(buffer))) return;
  const lost = extents.find(({ byteOffset, byteLength }) => byteOffset + byteLength > bytes) ?? extents[0];
  throw goneError((lost as Extent).name);
}

function goneError(name: ArrayName): TypeError {
  return new TypeError(
    `Cannot read ${quote(nameText(name))} as its buffer must stay whole until the call has settled: ` +
      "it was transferred away or shrunk; pass a copy made with slice()",
  );
}
