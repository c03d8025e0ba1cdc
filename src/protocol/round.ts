/**
 * A round: workers go once over a job's tasks, or over those that an earlier round left unfinished because it lost a worker.
 * The caller's side opens it in a region of its own, and each worker reads it there.
 */
import type { Arena } from "../memory/arena.js";
import type { Region } from "../memory/region.js";
import type { ControlBlock } from "./control-block.js";
import { type Descriptor, encodeDescriptor, isSame } from "./descriptor.js";
import { KnownJob } from "./job-spec.js";
import type { LeaveWord } from "./leave-word.js";
import { AT, BUSY, METER_WORDS, RUNNING, SENDING } from "./meter.js";
import { PassOrder } from "./pass-order.js";
import {
  controlAt,
  leaveAt,
  logAt,
  logBytes,
  meterAt,
  type RoundLayout,
  roundLayout,
} from "./round-layout.js";

export { leaveAt } from "./round-layout.js";

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
  /** The index of the task at each position, ascending; `undefined` if they are the same. */
  readonly order: Uint32Array | undefined;
  /** Brings a worker's meter up to date, if the worker itself can't. */
  onLook: ((participant: number) => void) | undefined;
  /** Workers that may take part. */
  readonly workers: number;
  /** Milliseconds that all workers together spent in claims that have ended. */
  busy(): number;
  /** Milliseconds of those that they spent on sending results. */
  sending(): number;
  /**
   * The position of the task that the worker is at, as far as this thread can tell; `undefined` if it is at none. If the worker
   * has ended, this is certain: the task has begun, and unless it ended it has ended the worker.
   */
  at(participant: number): number | undefined;
  /** Whether the worker has begun a task. */
  hasBegun(participant: number): boolean;
  /** The index of the task at a position, and its pass; 0 if there is one. */
  indexAt(position: number): number;
  passAt(position: number): number;
  /** The position of a task of the round. */
  positionOf(index: number): number;
  /** The word by which the worker tells that it has left. */
  leave(participant: number): LeaveWord;
  /** A meter for each worker that may take part; all zero if it does not. */
  readonly meters: readonly Float64Array[];
  /** Claims that the worker noted; `undefined` if nobody traces the call. */
  log(participant: number): Float64Array | undefined;
}

// Bytes of a descriptor. Comparing more takes as long as writing it.
const LARGEST_KEPT = 1024;

/**
 * Takes a region and writes a round into it.
 * @param order tasks to run, ascending; `undefined` if all run
 * @param silent whether the caller's side will look whether workers have left
 */
export function openRound(
  arena: Arena,
  descriptor: Descriptor,
  workers: number,
  order: Uint32Array | undefined,
  silent: boolean,
): Round {
  const orderLength = order?.length ?? 0;
  const layoutFor = (bytes: number): RoundLayout => roundLayout(workers, orderLength, bytes);
  const logs = logBytes(workers, descriptor.logged);
  // The call has all its other memory by now. For a few KB it must not lose the work of earlier rounds.
  let region = arena.take(layoutFor(LARGEST_KEPT).logs + logs, "anything");
  const before = keptRounds.get(region);
  if (before?.isFor(descriptor, workers, order) === true) return before.again(silent);
  let bytes: Uint8Array;
  try {
    bytes = encodeDescriptor(descriptor);
  } catch (error) {
    // Arguments of gigabytes may be more than there is room for.
    arena.give(region);
    throw error;
  }
  const isKept = bytes.length <= LARGEST_KEPT;
  if (!isKept) {
    arena.give(region);
    region = arena.take(layoutFor(bytes.length).logs + logs, "anything");
  }
  const opened = writeRound(region, layoutFor(bytes.length), descriptor, bytes, workers, order);
  opened.begin(silent);
  if (order === undefined && isKept) keptRounds.set(region, new KeptRound(opened, descriptor));
  return opened.round;
}

interface WrittenRound {
  readonly round: Round;
  /** Makes its words ready for workers, before any of them knows of it. */
  readonly begin: (silent: boolean) => void;
}

/** @param bytes of the descriptor */
function writeRound(
  region: Region,
  layout: RoundLayout,
  { logged, tasks, spec }: Descriptor,
  bytes: Uint8Array,
  workers: number,
  order: Uint32Array | undefined,
): WrittenRound {
  const { buffer } = region;
  const control = controlAt(buffer);
  const meters: Float64Array[] = [];
  const leaves: LeaveWord[] = [];
  for (let participant = 0; participant < workers; participant++) {
    meters.push(meterAt(buffer, participant));
    leaves.push(leaveAt(buffer, participant));
  }
  if (order !== undefined) new Uint32Array(buffer, layout.order, order.length).set(order);
  const written = new Uint8Array(buffer, layout.descriptor, bytes.length);
  written.set(bytes);
  const passes = spec.passes === undefined ? undefined : new PassOrder(spec, order);
  const sumOf = (word: number): number => meters.reduce((total, meter) => total + (meter[word] as number), 0);
  const round: Round = {
    region,
    control,
    descriptorBytes: bytes.length,
    descriptor: written,
    version: nextVersion(),
    orderLength: order?.length ?? 0,
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
    indexAt: (position) => passes?.indexAt(position) ?? order?.[position] ?? position,
    passAt: (position) => passes?.passAt(position) ?? 0,
    positionOf: (index) => order?.indexOf(index) ?? index,
    leave: (participant) => leaves[participant] as LeaveWord,
    meters,
    log: (participant) => logAt(buffer, layout, participant, logged),
  };
  const begin = (silent: boolean): void => {
    round.onLook = undefined;
    control.reset(tasks);
    for (const meter of meters) for (let i = 0; i < METER_WORDS; i += 1) meter[i] = 0;
    for (const leave of leaves) leave.reset(silent);
  };
  return { round, begin };
}

/** A round that has ended. It stays whole until its region is taken for something else. */
class KeptRound {
  readonly #written: WrittenRound;
  readonly #descriptor: Descriptor;
  readonly #job: KnownJob;
  /** Take counter of its region when it was last used for a round. */
  #uses: number;

  constructor(written: WrittenRound, descriptor: Descriptor) {
    this.#written = written;
    this.#descriptor = descriptor;
    this.#job = new KnownJob(descriptor.spec);
    this.#uses = written.round.region.uses;
  }

  /** Its region was just taken: whether it holds what is to be written there. */
  isFor(descriptor: Descriptor, workers: number, order: Uint32Array | undefined): boolean {
    const { round } = this.#written;
    const isUntouched = round.region.uses === this.#uses + 1;
    const isWhole = isUntouched && order === undefined && round.workers === workers;
    return isWhole && isSame(this.#descriptor, this.#job, descriptor);
  }

  /** The same round once more. */
  again(silent: boolean): Round {
    const { round, begin } = this.#written;
    this.#uses = round.region.uses;
    begin(silent);
    return round;
  }
}

/**
 * Calls that repeat get the same region again and have the same descriptor. Then neither side makes its views anew, nothing is
 * encoded, and the caches of both cores keep what they hold (docs/decisions/0011).
 */
const keptRounds = new WeakMap<Region, KeptRound>();

let lastVersion = 0;

/** It has 32 bits, as many as a doorbell has. */
function nextVersion(): number {
  lastVersion = (lastVersion + 1) | 0;
  return lastVersion;
}
