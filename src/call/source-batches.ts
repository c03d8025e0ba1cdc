/** What a source gives, batch by batch: read, and copied to shared memory. */
import { quote } from "../errors.js";
import type { Arena } from "../memory/arena.js";
import { contentsChanged } from "../memory/contents.js";
import { isShared, isTypedArray, kindOf, type TypedArray, viewOf } from "../memory/dtypes.js";
import { type Payload, readPayload } from "../memory/inputs.js";
import { place, placedAt, planPlacement } from "../memory/placement.js";
import type { ArrayName } from "../memory/presence.js";
import type { Region } from "../memory/region.js";
import { pause } from "../platform/time-slice.js";

/** What one step of a source gave: a task for an array or for columns, several for a list of these. */
export interface Batch {
  /** Names of the columns; `null` if its tasks are over bare arrays. */
  readonly names: readonly string[] | null;
  readonly tasks: number;
  /** The arrays of its tasks, one task after the other. */
  readonly arrays: readonly TypedArray[];
  /** What errors call them. */
  readonly arrayNames: readonly ArrayName[];
}

/** A batch on shared memory. */
export interface PlacedBatch extends Batch {
  /** With the copies of its plain arrays; `undefined` if it has none. */
  readonly region: Region | undefined;
  readonly bytesPlaced: number;
  readonly bytes: number;
}

/**
 * @param first index of its first task
 * @throws TypeError, RangeError naming the task that is wrong, and why
 */
export function readBatch(value: unknown, first: number): Batch {
  const elements = Array.isArray(value) ? Array.from(value as unknown[]) : [value];
  const payloads = elements.map((element, i) => readElement(element, first + i));
  const names = namesIn(payloads[0]);
  const odd = payloads.findIndex((payload) => !isSameNames(namesIn(payload), names));
  if (odd !== -1) {
    throw new TypeError(
      `Cannot read ${nameOf(first + odd)} of the source as all of one list must be arrays, or columns of the same names: ` +
        `current value is ${quote(elements[odd])}; yield it by itself`,
    );
  }
  return {
    names,
    tasks: elements.length,
    arrays: payloads.flatMap(({ arrays }) => arrays),
    arrayNames: payloads.flatMap((payload, i): ArrayName[] => {
      return namesIn(payload)?.map((column) => `${nameOf(first + i)}.${column}`) ?? [first + i];
    }),
  };
}

export function isSameNames(a: Batch["names"], b: Batch["names"]): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

function readElement(element: unknown, task: number): Payload {
  if (!isTypedArray(element) && (typeof element !== "object" || element === null || Array.isArray(element))) {
    throw new TypeError(
      `Cannot read ${nameOf(task)} of the source as it must be a typed array, a record of typed arrays, or in a list of these: ` +
        `current value is ${quote(element)}`,
    );
  }
  try {
    return readPayload(element);
  } catch (error) {
    if (error instanceof RangeError) throw new RangeError(`${error.message} (${nameOf(task)} of the source)`);
    throw new TypeError(`${(error as Error).message} (${nameOf(task)} of the source)`);
  }
}

function namesIn(payload: Payload | undefined): Batch["names"] {
  return payload?.shape === "columns" ? payload.names : null;
}

function nameOf(task: number): string {
  return `input[${task}]`;
}

/**
 * Copies the plain arrays of a batch to a region, so that the source may write to them again.
 * @throws MemoryLimitError; TypeError if an array has gone
 */
export async function placeBatch(batch: Batch, arena: Arena): Promise<PlacedBatch> {
  const { arrays } = batch;
  const bytes = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (arrays.every(isShared)) return { ...batch, region: undefined, bytesPlaced: 0, bytes };
  const plan = planPlacement(
    arrays,
    batch.arrayNames.map((name) => ({ name })),
  );
  const region = await place(plan, arena, pause);
  const placed = arrays.map((array) => {
    const extent = plan.extentOf.get(array);
    return extent === undefined
      ? array
      : viewOf(kindOf(array), region.buffer, placedAt(extent), extent.length);
  });
  // Another batch was there before.
  contentsChanged({ buffer: region.buffer });
  return { ...batch, arrays: placed, region, bytesPlaced: plan.bytesPlaced, bytes };
}

/** Bytes of the region that a batch takes. */
export function bytesNeededBy({ arrays }: Batch): number {
  return arrays.reduce((sum, array) => sum + (isShared(array) ? 0 : array.byteLength), 0);
}
