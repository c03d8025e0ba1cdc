/** The request of one pass over batches of a source. */
import type { Arena } from "../memory/arena.js";
import { isShared, kindOf, type TypedArray } from "../memory/dtypes.js";
import { assertNotReleased } from "../memory/lease.js";
import { planPlacement } from "../memory/placement.js";
import { share } from "../memory/share.js";
import { workShapeOf } from "../plan/work-shape.js";
import { clock } from "../platform/clock.js";
import { whyNoThreads } from "../platform/runtime.js";
import { ArrayTable } from "../protocol/array-table.js";
import { profileKeyOf, type Request } from "./request.js";
import type { PlacedBatch } from "./source-batches.js";

/** What all passes over a source have in common. */
export interface SourceCall {
  /** The call as it was read, over an empty list. */
  readonly request: Request;
  /** The arrays of `args`, `shared` and `writable`, on shared memory. */
  readonly arrays: readonly TypedArray[];
  /** Those among them that were copied for this call. */
  readonly copies: readonly TypedArray[];
  /** Tasks that may be on their way. */
  readonly width: number;
}

/** Copies what every task sees, once for all passes. @throws MemoryLimitError */
export function sourceCall(request: Request, width: number, arena: Arena): SourceCall {
  const { arrays } = request.table;
  const plain = arrays.filter((array) => !isShared(array));
  if (plain.length === 0 || whyNoThreads() !== undefined) return { request, arrays, copies: [], width };
  const copies = share(plain, arena) as TypedArray[];
  const places = new Map(plain.map((array, i) => [array, copies[i] as TypedArray]));
  return { request, arrays: arrays.map((array) => places.get(array) ?? array), copies, width };
}

/**
 * @param batches all over arrays, or all over columns of the same names
 * @param first index of their first task
 * @throws TypeError if one of their arrays was released
 */
export function sourceRequest(
  { request, arrays, width }: SourceCall,
  batches: readonly PlacedBatch[],
  first: number,
  arena: Arena,
): Request {
  const { kernel, options, workShape } = request;
  const tasks = batches.reduce((sum, batch) => sum + batch.tasks, 0);
  const table = new ArrayTable();
  for (const [i, { name }] of request.table.sightings.entries()) {
    table.add(arrays[i] as TypedArray, name, [first, Math.max(first, first + tasks - 1)]);
  }
  const places: number[] = [];
  let arrayKinds = request.arrayKinds;
  let task = first;
  for (const batch of batches) {
    const { region, arrayNames } = batch;
    const perTask = batch.names?.length ?? 1;
    for (const [i, array] of batch.arrays.entries()) {
      const name = arrayNames[i] as string | number;
      if (array.buffer !== region?.buffer) assertNotReleased(arena, [array], [{ name }]);
      const by = task + Math.floor(i / perTask);
      places.push(table.add(array, name, [by, by]));
      arrayKinds |= 1 << kindOf(array);
    }
    task += batch.tasks;
  }
  const sum = (figure: (batch: PlacedBatch) => number): number =>
    batches.reduce((total, batch) => total + figure(batch), 0);
  const taskBytes = workShape.taskBytes + Math.ceil(sum(({ bytes }) => bytes) / Math.max(1, tasks));
  return {
    ...request,
    started: clock(),
    spec: {
      ...request.spec,
      tasks,
      inputs: { names: batches[0]?.names ?? null, arrays: places },
      earlier: first,
    },
    table,
    placement: planPlacement(table.arrays, table.sightings),
    instances: sum((batch) => batch.arrays.reduce((total, { length }) => total + length, 0)),
    arrayKinds,
    profileKey: profileKeyOf(kernel, arrayKinds),
    // Planned together with all that is on its way. A single pass may have one task, which workers do not speed up.
    workShape: workShapeOf(width, taskBytes, workShape.args),
    // The call as a whole has the others.
    options: { ...options, signal: undefined, onProgress: undefined, ordered: undefined },
    sightings: request.sightings && [
      ...request.sightings.map((sighting, i) => sighting && (table.sightings[i] ?? null)),
      ...table.sightings.slice(request.sightings.length),
    ],
    sourced: {
      width,
      regions: batches.flatMap(({ region }) => region ?? []),
      bytesPlaced: sum((batch) => batch.bytesPlaced),
      given: request.table.arrays,
    },
  };
}
