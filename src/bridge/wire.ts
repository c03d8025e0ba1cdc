/** A request as plain data: what the client has read is what the host runs. Arrays cross as places in shared memory. */
import type { CallOptions } from "../calls.js";
import { type Kernel, kernelAt } from "../kernel/resolve.js";
import type { AnyKernel } from "../kernel/types.js";
import type { TypedArray } from "../memory/dtypes.js";
import type { PlacementPlan } from "../memory/placement.js";
import { ArrayTable } from "../protocol/codec.js";
import type { PackedItems } from "../protocol/items.js";
import type { JobSpec } from "../protocol/job-spec.js";
import type { KernelAddress } from "../protocol/messages.js";
import { type Guest, type OutputRequest, profileKeyOf, type Request } from "../request.js";
import type { CallName } from "../telemetry/events.js";

/** What the plan of a call rests on. */
export interface WireRequest {
  readonly call: CallName;
  readonly kernel: KernelAddress;
  readonly spec: JobSpec;
  readonly outputs: OutputRequest | null;
  readonly instances: number;
  readonly taskBytes: number;
  readonly arrayKinds: number;
  /** Bytes of its arrays, outputs not among them. */
  readonly bytes: number;
  readonly options: CallOptions<unknown>;
  readonly sightings: Request["sightings"];
}

/** The same with its arrays. */
export interface WireCall {
  readonly id: number;
  readonly request: WireRequest;
  readonly items: PackedItems | undefined;
  /** The array table, as `packPlaces` makes it; the outputs stand behind the others. */
  readonly places: Uint8Array;
  /** The outputs hold old data. */
  readonly clearOutputs: boolean;
  /** Handles that the host lacks, by id. */
  readonly handles: ReadonlyMap<number, SharedArrayBuffer> | null;
  readonly wantsProgress: boolean;
  /** The client keeps memory for this call alone, and wants to hear when nobody touches it. */
  readonly holdsMemory: boolean;
}

export function packRequest(request: Request): WireRequest {
  const { call, kernel, spec, outputs, instances, taskBytes, arrayKinds, placement } = request;
  // What is left are settings, and of those every one.
  const { signal, onProgress, args, shared, initial, ...settings } =
    request.options as CallOptions<unknown> & {
      readonly shared?: unknown;
      readonly initial?: unknown;
    };
  return {
    call,
    kernel: kernel.address,
    spec,
    outputs,
    instances,
    taskBytes,
    arrayKinds,
    bytes: placement.bytesPlaced + placement.bytesShared,
    options: settings,
    sightings: request.sightings,
  };
}

/** Without what the packing has left over: of a view, a message carries the whole buffer. */
export function compact(items: PackedItems | undefined): PackedItems | undefined {
  return items?.packing === "msgpack" ? { ...items, bytes: items.bytes.slice() } : items;
}

/** What the host has of a call beside the request. */
export interface Parts {
  readonly arrays: readonly TypedArray[];
  readonly items: PackedItems | undefined;
  readonly guest: Guest | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: CallOptions["onProgress"];
}

export const NO_PARTS: Parts = {
  arrays: [],
  items: undefined,
  guest: undefined,
  signal: undefined,
  onProgress: undefined,
};

/** @param load imports a module kernel, should it run on this thread */
export function unpackRequest(
  wire: WireRequest,
  { arrays, items, guest, signal, onProgress }: Parts,
  load: (url: string, name: string) => Promise<AnyKernel>,
): Request {
  const { call, spec, outputs, instances, taskBytes, arrayKinds, bytes, options, sightings } = wire;
  const kernel: Kernel = kernelAt(wire.kernel, load);
  const table = new ArrayTable();
  for (const array of arrays) table.add(array);
  return {
    started: performance.now(),
    call,
    kernel,
    spec,
    table,
    placement: inPlace(bytes),
    items,
    outputs,
    instances,
    taskBytes,
    arrayKinds,
    profileKey: profileKeyOf(kernel, arrayKinds),
    options: { ...options, signal, onProgress },
    sightings,
    ...(guest === undefined ? {} : { guest }),
  };
}

/** The client has placed everything. */
function inPlace(bytes: number): PlacementPlan {
  return { bytesPlaced: 0, bytesShared: bytes, bytesNeeded: 0, spans: [], spanOf: new Map() };
}
