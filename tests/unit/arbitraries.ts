/** Typed arrays of every kind, for property tests. */
import fc from "fast-check";
import type { TypedArray, TypedArrayConstructor } from "../../src/memory/dtypes.js";
import { type PlacementPlan, planPlacement } from "../../src/memory/placement.js";

const { Float16Array } = globalThis as { Float16Array?: TypedArrayConstructor };

/** All kinds that this runtime has. */
export const KINDS: readonly TypedArrayConstructor[] = [
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
  ...(Float16Array === undefined ? [] : [Float16Array]),
];

type Make = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => TypedArray;

export function makeView(
  kind: TypedArrayConstructor,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): TypedArray {
  return new (kind as unknown as Make)(buffer, byteOffset, length);
}

/** The raw bytes of a view, a copy: `toEqual` on floats would not tell one NaN from another. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

export function onShared<B extends TypedArray>(array: B): B {
  const buffer = new SharedArrayBuffer(array.byteLength);
  new Uint8Array(buffer).set(bytesOf(array));
  return new (array.constructor as unknown as Make)(buffer, 0, array.length) as B;
}

/** Arrays of any kind with any bytes, some of them views of a larger buffer. */
export function typedArray({ maxLength = 8 } = {}): fc.Arbitrary<TypedArray> {
  return fc
    .record({
      kind: fc.constantFrom(...KINDS),
      before: fc.nat(2),
      after: fc.nat(2),
      length: fc.nat(maxLength),
    })
    .chain(({ kind, before, after, length }) => {
      const size = kind.BYTES_PER_ELEMENT;
      const bytes = (before + length + after) * size;
      return fc
        .uint8Array({ minLength: bytes, maxLength: bytes })
        .map((content) => makeView(kind, content.slice().buffer, before * size, length));
    });
}

/** Views of a few buffers: of all kinds, overlapping, touching, empty, repeated; some buffers are shared. */
export const aliasedArrays: fc.Arbitrary<TypedArray[]> = fc
  .array(fc.record({ content: fc.uint8Array({ minLength: 0, maxLength: 200 }), shared: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((contents) => {
    const buffers = contents.map(({ content, shared }) =>
      shared ? onShared(content).buffer : content.slice().buffer,
    );
    const view = fc
      .record({
        buffer: fc.constantFrom(...buffers),
        kind: fc.constantFrom(...KINDS),
        from: fc.nat(200),
        length: fc.nat(60),
      })
      .map(({ buffer, kind, from, length }) => {
        const room = Math.floor(buffer.byteLength / kind.BYTES_PER_ELEMENT);
        const start = Math.min(from, room);
        return makeView(kind, buffer, start * kind.BYTES_PER_ELEMENT, Math.min(length, room - start));
      });
    return fc.array(view, { maxLength: 12 });
  })
  .chain((views) => {
    // The same object more than once, in any order.
    const repeated =
      views.length === 0 ? fc.constant([]) : fc.array(fc.constantFrom(...views), { maxLength: 4 });
    return repeated.map((again) => [...views, ...again]);
  });

/** How arrays of a list would be placed. */
export function planOf(arrays: readonly TypedArray[]): PlacementPlan {
  return planPlacement(
    arrays,
    arrays.map((_, i) => ({ name: i })),
  );
}
