/** Reads the arguments of a call: checks them, cuts the work into tasks, and notes all as plain data. */

import { quote } from "../errors.js";
import { resolveKernel } from "../kernel/resolve.js";
import type { AnyKernel } from "../kernel/types.js";
import { kindOf, kindOfConstructor, type TypedArray } from "../memory/dtypes.js";
import { isRecord, namesOf, type Payload, payloadName, readPayload } from "../memory/inputs.js";
import { planPlacement } from "../memory/placement.js";
import { chunkCount, defaultChunkSize } from "../plan/chunking.js";
import { argsNumber, workShapeOf } from "../plan/work-shape.js";
import { clock } from "../platform/clock.js";
import { ArrayTable } from "../protocol/array-table.js";
import { INLINE_LIMIT, ValueEncoder } from "../protocol/codec.js";
import { MAX_TASKS } from "../protocol/control-block.js";
import { itemBytes, listItems, packItems } from "../protocol/items.js";
import type { JobSpec } from "../protocol/job-spec.js";
import type { CallName } from "../telemetry/events.js";
import type { CallSettings } from "./backend.js";
import { checkCallOptions, MAP_OPTIONS, OPTIONS, REDUCE_OPTIONS } from "./call-options.js";
import { encodeCaptured } from "./captured-values.js";
import { type OutputRequest, profileKeyOf, type Request } from "./request.js";
import type { CallOptions } from "./types.js";

/** A call over a list, an array or columns. @throws TypeError, RangeError, ConfigurationError, KernelCaptureError */
export function readPayloadCall(
  call: CallName,
  input: unknown,
  fn: AnyKernel,
  outputs: unknown,
  options: CallOptions<unknown>,
  settings: CallSettings,
): Request {
  const started = clock();
  checkCallOptions(options, call === "reduceShared" ? REDUCE_OPTIONS : OPTIONS, settings.strategies);
  const payload = readPayload(input);
  if (call === "transformShared" && payload.shape === "list") {
    throw new TypeError(
      "Cannot transform a list of arrays as outputs are cut like the input: pass one array or a record of columns",
    );
  }
  const outputRequest = call === "transformShared" ? readOutputs(outputs) : null;
  const kernel = resolveKernel(fn, { captures: options.captures ?? settings.captures, hasShared: false });
  const table = new ArrayTable();
  const inputs = {
    names: columnNames(payload),
    arrays: addPayload(table, payload),
  };
  const length = payload.shape === "list" ? 0 : payload.length;
  const chunkSize = options.chunkSize ?? settings.chunkSize ?? defaultChunkSize(length);
  const tasks = payload.shape === "list" ? payload.arrays.length : chunkCount(length, chunkSize);
  if (tasks > MAX_TASKS) {
    throw new RangeError(
      `Cannot cut ${length} elements into chunks of ${chunkSize} as a call has at most ${MAX_TASKS} tasks: ` +
        `current value is ${tasks}; raise "chunkSize"`,
    );
  }
  const args = encodeArgs(options, table, tasks, settings);
  const captures = encodeCaptured(kernel, table, tasks, settings.verifyImmutable);
  const placement = planPlacement(table.arrays, table.sightings);
  const arrayKinds = kindsIn(table);
  const bytes = sum(payload.arrays, (array) => array.byteLength);
  return {
    started,
    call,
    kernel,
    fn,
    spec: {
      shape: payload.shape,
      tasks,
      length,
      chunkSize,
      inputs,
      outputs: null,
      // Known later, when there is memory. To add a field to a copy would make the copy slow to read (docs/decisions/0011).
      clearOutputs: false,
      args,
      shared: null,
      captures,
      seed: options.seed,
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
    workShape: workShapeOf(tasks, Math.ceil(bytes / Math.max(1, tasks)), argsNumber(args, captures)),
    options,
    sightings: settings.verifyImmutable ? table.sightings : undefined,
    guest: undefined,
  };
}

/** A call over items. @throws TypeError, RangeError, ConfigurationError, KernelCaptureError */
export function readItemsCall(
  items: unknown,
  fn: AnyKernel,
  options: CallOptions<unknown> & { readonly shared?: unknown },
  settings: CallSettings,
): Request {
  const started = clock();
  checkCallOptions(options, MAP_OPTIONS, settings.strategies);
  const kernel = resolveKernel(fn, { captures: options.captures ?? settings.captures, hasShared: true });
  const list = listItems(items);
  const table = new ArrayTable();
  const tasks = list.length;
  const packed = packItems(list, tasks, new ValueEncoder(table, INLINE_LIMIT, tasks));
  const bytes = itemBytes(packed);
  const args = encodeArgs(options, table, tasks, settings);
  const captures = encodeCaptured(kernel, table, tasks, settings.verifyImmutable);
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
    fn,
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
      captures,
      seed: options.seed,
    },
    table,
    placement,
    items: packed,
    itemBytes: bytes,
    outputs: null,
    instances: tasks,
    arrayKinds,
    profileKey: profileKeyOf(kernel, arrayKinds),
    workShape: workShapeOf(tasks, taskBytes, argsNumber(args, captures)),
    options,
    sightings: settings.verifyImmutable ? table.sightings : undefined,
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

function encodeArgs(
  { args }: CallOptions<unknown>,
  table: ArrayTable,
  tasks: number,
  { verifyImmutable }: CallSettings,
): Uint8Array | null {
  if (args === undefined) return null;
  // Nobody could tell whether a worker's own copy of an array has changed, so then every array crosses by reference.
  return new ValueEncoder(table, verifyImmutable ? 0 : INLINE_LIMIT, tasks).encode(args, "args").slice();
}

function sum(arrays: readonly TypedArray[], measure: (array: TypedArray) => number): number {
  let total = 0;
  for (const array of arrays) total += measure(array);
  return total;
}
