/** Reads the arguments of a call: checks them, cuts the work into tasks, and notes all as plain data. */

import { type Kernel, resolveKernel } from "../kernel/resolve.js";
import type { AnyKernel } from "../kernel/types.js";
import { kindOf, type TypedArray } from "../memory/dtypes.js";
import { type Payload, payloadName, type Rows, readPayload, readRows } from "../memory/inputs.js";
import { planPlacement } from "../memory/placement.js";
import { argsNumber, workShapeOf } from "../plan/work-shape.js";
import { clock } from "../platform/clock.js";
import { ArrayTable } from "../protocol/array-table.js";
import { INLINE_LIMIT, ValueEncoder } from "../protocol/codec.js";
import { itemBytes, listItems, packItems } from "../protocol/items.js";
import type { JobSpec } from "../protocol/job-spec.js";
import type { CallName } from "../telemetry/events.js";
import type { CallSettings } from "./backend.js";
import { checkCallOptions, MAP_OPTIONS, optionsOf } from "./call-options.js";
import { encodeCaptured } from "./captured-values.js";
import { encodeArgs, encodeShared } from "./encode-values.js";
import { type Cut, readCut } from "./read-cut.js";
import {
  fitOutputs,
  type NamedOutputs,
  namedOutputsOf,
  readOnlySightings,
  readOutputs,
} from "./read-outputs.js";
import { checkPasses, checkTasksOfPasses } from "./read-passes.js";
import { profileKeyOf, type Request } from "./request.js";
import type { GivenOptions } from "./types.js";

/** What a call works on, once its arguments are read. */
interface Work extends Pick<Request, "call" | "table" | "items" | "itemBytes" | "instances"> {
  readonly fn: AnyKernel;
  readonly options: GivenOptions;
  readonly cut: Cut;
  /** Rows that each task may write; `undefined` if only its own. */
  readonly capacity: number | undefined;
  readonly inputs: JobSpec["inputs"];
  readonly outputs: NamedOutputs | null;
  /** Bytes of what each task reads besides `shared`, on average; `undefined` if it reads all arrays. */
  readonly taskBytes: number | undefined;
}

/** A call over a list, an array, columns or a count of rows. @throws TypeError, RangeError, ConfigurationError, KernelCaptureError */
export function readPayloadCall(
  call: CallName,
  input: unknown,
  fn: AnyKernel,
  outputs: unknown,
  options: GivenOptions,
  settings: CallSettings,
): Request {
  const started = clock();
  checkCallOptions(options, optionsOf(call), settings.strategies);
  const isCollected = call === "collectShared";
  const isIterated = call === "iterateShared";
  if (isIterated) checkPasses(options);
  const payload = typeof input === "number" && !isIterated ? readRows(input) : readPayload(input);
  const namedOutputs = namedOutputsOf(call, payload, outputs, options);
  const kernel = resolveKernel(fn, { captures: options.captures ?? settings.captures });
  const table = new ArrayTable();
  const inputs = { names: columnNames(payload), arrays: addPayload(table, payload) };
  const cut = readCut(payload, options, settings);
  const { tasks } = cut;
  if (options.passes !== undefined) checkTasksOfPasses(options.passes, tasks);
  const work: Work = {
    call,
    fn,
    options,
    table,
    cut,
    capacity: isCollected ? (options.capacity ?? cut.chunkSize) : undefined,
    inputs,
    items: undefined,
    itemBytes: 0,
    outputs: namedOutputs,
    instances: payload.shape === "list" ? sum(payload.arrays, (array) => array.length) : payload.length,
    taskBytes: Math.ceil(sum(payload.arrays, (array) => array.byteLength) / Math.max(1, tasks)),
  };
  return requestOf(work, kernel, started, settings);
}

/** A call of `map`. @throws TypeError, RangeError, ConfigurationError, KernelCaptureError */
export function readItemsCall(
  items: unknown,
  fn: AnyKernel,
  options: GivenOptions,
  settings: CallSettings,
): Request {
  const started = clock();
  checkCallOptions(options, MAP_OPTIONS, settings.strategies);
  const kernel = resolveKernel(fn, { captures: options.captures ?? settings.captures });
  return itemsRequest("map", items, fn, kernel, null, options, started, settings);
}

/** A call of `mapInto`. @throws as `readItemsCall` */
export function readItemsIntoCall(
  items: unknown,
  outputs: unknown,
  fn: AnyKernel,
  options: GivenOptions,
  settings: CallSettings,
): Request {
  const started = clock();
  checkCallOptions(options, MAP_OPTIONS, settings.strategies);
  const written = readOutputs(outputs);
  const kernel = resolveKernel(fn, { captures: options.captures ?? settings.captures });
  return itemsRequest("mapInto", items, fn, kernel, written, options, started, settings);
}

/** A call over items. @param options checked @throws as `readItemsCall` */
export function itemsRequest(
  call: "map" | "mapInto" | "submit",
  items: unknown,
  fn: AnyKernel,
  kernel: Kernel,
  outputs: NamedOutputs | null,
  options: GivenOptions,
  started: number,
  settings: CallSettings,
): Request {
  const list = listItems(items);
  const table = new ArrayTable();
  const tasks = list.length;
  const packed = packItems(list, tasks, new ValueEncoder(table, INLINE_LIMIT, tasks));
  const work: Work = {
    call,
    fn,
    options,
    table,
    cut: {
      shape: "items",
      tasks,
      length: tasks,
      chunkSize: 1,
      rowLength: undefined,
      before: undefined,
      after: undefined,
    },
    capacity: undefined,
    inputs: NO_INPUTS,
    items: packed,
    itemBytes: itemBytes(packed),
    outputs,
    instances: tasks,
    taskBytes: undefined,
  };
  return requestOf(work, kernel, started, settings);
}

function requestOf(work: Work, kernel: Kernel, started: number, settings: CallSettings): Request {
  const { call, fn, options, table, cut, capacity, items, outputs, instances } = work;
  const { tasks } = cut;
  const args = encodeArgs(options, table, tasks, settings);
  const captures = encodeCaptured(kernel, table, tasks, settings.verifyImmutable);
  const before = table.arrays.length;
  const { shared, writable } = encodeShared(options, table, tasks);
  const placement = planPlacement(table.arrays, table.sightings);
  const arrayKinds = kindsIn(table);
  const read = table.arrays.length;
  const fitted = outputs === null ? undefined : fitOutputs(outputs, cut, capacity, table);
  const writesOwn =
    fitted?.keeps !== undefined || writable.length > 0 || kernel.captured?.writesShared === true;
  // Tasks over a heavy shared payload usually go through all of it.
  const taskBytes =
    work.taskBytes === undefined
      ? placement.bytesPlaced + placement.bytesShared + Math.ceil(work.itemBytes / Math.max(1, tasks))
      : work.taskBytes + sum(table.arrays.slice(before), (array) => array.byteLength);
  return {
    started,
    call,
    kernel,
    fn,
    spec: {
      shape: cut.shape,
      tasks,
      length: cut.length,
      chunkSize: cut.chunkSize,
      inputs: work.inputs,
      first: undefined,
      rowLength: cut.rowLength,
      before: cut.before,
      after: cut.after,
      outputs: null,
      per: fitted?.per,
      capacity,
      starts: undefined,
      keeps: fitted?.keeps,
      writesOwn,
      // Known later, when there is memory. A copy with a field more would be slow to read (docs/decisions/0011).
      clearOutputs: false,
      passes: options.passes,
      tolerance: options.tolerance,
      // A field of later rounds.
      firstPass: undefined,
      args,
      shared,
      captures,
      seed: options.seed,
      single: undefined,
      earlier: undefined,
    },
    table,
    placement,
    items,
    itemBytes: work.itemBytes,
    outputs: fitted?.request ?? null,
    instances,
    arrayKinds,
    profileKey: profileKeyOf(kernel, arrayKinds),
    workShape: workShapeOf(tasks, taskBytes, argsNumber(args, captures)),
    options,
    sightings: settings.verifyImmutable
      ? readOnlySightings(table, read, fitted?.request, writable)
      : undefined,
    guest: undefined,
    jobs: undefined,
    sourced: undefined,
  };
}

/** @returns the places of its arrays */
function addPayload(table: ArrayTable, payload: Payload | Rows): number[] {
  if (payload.shape === "rows") return [];
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

function columnNames(payload: Payload | Rows): readonly string[] | null {
  return payload.shape === "columns" ? payload.names : null;
}

function sum(arrays: readonly TypedArray[], measure: (array: TypedArray) => number): number {
  let total = 0;
  for (const array of arrays) total += measure(array);
  return total;
}
