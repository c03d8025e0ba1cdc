/** The descriptor of a round: msgpack in the round's region, the same for all of its workers. */
import { type TypedArray, viewOf } from "../memory/dtypes.js";
import type { ArrayPlace } from "../memory/placement.js";
import type { PackedItems } from "./items.js";
import type { ArrayGroup, JobSpec } from "./job-spec.js";
import { decodeList, encodeList } from "./msgpack.js";

/** What a worker reads to take part in a round. */
export interface Descriptor {
  readonly spec: JobSpec;
  /** Number of the kernel; its source or address came with the wake-up or with an earlier one. */
  readonly kernel: number;
  /** The job block's memory. */
  readonly block: number;
  readonly packing: PackedItems["packing"] | null;
  /** Tasks of this round; fewer than the job's in a later round. */
  readonly tasks: number;
  /** Send every result as soon as its claim ends. */
  readonly stream: boolean;
  /** Numbers and other small results go to the result table; false: every one by message. */
  readonly slots: boolean;
  /** Claims grow where tasks are short. */
  readonly grows: boolean;
  /** Claims that each worker may note for a trace. */
  readonly logged: number;
  /** The array table: four 64-bit floats per array (kind, memory, byte offset, length), as bytes. */
  readonly places: Uint8Array;
}

const PLACE_FIELDS = 4;

/** @returns bytes that are the encoder's own, to be copied before it encodes again */
export function encodeDescriptor(descriptor: Descriptor): Uint8Array {
  return encodeList(packDescriptor(descriptor));
}

export function readDescriptor(shared: Uint8Array): Descriptor {
  // Copied out, as decoders of text refuse shared memory in browsers.
  return unpackDescriptor(decodeList(shared.slice()) as PackedDescriptor);
}

/** Do both say the same? */
export function isSame(a: Descriptor, b: Descriptor): boolean {
  return (
    a.kernel === b.kernel &&
    a.block === b.block &&
    a.packing === b.packing &&
    a.tasks === b.tasks &&
    a.stream === b.stream &&
    a.slots === b.slots &&
    a.grows === b.grows &&
    a.logged === b.logged &&
    isSameList(a.places, b.places) &&
    isSameSpec(a.spec, b.spec)
  );
}

function isSameSpec(a: JobSpec, b: JobSpec): boolean {
  return (
    a === b ||
    (a.shape === b.shape &&
      a.tasks === b.tasks &&
      a.length === b.length &&
      a.chunkSize === b.chunkSize &&
      a.clearOutputs === b.clearOutputs &&
      isSameGroup(a.inputs, b.inputs) &&
      isSameGroup(a.outputs, b.outputs) &&
      isSameList(a.args, b.args) &&
      isSameList(a.shared, b.shared))
  );
}

function isSameGroup(a: ArrayGroup | null, b: ArrayGroup | null): boolean {
  if (a === null || b === null) return a === b;
  return isSameList(a.names, b.names) && isSameList(a.arrays, b.arrays);
}

function isSameList<T>(a: ArrayLike<T> | null, b: ArrayLike<T> | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const NO_PLACES = new Uint8Array(0);

export function packPlaces(places: readonly ArrayPlace[]): Uint8Array {
  if (places.length === 0) return NO_PLACES;
  const fields = new Float64Array(places.length * PLACE_FIELDS);
  let at = 0;
  for (const place of places) {
    fields[at++] = place.kind;
    fields[at++] = place.memory;
    fields[at++] = place.byteOffset;
    fields[at++] = place.length;
  }
  return new Uint8Array(fields.buffer);
}

/** The arrays of the table on this thread's handles. */
export function unpackPlaces(packed: Uint8Array, memory: (id: number) => SharedArrayBuffer): TypedArray[] {
  if (packed.length === 0) return [];
  // msgpack puts its bytes at any offset; 64-bit floats need their own alignment.
  const fields = new Float64Array(packed.slice().buffer);
  const arrays: TypedArray[] = [];
  for (let at = 0; at < fields.length; at += PLACE_FIELDS) {
    const [kind, id, byteOffset, length] = fields.subarray(at, at + PLACE_FIELDS) as unknown as Fields;
    arrays.push(viewOf(kind, memory(id), byteOffset, length));
  }
  return arrays;
}

type Fields = [kind: number, memory: number, byteOffset: number, length: number];

// A list: with the names of its fields it would take twice the bytes and twice the time.
function packDescriptor(descriptor: Descriptor) {
  const { spec, kernel, block, packing, tasks, stream, slots, grows, logged, places } = descriptor;
  const { shape, length, chunkSize, inputs, outputs, clearOutputs, args, shared } = spec;
  const names = [inputs.names, inputs.arrays, outputs?.names, outputs?.arrays] as const;
  const cut = [shape, spec.tasks, length, chunkSize, clearOutputs] as const;
  return [
    ...cut,
    ...names,
    args,
    shared,
    kernel,
    block,
    packing,
    tasks,
    stream,
    slots,
    grows,
    logged,
    places,
  ] as const;
}

type PackedDescriptor = ReturnType<typeof packDescriptor>;

function unpackDescriptor(packed: PackedDescriptor): Descriptor {
  const [
    shape,
    all,
    length,
    chunkSize,
    clearOutputs,
    inputNames,
    inputArrays,
    outputNames,
    outputArrays,
    ...rest
  ] = packed;
  const [args, shared, kernel, block, packing, tasks, stream, slots, grows, logged, places] = rest;
  const inputs = { names: inputNames, arrays: inputArrays };
  // msgpack has null only.
  const outputs = outputArrays == null ? null : { names: outputNames ?? null, arrays: outputArrays };
  const spec = { shape, tasks: all, length, chunkSize, inputs, outputs, clearOutputs, args, shared };
  return { spec, kernel, block, packing, tasks, stream, slots, grows, logged, places };
}
