/**
 * Where the parts of a round's region are, for both sides. In this order: control block, a cache line for each worker, order of
 * the tasks (later rounds only), descriptor, logs (traced calls only).
 */
import { aligned } from "../memory/placement.js";
import { CONTROL_BYTES, ControlBlock } from "./control-block.js";
import { LeaveWord } from "./leave-word.js";
import { LOG_WORDS, METER_WORDS } from "./meter.js";

// A worker's cache line: its meter, which it writes at the end of every claim, and its two leave words.
const WORKER_BYTES = 64;
const LEAVE_AT = 56;

const LOG_BYTES = LOG_WORDS * Float64Array.BYTES_PER_ELEMENT;

/** Offsets in bytes. */
export interface RoundLayout {
  readonly order: number;
  readonly descriptor: number;
  readonly logs: number;
}

export function roundLayout(workers: number, orderLength: number, descriptorBytes: number): RoundLayout {
  const order = CONTROL_BYTES + workers * WORKER_BYTES;
  const descriptor = order + aligned(orderLength * Uint32Array.BYTES_PER_ELEMENT);
  return { order, descriptor, logs: descriptor + aligned(descriptorBytes) };
}

/** Bytes of all logs. @param logged claims that each worker may note */
export function logBytes(workers: number, logged: number): number {
  return workers * logged * LOG_BYTES;
}

export function controlAt(buffer: SharedArrayBuffer): ControlBlock {
  return new ControlBlock(new Int32Array(buffer, 0, CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT));
}

export function meterAt(buffer: SharedArrayBuffer, participant: number): Float64Array {
  return new Float64Array(buffer, CONTROL_BYTES + participant * WORKER_BYTES, METER_WORDS);
}

/** How a worker leaves the round of that region. */
export function leaveAt(buffer: SharedArrayBuffer, participant: number): LeaveWord {
  return new LeaveWord(new Int32Array(buffer, CONTROL_BYTES + participant * WORKER_BYTES + LEAVE_AT, 2));
}

/** @returns `undefined` if nobody traces the call */
export function logAt(
  buffer: SharedArrayBuffer,
  { logs }: RoundLayout,
  participant: number,
  logged: number,
): Float64Array | undefined {
  if (logged === 0) return undefined;
  return new Float64Array(buffer, logs + participant * logged * LOG_BYTES, logged * LOG_WORDS);
}
