/** With `verifyImmutable`: what the arrays of a call are called, and which tasks see them. */
import { type KernelError, PayloadMutatedError, type TaskTimeoutError } from "./errors.js";
import type { TypedArray } from "./memory/dtypes.js";
import type { Payload } from "./memory/inputs.js";
import type { Change } from "./memory/snapshot.js";
import { type ArrayTable, eachArray } from "./protocol/codec.js";
import type { ItemList } from "./protocol/items.js";
import { type JobSpec, taskRange } from "./protocol/job-spec.js";

export interface Sighting {
  readonly name: string;
  /** The tasks that see the array whole, as the first and the last one; undefined: each sees its chunk. */
  readonly tasks: readonly [number, number] | undefined;
}

/**
 * @param payload undefined for items
 * @param whole values that every task sees
 * @returns one per array of the table
 */
export function sightingsOf(
  table: ArrayTable,
  tasks: number,
  payload: Payload | undefined,
  items: ItemList,
  whole: Readonly<Record<string, unknown>>,
): Sighting[] {
  const everyTask = [0, Math.max(0, tasks - 1)] as const;
  const sightings: Sighting[] = table.arrays.map(() => ({ name: "an array", tasks: everyTask }));
  const seen = new Set<number>();
  /** Arrays that several tasks see by different ways are counted as seen by all between. */
  const note = (array: TypedArray, name: string, by: Sighting["tasks"]): void => {
    const place = table.indexOf(array);
    // A small array of an item is its task's own copy.
    if (place === undefined) return;
    const before = seen.has(place) ? (sightings[place] as Sighting) : undefined;
    seen.add(place);
    if (before === undefined) sightings[place] = { name, tasks: by };
    else sightings[place] = { name: before.name, tasks: union(before.tasks ?? by, by ?? before.tasks) };
  };
  payload?.arrays.forEach((array, i) => {
    if (payload.shape === "list") note(array, `input[${i}]`, [i, i]);
    else note(array, payload.shape === "columns" ? (payload.names[i] as string) : "the array", undefined);
  });
  for (const [i, item] of items.entries()) {
    eachArray(item, `items[${i}]`, (array, path) => note(array, path, [i, i]));
  }
  for (const [path, value] of Object.entries(whole)) {
    eachArray(value, path, (array, at) => note(array, at, everyTask));
  }
  return sightings;
}

function union(a: Sighting["tasks"], b: Sighting["tasks"]): Sighting["tasks"] {
  return a === undefined || b === undefined ? undefined : [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
}

/** @param failure what the call failed with besides */
export function mutatedError(
  sightings: readonly Sighting[],
  spec: JobSpec,
  { array, index, length }: Change,
  failure: KernelError | TaskTimeoutError | undefined,
): PayloadMutatedError {
  const { name, tasks } = sightings[array] as Sighting;
  if (tasks !== undefined) return new PayloadMutatedError(name, index, tasks, [0, length], failure);
  const task = Math.floor(index / spec.chunkSize);
  return new PayloadMutatedError(name, index, [task, task], taskRange(spec, [], task), failure);
}
