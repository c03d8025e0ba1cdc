/** `executor.share` and `executor.allocate`, which give memory to the user. */
import { IsolationError, quote } from "../errors.js";
import { clock } from "../platform/clock.js";
import { LONGEST_ARRAY, whyNoThreads } from "../platform/runtime.js";
import { withoutTurn } from "../platform/time-slice.js";
import type { Arena } from "./arena.js";
import { clearPart } from "./clear.js";
import { elementBytes, isShared, kindOf, kindOfConstructor, type TypedArray, viewOf } from "./dtypes.js";
import { payloadName, readPayload } from "./inputs.js";
import { takeNow } from "./make-room.js";
import { placedAt, placeNow, planPlacement } from "./placement.js";
import type { ArrayName, Extent, Span } from "./presence.js";
import type { Region } from "./region.js";

// Smaller arrays of one call share a region, because a region of its own costs a page and a handle in every worker.
const OWN_REGION = 64 * 1024;

/** The input in the same shape on shared memory. Shared arrays come back as they are. */
export function share(input: unknown, arena: Arena): unknown {
  // The copy counts as work. If it takes long, the next call waits for a turn of the event loop.
  withoutTurn(clock());
  const payload = readPayload(input);
  assertShareable("share()");
  const { given, arrays } = payload;
  /** The engine's own view of each plain array that was given. */
  const plain = new Map<TypedArray, TypedArray>();
  const names: { readonly name: ArrayName }[] = [];
  for (const [i, array] of arrays.entries()) {
    const known = given[i] as TypedArray;
    if (isShared(array) || plain.has(known)) continue;
    plain.set(known, array);
    names.push({ name: payloadName(payload, i) });
  }
  const placed = shareArrays([...plain.values()], names, arena);
  const shared = given.map((array) => placed.get(plain.get(array) as TypedArray) ?? array);
  if (payload.shape === "array") return shared[0];
  if (payload.shape === "list") return shared;
  return Object.fromEntries(payload.names.map((name, i) => [name, shared[i]]));
}

/** A new array of zeros, which the user holds. @param length in elements @throws TypeError, RangeError, MemoryLimitError */
export function allocate(kindClass: unknown, length: number, arena: Arena): TypedArray {
  const kind = kindOfConstructor(kindClass, "the array");
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new RangeError(
      `Cannot allocate the array as its length must be an integer of at least 0: current value is ${quote(length)}`,
    );
  }
  if (length > LONGEST_ARRAY) {
    throw new RangeError(
      `Cannot allocate the array as its length must be at most ${LONGEST_ARRAY} on this runtime: current value is ${length}`,
    );
  }
  assertShareable("allocate()");
  const bytes = length * elementBytes(kind);
  const [region] = takeNow(arena, [bytes]) as [Region];
  try {
    const { buffer, recycled } = region;
    if (recycled) clearPart({ buffer, byteOffset: 0, byteLength: buffer.byteLength });
  } catch (error) {
    arena.give(region);
    throw error;
  }
  return viewOf(kind, arena.lend(region, [[0, bytes]]), 0, length);
}

/** @throws IsolationError if there is no shared memory */
function assertShareable(call: string): void {
  const why = whyNoThreads();
  if (why !== undefined) throw new IsolationError(`call ${call}`, why);
}

/** Copies plain arrays to regions of the user's, all or none. Arrays that overlap go to the same region. */
function shareArrays(
  arrays: readonly TypedArray[],
  names: readonly { readonly name: ArrayName }[],
  arena: Arena,
): Map<TypedArray, TypedArray> {
  const { extentOf } = planPlacement(arrays, names);
  const small: TypedArray[] = [];
  const large = new Map<Span, TypedArray[]>();
  for (const [array, { span }] of extentOf) {
    const views = span.end - span.start < OWN_REGION ? small : large.get(span);
    if (views === undefined) large.set(span, [array]);
    else views.push(array);
  }
  const groups = [...large.values(), ...(small.length === 0 ? [] : [small])].map((views) => {
    return planPlacement(
      views,
      views.map((view) => extentOf.get(view) as Extent),
    );
  });
  const regions = takeNow(
    arena,
    groups.map((group) => group.bytesNeeded),
  );
  try {
    for (const [i, group] of groups.entries()) placeNow(group, regions[i] as Region);
  } catch (error) {
    for (const region of regions) arena.give(region);
    throw error;
  }
  const shared = new Map<TypedArray, TypedArray>();
  for (const [i, group] of groups.entries()) {
    const parts = [...group.extentOf.values()].map(
      (extent) => [placedAt(extent), extent.byteLength] as const,
    );
    const handle = arena.lend(regions[i] as Region, parts);
    for (const [array, extent] of group.extentOf) {
      shared.set(array, viewOf(kindOf(array), handle, placedAt(extent), extent.length));
    }
  }
  return shared;
}
