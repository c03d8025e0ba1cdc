/** The descriptor of a round: what its workers read to take part, as msgpack in the round's region. */
import { type TypedArray, viewOf } from "../memory/dtypes.js";
import type { ArrayPlace } from "../memory/placement.js";
import type { PackedItems } from "./items.js";
import { isSameList } from "./job-fields.js";
import { type JobSpec, type KnownJob, packJob, unpackJob } from "./job-spec.js";
import { decodeList, encodeList } from "./msgpack.js";

/** What a worker reads to take part in a round. */
export interface Descriptor {
  readonly spec: JobSpec;
  /** The kernel's number. Its address came with this wake message or with an earlier one. */
  readonly kernel: number;
  /** The job block's memory. */
  readonly block: number;
  readonly packing: PackedItems["packing"] | null;
  /** Tasks of this round; fewer than the job's in a later round. */
  readonly tasks: number;
  /** Whether workers send every result as soon as its claim ends. */
  readonly stream: boolean;
  /** Whether small results go to the result table. Otherwise every result goes by message. */
  readonly slots: boolean;
  /** Whether claims grow if tasks are short. */
  readonly grows: boolean;
  /** Claims that each worker may note for a trace. */
  readonly logged: number;
  /** The array table: four 64-bit floats per array (kind, memory, byte offset, length), as bytes. */
  readonly places: Uint8Array;
}

const PLACE_FIELDS = 4;

/** @returns bytes that are the encoder's own; copy them before it encodes again */
export function encodeDescriptor(descriptor: Descriptor): Uint8Array {
  return encodeList(packDescriptor(descriptor));
}

export function readDescriptor(shared: Uint8Array): Descriptor {
  // Copied out, because decoders of text refuse shared memory in browsers.
  return unpackDescriptor(decodeList(shared.slice()) as PackedDescriptor);
}

/** Whether both say the same. @param job that of `before`, to compare with */
export function isSame(before: Descriptor, job: KnownJob, now: Descriptor): boolean {
  return (
    before.kernel === now.kernel &&
    before.block === now.block &&
    before.packing === now.packing &&
    before.tasks === now.tasks &&
    before.stream === now.stream &&
    before.slots === now.slots &&
    before.grows === now.grows &&
    before.logged === now.logged &&
    isSameList(before.places, now.places) &&
    job.is(now.spec)
  );
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
  // msgpack puts its bytes at any offset, and 64-bit floats must be aligned.
  const fields = new Float64Array(packed.slice().buffer);
  const arrays: TypedArray[] = [];
  for (let at = 0; at < fields.length; at += PLACE_FIELDS) {
    const [kind, id, byteOffset, length] = fields.subarray(at, at + PLACE_FIELDS) as unknown as Fields;
    arrays.push(viewOf(kind, memory(id), byteOffset, length));
  }
  return arrays;
}

type Fields = [kind: number, memory: number, byteOffset: number, length: number];

// A list, because the names of the fields would double its bytes and its time.
function packDescriptor(descriptor: Descriptor) {
  const { spec, kernel, block, packing, tasks, stream, slots, grows, logged, places } = descriptor;
  return [packJob(spec), kernel, block, packing, tasks, stream, slots, grows, logged, places] as const;
}

type PackedDescriptor = ReturnType<typeof packDescriptor>;

function unpackDescriptor(packed: PackedDescriptor): Descriptor {
  const [job, kernel, block, packing, tasks, stream, slots, grows, logged, places] = packed;
  return { spec: unpackJob(job), kernel, block, packing, tasks, stream, slots, grows, logged, places };
}
