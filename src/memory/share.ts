/** `executor.share` and `executor.allocate`: memory that the user holds. */
import { IsolationError, quote } from "../errors.js";
import { clearBytes } from "../platform/bytes.js";
import { whyNoThreads } from "../platform/runtime.js";
import type { Arena } from "./arena.js";
import { elementBytes, isShared, kindOf, kindOfConstructor, type TypedArray, viewOf } from "./dtypes.js";
import { readPayload } from "./inputs.js";
import { placeNow, planPlacement, type Span } from "./placement.js";

// Below this, arrays of one call share a region: a region of its own costs a page and a handle in every worker.
const OWN_REGION = 64 * 1024;

/** The same shape on shared memory. Arrays that stand there already come back as they are. */
export function share(input: unknown, arena: Arena): unknown {
  const payload = readPayload(input);
  assertShareable("share()");
  const shared = shareArrays(new Set(payload.arrays.filter((array) => !isShared(array))), arena);
  if (payload.shape === "array") return shared.get(payload.arrays[0]) ?? input;
  if (payload.shape === "list") {
    return payload.arrays.map((array, i) => shared.get(array) ?? (input as readonly unknown[])[i]);
  }
  const { names, arrays } = payload;
  const columns = input as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    names.map((name, i) => [name, shared.get(arrays[i] as TypedArray) ?? columns[name]]),
  );
}

/** A zero-filled array that the user holds. */
export function allocate(kindClass: unknown, length: number, arena: Arena): TypedArray {
  const kind = kindOfConstructor(kindClass, "the array");
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new RangeError(
      `Cannot allocate the array as its length must be an integer of at least 0: current value is ${quote(length)}`,
    );
  }
  assertShareable("allocate()");
  const region = arena.take(length * elementBytes(kind));
  if (region.recycled) clearBytes(new Uint8Array(region.buffer));
  return viewOf(kind, arena.lend(region), 0, length);
}

/** @throws IsolationError where there is no shared memory */
function assertShareable(call: string): void {
  const why = whyNoThreads();
  if (why !== undefined) throw new IsolationError(`call ${call}`, why);
}

/** Copies plain arrays to regions of the user's, overlapping ones to the same. All or none. */
function shareArrays(arrays: ReadonlySet<TypedArray>, arena: Arena): Map<TypedArray, TypedArray> {
  const { spanOf } = planPlacement([...arrays]);
  const small: TypedArray[] = [];
  const large = new Map<object, TypedArray[]>();
  for (const array of arrays) {
    const span = spanOf.get(array) as Span;
    const views = span.end - span.start < OWN_REGION ? small : large.get(span);
    if (views === undefined) large.set(span, [array]);
    else views.push(array);
  }
  const groups = [...large.values(), ...(small.length === 0 ? [] : [small])].map(planPlacement);
  arena.reserve(groups.map((group) => group.bytesNeeded));
  const shared = new Map<TypedArray, TypedArray>();
  for (const group of groups) {
    const region = arena.take(group.bytesNeeded);
    placeNow(group, region);
    const handle = arena.lend(region);
    for (const [array, span] of group.spanOf) {
      const byteOffset = span.target + (array.byteOffset - span.start);
      shared.set(array, viewOf(kindOf(array), handle, byteOffset, array.length));
    }
  }
  return shared;
}
