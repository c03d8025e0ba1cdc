/** A request as plain data. The host runs what the client has read. Arrays cross as places in shared memory. */

import { type Guest, type OutputRequest, profileKeyOf, type Request } from "../call/request.js";
import type { CallOptions } from "../call/types.js";
import type { Kernel } from "../kernel/resolve.js";
import type { TypedArray } from "../memory/dtypes.js";
import type { Place, PlacementPlan } from "../memory/placement.js";
import type { MemoryHandle } from "../memory/wasm-modules.js";
import { argsNumber, workShapeOf } from "../plan/work-shape.js";
import { clock } from "../platform/clock.js";
import { ArrayTable } from "../protocol/array-table.js";
import { packPlaces, unpackPlaces } from "../protocol/descriptor.js";
import { itemBytes, numberItems, type PackedItems } from "../protocol/items.js";
import { isSameJob, type JobSpec, type PackedJob, packJob, unpackJob } from "../protocol/job-spec.js";
import type { KernelAddress } from "../protocol/messages.js";
import type { CallName } from "../telemetry/events.js";
import { packNumbers, unpackNumbers, type WireNumbers } from "./values.js";

/** What the plan of a call rests on, beside its job. */
type Grounds = readonly [
  call: CallName,
  outputNames: readonly string[] | null,
  /** Kind, length and place in the table of each output, -1 for those that the call makes. `null` if it writes no arrays. */
  outputs: readonly number[] | null,
  instances: number,
  taskBytes: number,
  arrayKinds: number,
  /** Bytes of the call's arrays without its outputs. */
  bytes: number,
  /** `null` if none were set. */
  settings: Readonly<Record<string, unknown>> | null,
  sightings: Request["sightings"],
];

export type WireRequest = readonly [job: PackedJob, grounds: Grounds];

/** A request as its client keeps it, to know an equal one. */
export interface Asked {
  readonly spec: JobSpec;
  readonly grounds: Grounds;
}

/** A request with its kernel and its arrays. */
export type WireCall = readonly [
  id: number,
  /** Whether the client keeps memory for this call alone, and wants to hear when nobody touches it. */
  holdsMemory: boolean,
  /** The kernel's number on the client's side. */
  kernel: number,
  /** `null` if the host has it from an earlier call. */
  address: KernelAddress | null,
  /** `null` if it is that of the call before. It would take a fifth of the time of a short call (docs/decisions/0011). */
  request: WireRequest | null,
  items: WireItems,
  /** Where the arrays of the table are, and behind them the outputs. */
  places: WireNumbers | null,
  /** How many of the places are outputs. */
  outputs: number,
  /** Handles that the host lacks, by id. */
  handles: ReadonlyMap<number, MemoryHandle> | null,
  wantsProgress: boolean,
];

/** Numbers, or msgpack with its offsets. */
type WireItems = WireNumbers | readonly [bytes: Uint8Array, offsets: Float64Array] | null;

// Options that stay on the client's side. All others are settings, which cross.
const OWN_OPTIONS = new Set([
  "signal",
  "onProgress",
  "args",
  "shared",
  "writable",
  "initial",
  "priority",
  "latest",
  "maxPending",
]);

/** What a request asks of the host. @param spec the job as the host is to run it */
export function askedBy(request: Request, spec = request.spec): Asked {
  const { call, outputs, instances, workShape, arrayKinds, placement, sightings } = request;
  const grounds = [
    call,
    outputs === null ? null : outputs.names,
    outputs === null ? null : packOutputs(outputs),
    instances,
    workShape.taskBytes,
    arrayKinds,
    placement.bytesPlaced + placement.bytesShared,
    settingsIn(request.options),
    sightings,
  ] as const;
  return { spec, grounds };
}

export function packRequest({ spec, grounds }: Asked): WireRequest {
  return [packJob(spec), grounds];
}

/** Whether a call asks for just what the one before it did. False if the comparison would take long. */
export function isSameRequest(a: Asked, b: Asked): boolean {
  return a.grounds.every((field, i) => isSameField(field, b.grounds[i])) && isSameJob(a.spec, b.spec);
}

function isSameField(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((element, i) => element === b[i]);
}

function settingsIn(options: object): Readonly<Record<string, unknown>> | null {
  let settings: Record<string, unknown> | null = null;
  for (const [name, value] of Object.entries(options)) {
    if (OWN_OPTIONS.has(name)) continue;
    settings ??= {};
    settings[name] = value;
  }
  return settings;
}

export function packItems(items: PackedItems | undefined): WireItems {
  if (items === undefined) return null;
  if (items.packing !== "msgpack") return packNumbers(items.numbers);
  // A copy, because a message would carry the whole buffer of the view.
  return [items.bytes.slice(), items.offsets];
}

export function unpackItems(items: WireItems): PackedItems | undefined {
  if (items === null) return undefined;
  const [bytes, offsets] = items;
  if (ArrayBuffer.isView(bytes))
    return { packing: "msgpack", bytes: bytes as Uint8Array, offsets: offsets as Float64Array };
  return numberItems(unpackNumbers(items as WireNumbers));
}

export function packArrays(places: readonly Place[]): WireNumbers | null {
  return places.length === 0 ? null : packNumbers(new Float64Array(packPlaces(places).buffer));
}

/** @param memory this thread's handles, by id */
export function unpackArrays(
  places: WireNumbers | null,
  memory: (id: number) => SharedArrayBuffer,
): TypedArray[] {
  return places === null ? [] : unpackPlaces(new Uint8Array(unpackNumbers(places).buffer), memory);
}

/** What the host has of a call, beside the request. */
export interface Parts {
  readonly arrays: readonly TypedArray[];
  readonly items: PackedItems | undefined;
  readonly guest: Guest | undefined;
  readonly onProgress: CallOptions["onProgress"];
}

export const NO_PARTS: Parts = { arrays: [], items: undefined, guest: undefined, onProgress: undefined };

export function unpackRequest(
  wire: WireRequest,
  kernel: Kernel,
  { arrays, items, guest, onProgress }: Parts,
): Request {
  const [job, grounds] = wire;
  const [call, outputNames, outputs, instances, taskBytes, arrayKinds, bytes, settings, sightings] = grounds;
  const spec = unpackJob(job);
  const table = new ArrayTable();
  for (const array of arrays) table.add(array);
  return {
    started: clock(),
    call,
    kernel,
    fn: undefined,
    spec,
    table,
    placement: inPlace(bytes),
    items,
    itemBytes: itemBytes(items),
    outputs: outputs === null ? null : { names: outputNames, arrays: unpackOutputs(outputs, table) },
    instances,
    workShape: workShapeOf(spec.tasks, taskBytes, argsNumber(spec.args, spec.captures)),
    arrayKinds,
    profileKey: profileKeyOf(kernel, arrayKinds),
    options: Object.assign({ onProgress }, settings),
    sightings,
    guest,
    jobs: undefined,
    sourced: undefined,
  };
}

const OUTPUT_FIELDS = 3;

function packOutputs({ arrays }: OutputRequest): number[] {
  return arrays.flatMap(({ kind, length, own }) => [kind, length, own?.place ?? -1]);
}

function unpackOutputs(packed: readonly number[], { arrays }: ArrayTable): OutputRequest["arrays"] {
  const outputs: OutputRequest["arrays"][number][] = [];
  for (let at = 0; at < packed.length; at += OUTPUT_FIELDS) {
    const [kind, length, place] = packed.slice(at, at + OUTPUT_FIELDS) as [number, number, number];
    const given = arrays[place];
    outputs.push({ kind, length, own: given && { given, place } });
  }
  return outputs;
}

/** The plan of arrays that the client has placed. */
function inPlace(bytes: number): PlacementPlan {
  return { bytesPlaced: 0, bytesShared: bytes, bytesNeeded: 0, spans: [], extentOf: new Map() };
}
