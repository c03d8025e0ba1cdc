/** What one call asks for: its arguments checked, cut into tasks and noted as plain data. Nothing has happened yet. */

import { checkField } from "../config/config.js";
import { ConfigurationError, quote } from "../errors.js";
import { type Kernel, resolveKernel } from "../kernel/resolve.js";
import type { AnyKernel } from "../kernel/types.js";
import { kindOf, kindOfConstructor, type TypedArray } from "../memory/dtypes.js";
import { isRecord, namesOf, type Payload, payloadName, readPayload } from "../memory/inputs.js";
import type { Lease } from "../memory/lease.js";
import { type PlacementPlan, planPlacement } from "../memory/placement.js";
import { chunkCount, defaultChunkSize } from "../plan/chunking.js";
import { argsNumber, type WorkShape, workShapeOf } from "../plan/work-shape.js";
import { clock } from "../platform/clock.js";
import { isSignal } from "../platform/realms.js";
import { ArrayTable, type Sighting } from "../protocol/array-table.js";
import { INLINE_LIMIT, ValueEncoder } from "../protocol/codec.js";
import { MAX_TASKS } from "../protocol/control-block.js";
import { itemBytes, listItems, type PackedItems, packItems } from "../protocol/items.js";
import type { JobSpec } from "../protocol/job-spec.js";
import type { CallName } from "../telemetry/events.js";
import type { Hosted } from "./abort-and-progress.js";
import type { CallOptions } from "./types.js";

/** Arrays that the call will write. */
interface OutputRequest {
  /** null: one bare array. */
  readonly names: readonly string[] | null;
  readonly kinds: readonly number[];
}

/** What the thread that asks for a call has put into memory of its own, where the call is run for another thread. */
export interface Guest {
  /** The arrays that the call writes. */
  readonly outputs: readonly TypedArray[];
  /** They hold old data. */
  readonly clearOutputs: boolean;
  /** Held by whoever could touch that memory. */
  readonly lease: Lease;
  /** Told what stops the call, when it begins to run. A signal for each call would take 4 µs. */
  readonly onRun: (job: Hosted) => void;
}

export interface Request {
  /** When the call was made, as `clock` counts. */
  readonly started: number;
  readonly call: CallName;
  readonly kernel: Kernel;
  readonly spec: JobSpec;
  readonly table: ArrayTable;
  /** How the arrays of the table would be placed. Outputs are not among them. */
  readonly placement: PlacementPlan;
  readonly items: PackedItems | undefined;
  /** What they take on their way. */
  readonly itemBytes: number;
  readonly outputs: OutputRequest | null;
  /** Elements of the payload, or items. */
  readonly instances: number;
  /** What tells it apart from other calls of the kernel. */
  readonly workShape: WorkShape;
  /** The kinds of its arrays, as bits. */
  readonly arrayKinds: number;
  /** Names what the planner learns of: the kernel over these kinds of arrays. */
  readonly profileKey: number;
  readonly options: CallOptions<unknown>;
  /** Who sees each array of the table; undefined: nobody checks whether it has changed. */
  readonly sightings: readonly Sighting[] | undefined;
  /** Undefined: the call is this thread's own. */
  readonly guest: Guest | undefined;
}

/** A call over a list, an array or columns. @throws TypeError, RangeError, ConfigurationError, KernelCaptureError */
export function readPayloadCall(
  call: CallName,
  input: unknown,
  fn: AnyKernel,
  outputs: unknown,
  options: CallOptions<unknown>,
  chunkSizeDefault: number | undefined,
  verify: boolean,
): Request {
  const started = clock();
  checkCallOptions(options, call === "reduceShared" ? REDUCE_OPTIONS : OPTIONS);
  const payload = readPayload(input);
  if (call === "transformShared" && payload.shape === "list") {
    throw new TypeError(
      "Cannot transform a list of arrays as outputs are cut like the input: pass one array or a record of columns",
    );
  }
  const outputRequest = call === "transformShared" ? readOutputs(outputs) : null;
  const kernel = resolveKernel(fn);
  const table = new ArrayTable();
  const inputs = {
    names: columnNames(payload),
    arrays: addPayload(table, payload),
  };
  const length = payload.shape === "list" ? 0 : payload.length;
  const chunkSize = options.chunkSize ?? chunkSizeDefault ?? defaultChunkSize(length);
  const tasks = payload.shape === "list" ? payload.arrays.length : chunkCount(length, chunkSize);
  if (tasks > MAX_TASKS) {
    throw new RangeError(
      `Cannot cut ${length} elements into chunks of ${chunkSize} as a call has at most ${MAX_TASKS} tasks: ` +
        `current value is ${tasks}; raise "chunkSize"`,
    );
  }
  const args = encodeArgs(options, table, tasks, verify);
  const placement = planPlacement(table.arrays, table.sightings);
  const arrayKinds = kindsIn(table);
  const bytes = sum(payload.arrays, (array) => array.byteLength);
  return {
    started,
    call,
    kernel,
    spec: {
      shape: payload.shape,
      tasks,
      length,
      chunkSize,
      inputs,
      outputs: null,
      clearOutputs: false,
      args,
      shared: null,
    },
    table,
    placement,
    items: undefined,
    itemBytes: 0,
    outputs: outputRequest,
    instances: sum(
      payload.arrays.slice(0, payload.shape === "list" ? undefined : 1),
      (array) => array.length,
    ),
    arrayKinds,
    profileKey: profileKeyOf(kernel, arrayKinds),
    workShape: workShapeOf(tasks, Math.ceil(bytes / Math.max(1, tasks)), argsNumber(args)),
    options,
    sightings: verify ? table.sightings : undefined,
    guest: undefined,
  };
}

/** A call over items. @throws TypeError, RangeError, ConfigurationError, KernelCaptureError */
export function readItemsCall(
  items: unknown,
  fn: AnyKernel,
  options: CallOptions<unknown> & { readonly shared?: unknown },
  verify: boolean,
): Request {
  const started = clock();
  checkCallOptions(options, MAP_OPTIONS);
  const kernel = resolveKernel(fn, true);
  const list = listItems(items);
  const table = new ArrayTable();
  const tasks = list.length;
  const packed = packItems(list, tasks, new ValueEncoder(table, INLINE_LIMIT, tasks));
  const bytes = itemBytes(packed);
  const args = encodeArgs(options, table, tasks, verify);
  // Every array of `shared` crosses by reference, however small: that is what it is for.
  const { shared: payload } = options;
  const shared =
    payload === undefined ? null : new ValueEncoder(table, 0, tasks).encode(payload, "shared").slice();
  const placement = planPlacement(table.arrays, table.sightings);
  const arrayKinds = kindsIn(table);
  // Tasks over a heavy shared payload usually go through all of it.
  const taskBytes = placement.bytesPlaced + placement.bytesShared + Math.ceil(bytes / Math.max(1, tasks));
  return {
    started,
    call: "map",
    kernel,
    spec: {
      shape: "items",
      tasks,
      length: tasks,
      chunkSize: 1,
      inputs: NO_INPUTS,
      outputs: null,
      clearOutputs: false,
      args,
      shared,
    },
    table,
    placement,
    items: packed,
    itemBytes: bytes,
    outputs: null,
    instances: tasks,
    arrayKinds,
    profileKey: profileKeyOf(kernel, arrayKinds),
    workShape: workShapeOf(tasks, taskBytes, argsNumber(args)),
    options,
    sightings: verify ? table.sightings : undefined,
    guest: undefined,
  };
}

/** @returns the places of its arrays */
function addPayload(table: ArrayTable, payload: Payload): number[] {
  const { given, arrays } = payload;
  const places: number[] = [];
  for (let i = 0; i < given.length; i += 1) {
    const tasks = payload.shape === "list" ? ([i, i] as const) : undefined;
    places.push(table.add(given[i] as TypedArray, payloadName(payload, i), tasks, arrays[i]));
  }
  return places;
}

const NO_INPUTS: JobSpec["inputs"] = Object.freeze({ names: null, arrays: [] });

// Far more than there are; a key stays below 2^53.
const MOST_KINDS = 16;

/** The kernel and the kinds of arrays that a call is over, as the planner tells them apart. */
export function profileKeyOf({ id }: Kernel, arrayKinds: number): number {
  return id * 2 ** MOST_KINDS + arrayKinds;
}

function kindsIn({ arrays }: ArrayTable): number {
  let kinds = 0;
  for (const array of arrays) kinds |= 1 << kindOf(array);
  return kinds;
}

function columnNames(payload: Payload): readonly string[] | null {
  return payload.shape === "columns" ? payload.names : null;
}

function readOutputs(outputs: unknown): OutputRequest {
  if (typeof outputs === "function") {
    return { names: null, kinds: [kindOfConstructor(outputs, "the output")] };
  }
  if (!isRecord(outputs) || Object.keys(outputs).length === 0) {
    throw new TypeError(
      "Cannot transform as the outputs must be a typed-array constructor or a record of at least one: " +
        `current value is ${quote(outputs)}`,
    );
  }
  const names = namesOf(outputs, "an output");
  return { names, kinds: names.map((name) => kindOfConstructor(outputs[name], `output "${name}"`)) };
}

/** @param verify let every array cross by reference: of a copy in each worker nobody could tell whether it has changed */
function encodeArgs(
  { args }: CallOptions<unknown>,
  table: ArrayTable,
  tasks: number,
  verify: boolean,
): Uint8Array | null {
  if (args === undefined) return null;
  return new ValueEncoder(table, verify ? 0 : INLINE_LIMIT, tasks).encode(args, "args").slice();
}

/** The options of a call that was given none. */
export const NO_OPTIONS: CallOptions<never> = Object.freeze({});

const OPTIONS = ["args", "chunkSize", "strategy", "taskSizeHintBytes", "signal", "timeout", "onProgress"];
const REDUCE_OPTIONS = [...OPTIONS, "initial"];
// Items are not cut.
const MAP_OPTIONS = [...OPTIONS.filter((name) => name !== "chunkSize"), "shared"];
/** Those of one call that are set to `undefined` are not given to another. */
const ALL_OPTIONS = [...OPTIONS, "initial", "shared"];

function checkCallOptions(options: unknown, known: readonly string[]): void {
  if (options === NO_OPTIONS) return;
  if (!isRecord(options)) {
    throw new TypeError(
      `Cannot read the options as they must be a plain object: current value is ${quote(options)}`,
    );
  }
  const given = options as CallOptions<unknown>;
  for (const name of Object.keys(options)) {
    if (!known.includes(name) && !(options[name] === undefined && ALL_OPTIONS.includes(name))) {
      throw new ConfigurationError(
        name,
        options[name],
        `left out: the options of this call are ${known.join(", ")}`,
      );
    }
  }
  const { chunkSize, strategy, taskSizeHintBytes, signal, timeout, onProgress } = given;
  if (chunkSize !== undefined) checkField("chunkSize", chunkSize);
  if (strategy !== undefined) checkField("strategy", strategy);
  if (taskSizeHintBytes !== undefined) checkField("taskSizeHintBytes", taskSizeHintBytes);
  if (timeout !== undefined) checkField("taskTimeout", timeout, "timeout");
  if (signal !== undefined && !isSignal(signal)) {
    throw new TypeError(
      `Cannot watch "signal" as it must be an AbortSignal: current value is ${quote(signal)}`,
    );
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new TypeError(
      `Cannot report to "onProgress" as it must be a function: current value is ${quote(onProgress)}`,
    );
  }
}

function sum(arrays: readonly TypedArray[], measure: (array: TypedArray) => number): number {
  let total = 0;
  for (const array of arrays) total += measure(array);
  return total;
}
