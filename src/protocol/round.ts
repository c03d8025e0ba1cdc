/**
 * A round: one pass of workers over a job's tasks, or over those that an earlier round left unfinished because a
 * worker was lost. Its region holds, in this order: control block, a meter per worker, order of the tasks (later
 * rounds only), descriptor.
 */
import type { Arena } from "../memory/arena.js";
import { aligned } from "../memory/placement.js";
import type { Region } from "../memory/region.js";
import { CONTROL_BYTES, ControlBlock } from "./control-block.js";
import { type Descriptor, encodeDescriptor, isSame, readDescriptor } from "./descriptor.js";
import { LeaveWord } from "./leave-word.js";
import type { WakeMessage } from "./messages.js";
import { AT, BUSY, LOG_WORDS, METER_WORDS, RUNNING, SENDING } from "./meter.js";

// A cache line for each worker: its meter, which is written at the end of every claim, and its leave words.
const METER_BYTES = 64;
const LEAVE_AT = 56;

const LOG_BYTES = LOG_WORDS * Float64Array.BYTES_PER_ELEMENT;

/** Tasks that one thread claimed together and ran one after the other. */
export interface Claim {
  /** The thread: 0 is the caller's, workers count from 1. */
  readonly worker: number;
  readonly start: number;
  readonly end: number;
  /** Position of the first of them among the tasks of its round. */
  readonly firstTask: number;
  readonly tasks: number;
}

/** A round's region as the caller's side made it. */
export interface Round {
  readonly region: Region;
  readonly control: ControlBlock;
  /** Bytes of the descriptor, for the wake-up. */
  readonly descriptorBytes: number;
  readonly descriptor: Uint8Array;
  readonly version: number;
  readonly orderLength: number;
  /** The index of the task at each position, ascending; undefined: they are the same. */
  readonly order: Uint32Array | undefined;
  /** Brings a worker's meter up to date, if the worker itself can't. */
  onLook: ((participant: number) => void) | undefined;
  /** Workers that may take part. */
  readonly workers: number;
  /** Milliseconds that all workers together spent in claims that have ended. */
  busy(): number;
  /** Milliseconds, among those, that they spent on sending results. */
  sending(): number;
  /**
   * The position of the task that that worker is at, as far as can be told from here; undefined: it is at none. Of a
   * worker that has ended it is certain: the task has begun, and if it has not ended it ended the worker.
   */
  at(participant: number): number | undefined;
  /** Has that worker begun a task? */
  hasBegun(participant: number): boolean;
  /** The index of the task at a position. */
  indexAt(position: number): number;
  /** The position of a task of the round. */
  positionOf(index: number): number;
  /** How that worker tells that it has left. */
  leave(participant: number): LeaveWord;
  /** Of each worker that may take part; all zero of one that does not. */
  readonly meters: readonly Float64Array[];
  /** Claims that that worker noted; undefined: nobody traces the call. */
  log(participant: number): Float64Array | undefined;
}

/** Where the parts of a round's region begin. */
interface RoundLayout {
  readonly order: number;
  readonly descriptor: number;
  readonly logs: number;
}

function roundLayout(workers: number, orderLength: number, descriptorBytes: number): RoundLayout {
  const order = CONTROL_BYTES + workers * METER_BYTES;
  const descriptor = order + aligned(orderLength * Uint32Array.BYTES_PER_ELEMENT);
  return { order, descriptor, logs: descriptor + aligned(descriptorBytes) };
}

/**
 * Takes a region and writes a round into it.
 * @param order tasks to run, ascending; undefined: all
 * @param silent the caller's side will look whether workers have left
 */
export function openRound(
  arena: Arena,
  descriptor: Descriptor,
  workers: number,
  order: Uint32Array | undefined,
  silent: boolean,
): Round {
  const { logged, tasks } = descriptor;
  const orderLength = order?.length ?? 0;
  const logBytes = workers * logged * LOG_BYTES;
  // A call has all its other memory by now, and what earlier rounds have done must not be lost because some KB are missing.
  let region = arena.take(roundLayout(workers, orderLength, LARGEST_STANDING).logs + logBytes, "anything");
  const before = standing.get(region);
  if (before?.isFor(descriptor, workers, order) === true) {
    before.uses = region.uses;
    before.begin(silent);
    return before.round;
  }
  let bytes: Uint8Array;
  try {
    bytes = encodeDescriptor(descriptor);
  } catch (error) {
    // Arguments of gigabytes may be more than there is room for.
    arena.give(region);
    throw error;
  }
  if (bytes.length > LARGEST_STANDING) {
    arena.give(region);
    region = arena.take(roundLayout(workers, orderLength, bytes.length).logs + logBytes, "anything");
  }
  const layout = roundLayout(workers, orderLength, bytes.length);
  const { buffer } = region;
  const control = controlAt(buffer);
  const meters: Float64Array[] = [];
  const leaves: LeaveWord[] = [];
  for (let participant = 0; participant < workers; participant++) {
    meters.push(meterAt(buffer, participant));
    leaves.push(leaveAt(buffer, participant));
  }
  const begin = (silent: boolean): void => {
    round.onLook = undefined;
    control.reset(tasks);
    for (const meter of meters) for (let i = 0; i < METER_WORDS; i += 1) meter[i] = 0;
    for (const leave of leaves) leave.reset(silent);
  };
  const sumOf = (word: number): number => meters.reduce((total, meter) => total + (meter[word] as number), 0);
  if (order !== undefined) new Uint32Array(buffer, layout.order, orderLength).set(order);
  const written = new Uint8Array(buffer, layout.descriptor, bytes.length);
  written.set(bytes);
  const round: Round = {
    region,
    control,
    descriptorBytes: bytes.length,
    descriptor: written,
    version: nextVersion(),
    orderLength,
    order,
    onLook: undefined,
    workers,
    busy: () => sumOf(BUSY),
    sending: () => sumOf(SENDING),
    at: (participant) => {
      round.onLook?.(participant);
      const meter = meters[participant];
      return meter?.[RUNNING] === 1 && meter[AT] !== 0 ? (meter[AT] as number) - 1 : undefined;
    },
    hasBegun: (participant) => {
      round.onLook?.(participant);
      return meters[participant]?.[AT] !== 0;
    },
    indexAt: (position) => order?.[position] ?? position,
    positionOf: (index) => order?.indexOf(index) ?? index,
    leave: (participant) => leaves[participant] as LeaveWord,
    meters,
    log: (participant) => logAt(buffer, layout, participant, logged),
  };
  begin(silent);
  if (order === undefined && bytes.length <= LARGEST_STANDING) {
    standing.set(region, new Standing(round, descriptor, begin));
  }
  return round;
}

/** A round that has ended, and of which nothing was overwritten where its region was not taken since. */
class Standing {
  readonly round: Round;
  readonly begin: (silent: boolean) => void;
  /** Of its region, when it was last used for a round. */
  uses: number;
  readonly #descriptor: Descriptor;

  constructor(round: Round, descriptor: Descriptor, begin: (silent: boolean) => void) {
    this.round = round;
    this.begin = begin;
    this.uses = round.region.uses;
    this.#descriptor = descriptor;
  }

  /** Its region was taken again: is it what is to be written there? */
  isFor(descriptor: Descriptor, workers: number, order: Uint32Array | undefined): boolean {
    const { round, uses } = this;
    const isUntouched = round.region.uses === uses + 1;
    return (
      isUntouched && order === undefined && round.workers === workers && isSame(descriptor, this.#descriptor)
    );
  }
}

/**
 * Calls that repeat get the same region again and have the same descriptor. Then neither side makes its views of it anew
 * (some 20, 2 µs), nothing is encoded (1 µs), and what stands in the caches of both cores stays there.
 */
const standing = new WeakMap<Region, Standing>();
// Bytes of a descriptor: comparing more costs as much as writing it.
const LARGEST_STANDING = 1024;

let lastVersion = 0;

/** Within 32 bits, as a doorbell has no more. */
function nextVersion(): number {
  lastVersion = (lastVersion + 1) | 0;
  return lastVersion;
}

/** A round as a worker reads it. */
export interface OpenedRound {
  readonly descriptor: Descriptor;
  readonly control: ControlBlock;
  readonly order: Uint32Array | undefined;
  /** This worker's own. */
  readonly meter: Float64Array;
  readonly leave: LeaveWord;
  /** This worker's own; undefined: nobody traces the call. */
  readonly log: Float64Array | undefined;
}

export function readRound(buffer: SharedArrayBuffer, wake: WakeMessage): OpenedRound {
  const { descriptorBytes, orderLength, workers, participant } = wake;
  const layout = roundLayout(workers, orderLength, descriptorBytes);
  const descriptor = readDescriptor(new Uint8Array(buffer, layout.descriptor, descriptorBytes));
  return {
    descriptor,
    control: controlAt(buffer),
    order: orderLength === 0 ? undefined : new Uint32Array(buffer, layout.order, orderLength),
    meter: meterAt(buffer, participant),
    leave: leaveAt(buffer, participant),
    log: logAt(buffer, layout, participant, descriptor.logged),
  };
}

function controlAt(buffer: SharedArrayBuffer): ControlBlock {
  return new ControlBlock(new Int32Array(buffer, 0, CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT));
}

function meterAt(buffer: SharedArrayBuffer, participant: number): Float64Array {
  return new Float64Array(buffer, CONTROL_BYTES + participant * METER_BYTES, METER_WORDS);
}

/** How a worker leaves a round whose region that is. */
export function leaveAt(buffer: SharedArrayBuffer, participant: number): LeaveWord {
  return new LeaveWord(new Int32Array(buffer, CONTROL_BYTES + participant * METER_BYTES + LEAVE_AT, 2));
}

function logAt(
  buffer: SharedArrayBuffer,
  { logs }: RoundLayout,
  participant: number,
  logged: number,
): Float64Array | undefined {
  if (logged === 0) return undefined;
  return new Float64Array(buffer, logs + participant * logged * LOG_BYTES, logged * LOG_WORDS);
}
