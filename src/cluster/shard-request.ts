/** A shard as a node's executor runs it: a request over the node's own memory. */
import { profileKeyOf, type Request } from "../call/request.js";
import type { Kernel } from "../kernel/resolve.js";
import { elementBytes, isKind, type TypedArray, viewOf } from "../memory/dtypes.js";
import { workShapeOf } from "../plan/work-shape.js";
import { clock } from "../platform/clock.js";
import { ArrayTable } from "../protocol/array-table.js";
import { MAX_TASKS } from "../protocol/control-block.js";
import { itemBytes, type PackedItems } from "../protocol/items.js";
import { type JobSpec, outputRange, unpackJob } from "../protocol/job-spec.js";
import { type Manifest, PIECE_BYTES, type ShardRequest, type WirePlace } from "./messages.js";

const DIGEST = /^[0-9a-f]{64}$/;

/** A manifest may ask for more than is allowed. */
export class BadManifest extends Error {}

/**
 * Looks at all sizes before anything is allocated.
 * @param limit bytes of payload and outputs together
 * @throws BadManifest
 */
export function checkManifest(manifest: Manifest, { first, end }: ShardRequest, limit: number): JobSpec {
  const { spans, places, items, outputs } = manifest;
  const spec = unpackJob(manifest.job);
  assert(isCount(spec.tasks) && spec.tasks <= MAX_TASKS, "too many tasks");
  assert(
    spec.starts === undefined && spec.outputs === null && spec.captures === undefined,
    "more than a job of a client has",
  );
  assert(isCount(spec.length) && isCount(spec.chunkSize) && spec.chunkSize > 0, "chunks of no size");
  assert(
    spec.inputs.arrays.every((place) => places[place] !== undefined),
    "an array that is not there",
  );
  assert(isCount(first) && isCount(end) && first < end && end <= spec.tasks, "a shard beyond its job");
  let bytes = 0;
  for (const span of spans) {
    assert(
      isCount(span.bytes) && span.pieces.length === Math.ceil(span.bytes / PIECE_BYTES),
      "a span of other pieces",
    );
    assert(
      span.pieces.every((piece) => DIGEST.test(piece)),
      "a piece without a digest",
    );
    bytes += span.bytes;
  }
  for (const [kind, at, byteOffset, length] of [...places, ...(items?.places ?? [])]) {
    assert(isKind(kind) && isCount(byteOffset) && isCount(length), "an array of no known kind");
    const room = at === -1 ? 0 : (spans[at]?.bytes ?? 0);
    assert(byteOffset + length * elementBytes(kind) <= room, "an array beyond its span");
    assert(byteOffset % elementBytes(kind) === 0, "an array between two elements");
  }
  for (const [i, kind] of (outputs?.kinds ?? []).entries()) {
    assert(isKind(kind), "an output of no known kind");
    const [from, to] = outputRange(spec, [], i, first, end);
    assert(isCount(from) && isCount(to - from), "an output of no size");
    bytes += (to - from) * elementBytes(kind);
  }
  assert(bytes <= limit, `${bytes} bytes, which are more than the ${limit} that it takes`);
  return spec;
}

function assert(isTrue: boolean, what: string): void {
  if (!isTrue) throw new BadManifest(what);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** @param spans the manifest's, in shared memory of this node */
export function requestOf(
  manifest: Manifest,
  spec: JobSpec,
  { first, end, timeout }: ShardRequest,
  kernel: Kernel,
  spans: readonly Uint8Array<SharedArrayBuffer>[],
  signal: AbortSignal,
): Request {
  const table = new ArrayTable();
  const view = ([kind, span, byteOffset, length]: WirePlace): TypedArray => {
    const memory = spans[span];
    if (memory === undefined) return viewOf(kind, new SharedArrayBuffer(0), 0, 0);
    return viewOf(kind, memory.buffer, memory.byteOffset + byteOffset, length);
  };
  for (const place of manifest.places) table.add(view(place));
  const items = itemsOf(manifest, view, first, end);
  const tasks = end - first;
  const bytes = spans.reduce((sum, span) => sum + span.byteLength, 0);
  return {
    started: clock(),
    call: manifest.outputs === null ? "mapShared" : "transformShared",
    kernel,
    fn: undefined,
    spec: { ...spec, tasks, first },
    table,
    placement: { bytesPlaced: 0, bytesShared: bytes, bytesNeeded: 0, spans: [], extentOf: new Map() },
    items,
    itemBytes: itemBytes(items),
    outputs: manifest.outputs && {
      names: manifest.outputs.names,
      arrays: manifest.outputs.kinds.map((kind, i) => {
        const [from, to] = outputRange(spec, [], i, first, end);
        return { kind, length: to - from, own: undefined };
      }),
    },
    instances: tasks,
    workShape: workShapeOf(tasks, manifest.taskBytes, 0),
    arrayKinds: 0,
    profileKey: profileKeyOf(kernel, 0),
    // On workers, so that this thread renews the shard's lock whatever a task does.
    options: {
      signal,
      strategy: kernel.isThreadSafe ? "threads" : "processes",
      ...(timeout !== null && { timeout }),
    },
    sightings: undefined,
    guest: undefined,
    jobs: undefined,
    sourced: undefined,
  };
}

/** The items of the shard. */
function itemsOf(
  { items }: Manifest,
  view: (place: WirePlace) => TypedArray,
  first: number,
  end: number,
): PackedItems | undefined {
  if (items === null) return undefined;
  const [one, two] = items.places.map(view) as [Float64Array, Uint8Array | undefined];
  if (items.packing !== "msgpack") return { packing: items.packing, numbers: one.subarray(first, end) };
  const from = one[first] as number;
  const offsets = one.slice(first, end + 1).map((offset) => offset - from);
  return { packing: "msgpack", bytes: (two as Uint8Array).subarray(from, one[end]), offsets };
}
