/**
 * A round: one pass of workers over a job's tasks, or over those that an earlier round left unfinished because a
 * worker was lost. Its region holds, in this order: control block, order of the tasks (later rounds only),
 * descriptor.
 */
import { Decoder, Encoder } from "@msgpack/msgpack";
import type { Arena, Region } from "../memory/arena.js";
import { type TypedArray, viewOf } from "../memory/dtypes.js";
import { aligned, type Place } from "../memory/placement.js";
import { CONTROL_BYTES, ControlBlock } from "./control-block.js";
import type { PackedItems } from "./items.js";
import type { JobSpec } from "./job-spec.js";

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
  /** Workers that were woken: bounds how many tasks one claim may take. */
  readonly workers: number;
  /** Send every result as soon as its claim ends. */
  readonly stream: boolean;
  /** The array table: four 64-bit floats per array (kind, memory, byte offset, length), as bytes. */
  readonly places: Uint8Array;
}

const PLACE_FIELDS = 4;

// Both are stateless between calls; making one costs more than a small descriptor.
const encoder = new Encoder();
const decoder = new Decoder();

export function packPlaces(places: readonly Place[]): Uint8Array {
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

/** A round's region as the caller's side made it. */
export interface Round {
  readonly region: Region;
  readonly control: ControlBlock;
  /** Bytes of the descriptor, for the wake-up. */
  readonly descriptorBytes: number;
}

/** Takes a region and writes a round into it. @param order tasks to run, ascending; undefined: all */
export function openRound(arena: Arena, descriptor: Descriptor, order: Uint32Array | undefined): Round {
  const bytes = encoder.encode(descriptor);
  const orderBytes = aligned(order?.byteLength ?? 0);
  const region = arena.take(CONTROL_BYTES + orderBytes + bytes.length);
  const control = controlAt(region.buffer);
  control.reset(descriptor.tasks);
  if (order !== undefined) new Uint32Array(region.buffer, CONTROL_BYTES, order.length).set(order);
  new Uint8Array(region.buffer, CONTROL_BYTES + orderBytes, bytes.length).set(bytes);
  return { region, control, descriptorBytes: bytes.length };
}

/** A round as a worker reads it. */
export interface OpenedRound {
  readonly descriptor: Descriptor;
  readonly control: ControlBlock;
  readonly order: Uint32Array | undefined;
}

/** @param orderLength tasks in the order, 0 for none */
export function readRound(
  buffer: SharedArrayBuffer,
  descriptorBytes: number,
  orderLength: number,
): OpenedRound {
  const at = CONTROL_BYTES + aligned(orderLength * Uint32Array.BYTES_PER_ELEMENT);
  // Copied out, as decoders of text refuse shared memory in browsers.
  const bytes = new Uint8Array(buffer, at, descriptorBytes).slice();
  return {
    descriptor: decoder.decode(bytes) as Descriptor,
    control: controlAt(buffer),
    order: orderLength === 0 ? undefined : new Uint32Array(buffer, CONTROL_BYTES, orderLength),
  };
}

function controlAt(buffer: SharedArrayBuffer): ControlBlock {
  return new ControlBlock(new Int32Array(buffer, 0, CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT));
}
