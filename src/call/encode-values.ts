/** Encodes the values that every task of a call sees: `args`, `shared`, and the arrays in `writable`. */
import { quote } from "../errors.js";
import { isShared, isTypedArray, ownView, type TypedArray } from "../memory/dtypes.js";
import { isRecord } from "../memory/inputs.js";
import { nameText } from "../memory/presence.js";
import type { ArrayTable } from "../protocol/array-table.js";
import { INLINE_LIMIT, ValueEncoder } from "../protocol/codec.js";
import type { CallSettings } from "./backend.js";
import { overlaps, refuseOverlap } from "./overlaps.js";
import type { GivenOptions } from "./types.js";

export function encodeArgs(
  { args }: GivenOptions,
  table: ArrayTable,
  tasks: number,
  { verifyImmutable }: CallSettings,
): Uint8Array | null {
  if (args === undefined) return null;
  // With this, every array crosses by reference: changes of a worker's own copy would go unnoticed.
  return new ValueEncoder(table, verifyImmutable ? 0 : INLINE_LIMIT, tasks).encode(args, "args").slice();
}

interface EncodedShared {
  readonly shared: Uint8Array | null;
  /** Arrays that tasks write themselves. */
  readonly writable: readonly TypedArray[];
}

const NO_ARRAYS: readonly never[] = [];

/**
 * Encodes `shared` and `writable` as the one record that kernels see.
 * @param table has all other arrays that tasks read
 * @throws TypeError
 */
export function encodeShared(
  { shared, writable }: GivenOptions,
  table: ArrayTable,
  tasks: number,
): EncodedShared {
  // Every array crosses by reference, however small: that is what it is for.
  const encode = (value: unknown): Uint8Array =>
    new ValueEncoder(table, 0, tasks).encode(value, "shared").slice();
  if (writable === undefined)
    return { shared: shared === undefined ? null : encode(shared), writable: NO_ARRAYS };
  const arrays = readWritable(writable);
  const whole = joined(shared, writable as object);
  // Enters what is only read into the table, under its own names.
  if (shared !== undefined) encode(shared);
  const read = table.arrays.slice();
  for (const { what, given, view } of arrays) {
    const over = read.findIndex((array) => overlaps(view, array));
    if (over !== -1) refuseOverlap(quote(what), nameAt(table, over), "read");
    table.add(given, what, [0, Math.max(0, tasks - 1)], view);
  }
  return { shared: encode(whole), writable: arrays.map(({ view }) => view) };
}

function nameAt({ sightings }: ArrayTable, place: number): string {
  return quote(nameText((sightings[place] as ArrayTable["sightings"][number]).name));
}

function readWritable(writable: unknown) {
  if (!isRecord(writable)) {
    throw new TypeError(
      `Cannot write "writable" as it must be a record of arrays on shared memory: current value is ${quote(writable)}`,
    );
  }
  return Object.entries(writable).map(([name, given]) => {
    const what = `writable.${name}`;
    if (!isTypedArray(given) || !isShared(given)) {
      throw new TypeError(
        `Cannot write ${quote(what)} as it must be an array on shared memory: current value is ${quote(given)}; ` +
          "pass an array of share() or allocate()",
      );
    }
    return { what, given, view: ownView(given) };
  });
}

function joined(shared: unknown, writable: object): object {
  if (shared === undefined) return writable;
  if (!isRecord(shared)) {
    throw new TypeError(
      `Cannot join "writable" to "shared" as that must be a plain object then: current value is ${quote(shared)}`,
    );
  }
  const twice = Object.keys(writable).find((name) => name in shared);
  if (twice !== undefined) {
    throw new TypeError(
      `Cannot join "writable" to "shared" as their names must differ: both have ${quote(twice)}`,
    );
  }
  return { ...shared, ...writable };
}
