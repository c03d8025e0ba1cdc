/** Reads what a call writes: kinds, rows of several elements, and arrays of the caller's that are written in place. */

import { quote } from "../errors.js";
import {
  isShared,
  isTypedArray,
  kindOf,
  kindOfConstructor,
  ownView,
  type TypedArray,
} from "../memory/dtypes.js";
import { isRecord, namesOf, type Payload, type Rows } from "../memory/inputs.js";
import { nameText } from "../memory/presence.js";
import { LONGEST_ARRAY } from "../platform/runtime.js";
import type { ArrayTable } from "../protocol/array-table.js";
import type { JobSpec } from "../protocol/job-spec.js";
import type { CallName } from "../telemetry/events.js";
import { overlaps, refuseOverlap } from "./overlaps.js";
import type { Cut } from "./read-cut.js";
import type { OutputRequest, Request } from "./request.js";
import type { GivenOptions } from "./types.js";

/** Outputs as the caller has named them, before it is known how many rows there are. */
export interface NamedOutputs {
  /** `null` for one bare output. */
  readonly names: readonly string[] | null;
  readonly outputs: readonly NamedOutput[];
}

interface NamedOutput {
  /** The name that errors give it. */
  readonly what: string;
  readonly kind: number;
  /** Elements per row; `undefined` if the input or the caller's array says it. */
  readonly per: number | undefined;
  /** The caller's own array and the engine's view of it; `undefined` if the call makes one. */
  readonly own: { readonly given: TypedArray; readonly view: TypedArray } | undefined;
}

/**
 * What a call over arrays, or a count of rows, writes; `null` if it writes none.
 * @throws TypeError, RangeError naming the output that is wrong
 */
export function namedOutputsOf(
  call: CallName,
  payload: Payload | Rows,
  outputs: unknown,
  { passes }: GivenOptions,
): NamedOutputs | null {
  const isIterated = call === "iterateShared";
  const isCollected = call === "collectShared";
  if (!isIterated && !isCollected && call !== "transformShared") return null;
  if (payload.shape === "list") {
    throw new TypeError(
      `Cannot ${isIterated ? "iterate over" : "transform"} a list of arrays as outputs are cut like the input: ` +
        `pass one array${isIterated ? " or" : ","} a record of columns${isIterated ? "" : ", or a count of rows"}`,
    );
  }
  if (isIterated) return statesOf(payload as Payload, passes as number);
  return isCollected ? readCollected(outputs) : readOutputs(outputs);
}

/**
 * Two arrays for each of the state. Passes write them by turns: each reads what the one before has written. A single pass reads the
 * input, so one is enough.
 */
function statesOf(payload: Payload, passes: number): NamedOutputs {
  const one = payload.arrays.map((array, i) => ({
    what: payload.shape === "columns" ? `the next "${payload.names[i]}"` : "the next state",
    kind: kindOf(array),
    per: undefined,
    own: undefined,
  }));
  return { names: null, outputs: passes > 1 ? [...one, ...one] : one };
}

/**
 * Outputs whose lengths are known when the call has ended: none is an array of the caller's.
 * @throws as `readOutputs`
 */
function readCollected(outputs: unknown): NamedOutputs {
  const read = readOutputs(outputs);
  for (const { what, own } of read.outputs) {
    if (own === undefined) continue;
    throw new TypeError(
      `Cannot collect rows into ${what} as it must be a kind or { type, per }: current value is ${quote(own.given)}; ` +
        "its length is known when the call has ended",
    );
  }
  return read;
}

/** @throws TypeError, RangeError naming the output that is wrong */
export function readOutputs(outputs: unknown): NamedOutputs {
  if (isOutput(outputs)) return { names: null, outputs: [readOutput(outputs, "the output")] };
  if (!isRecord(outputs) || Object.keys(outputs).length === 0) {
    throw new TypeError(
      "Cannot write the outputs as they must be a typed-array constructor, { type, per }, an array on shared memory, " +
        `or a record of at least one of these: current value is ${quote(outputs)}`,
    );
  }
  const names = namesOf(outputs, "an output");
  return { names, outputs: names.map((name) => readOutput(outputs[name], `output "${name}"`)) };
}

/** `{ type, per }` may be a record of two outputs, too: then `per` is no number. */
function isOutput(value: unknown): boolean {
  if (typeof value === "function" || isTypedArray(value)) return true;
  return isRecord(value) && "type" in value && typeof value["per"] === "number";
}

function readOutput(value: unknown, what: string): NamedOutput {
  if (isTypedArray(value)) {
    if (!isShared(value)) {
      throw new TypeError(
        `Cannot write ${what} in place as it must be on shared memory: current value is ${quote(value)}; ` +
          "pass an array of share() or allocate()",
      );
    }
    return { what, kind: kindOf(value), per: undefined, own: { given: value, view: ownView(value) } };
  }
  if (!isRecord(value) || !("type" in value))
    return { what, kind: kindOfConstructor(value, what), per: undefined, own: undefined };
  const { type, per } = value;
  if (!Number.isSafeInteger(per) || (per as number) < 1) {
    throw new RangeError(
      `Cannot write ${what} as "per", its elements per row, must be an integer of at least 1: ` +
        `current value is ${quote(per)}`,
    );
  }
  return { what, kind: kindOfConstructor(type, what), per: per as number, own: undefined };
}

/** What a call writes, and the fields of the job that tell tasks of it. */
export interface FittedOutputs extends Pick<JobSpec, "per" | "keeps"> {
  readonly request: OutputRequest;
}

/**
 * Fits the outputs to the rows of a call, and enters the caller's own into the table.
 * @param capacity rows that each task may write; `undefined` if only its own
 * @param table has all arrays that tasks read
 * @throws RangeError if a length does not fit; TypeError if results would depend on timing
 */
export function fitOutputs(
  { names, outputs }: NamedOutputs,
  { tasks, length, rowLength: width = 1, before, after }: Cut,
  capacity: number | undefined,
  table: ArrayTable,
): FittedOutputs {
  const rows = capacity === undefined ? length : tasks * capacity;
  const read = table.arrays.slice();
  const written: { readonly what: string; readonly view: TypedArray }[] = [];
  const arrays: OutputRequest["arrays"][number][] = [];
  const pers: number[] = [];
  const keeps: number[] = [];
  for (const [i, { what, kind, own, ...asked }] of outputs.entries()) {
    if (own !== undefined) {
      const { given, view } = own;
      pers.push(perOf(view.length, rows, what));
      for (const [at, array] of read.entries()) {
        const { name, tasks } = table.sightings[at] as (typeof table.sightings)[number];
        // A column that is cut just as the output is: a task writes only what it alone reads.
        const isCut = tasks === undefined && !before && !after;
        const coversSame = view.byteOffset === array.byteOffset && view.byteLength === array.byteLength;
        if (isCut && coversSame) continue;
        if (overlaps(view, array)) refuseOverlap(what, quote(nameText(name)), "read");
      }
      for (const other of written) if (overlaps(view, other.view)) refuseOverlap(what, other.what, "write");
      written.push({ what, view });
      keeps.push(i);
      arrays.push({
        kind,
        length: view.length,
        own: { given, place: table.add(given, what, undefined, view) },
      });
      continue;
    }
    const per = asked.per ?? width;
    pers.push(per);
    const length = rows * per;
    if (length > LONGEST_ARRAY) {
      throw new RangeError(
        `Cannot write ${what} as its length must be at most ${LONGEST_ARRAY} on this runtime: current value is ${length}`,
      );
    }
    arrays.push({ kind, length, own: undefined });
  }
  return {
    request: { names, arrays },
    per: pers.some((each) => each !== 1) ? pers : undefined,
    keeps: keeps.length === 0 ? undefined : keeps,
  };
}

/** Elements per row of an array of the caller's. */
function perOf(length: number, rows: number, what: string): number {
  const per = rows === 0 ? 1 : length / rows;
  if (Number.isInteger(per) && per > 0 && (rows > 0 || length === 0)) return per;
  throw new RangeError(
    `Cannot write ${what} in place as its length must be a multiple of the ${rows} rows of the call: current value is ${length}`,
  );
}

/**
 * Who sees what tasks read, and `null` for an array that they write besides.
 * @param read arrays of the table that tasks read
 * @param writable arrays that tasks write beside their outputs
 */
export function readOnlySightings(
  { arrays, sightings }: ArrayTable,
  read: number,
  outputs: OutputRequest | undefined,
  writable: readonly TypedArray[],
): NonNullable<Request["sightings"]> {
  const own = (outputs?.arrays ?? []).flatMap(({ own }) =>
    own === undefined ? [] : [arrays[own.place] as TypedArray],
  );
  const written = [...own, ...writable];
  return sightings.slice(0, read).map((sighting, i) => {
    return written.some((array) => overlaps(array, arrays[i] as TypedArray)) ? null : sighting;
  });
}
