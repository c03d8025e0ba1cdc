/** The whole state of one call: the shared words, what each worker is about to do, what the caller's side knows. */
import type { Violation } from "./explorer.js";

/** How big the world is. Sets of tasks are bit masks. */
export interface Bounds {
  readonly workers: number;
  readonly tasks: number;
  /** Positions that a claim may take: any of these at any time, whatever `TaskLoop.#claim` would guess. */
  readonly sizes: readonly number[];
  /** Tasks whose value fits no slot, so that it goes by message. */
  readonly posting: number;
  /** Tasks that throw. */
  readonly failing: number;
  /** Tasks that never end. */
  readonly hanging: number;
  /** Tasks that ask `aborted()`, and stop when they learn that nobody wants them. */
  readonly asking: number;
  /** Tasks that end their worker. */
  readonly deadly: number;
  /** Whether the time of tasks that hang or ask may be up. */
  readonly timeouts: boolean;
  /** Workers that may die by themselves. */
  readonly deaths: number;
  /** Workers that the pool may end on behalf of another call. */
  readonly kills: number;
  readonly maxRetries: number;
  /** loss-policy.ts, `MOST_IN_A_ROW`. */
  readonly mostInARow: number;
  /** Whether the caller may abort. */
  readonly aborts: boolean;
  /** Whether the round is short: one worker is woken first, the caller's side looks, and leaves may be silent. */
  readonly isShort: boolean;
  /** Whether the kernel may fail to load in a worker. */
  readonly breaks: boolean;
  /** Of a stream: results that may be unread, or being made. 0: it is none. */
  readonly window: number;
  /** Whether the stream's loop takes no result at all. */
  readonly stalls: boolean;
  /** Messages of workers that the caller's side may fail to read. */
  readonly unread: number;
}

/** `ReportMessage`. */
export interface Message {
  readonly values: number;
  readonly failures: number;
  readonly left: boolean;
  readonly broken: boolean;
}

/** What a worker does next. One atomic operation, plain write or message each; worker.ts says where in the source. */
export const WORKER_PLACES = [
  "idle",
  "join",
  "raiseOpen",
  "takeNext",
  "compareLimit",
  "loadNext",
  "loadGate",
  "compareAtGate",
  "swapNext",
  "withdraw",
  "leave",
  "noteLeave",
  "sayLeave",
  "checkLimit",
  "run",
  "writeSlot",
  "writeKind",
  "raisePosted",
  "writeElsewhere",
  "loadLimit",
  "lowerLimit",
  "endClaim",
  "flush",
] as const;
export type WorkerPlace = (typeof WORKER_PLACES)[number];

/** leave-word.ts, `LeaveWord`. */
export const LEAVES = ["taking", "left", "call", "broken"] as const;

/** `gone`: its exit was reported; its place in the pool is free. */
export const LIVES = ["up", "dead", "gone"] as const;

export interface WorkerState {
  life: (typeof LIVES)[number];
  place: WorkerPlace;
  /** Its claim: the position in hand, and the claim's end. */
  at: number;
  end: number;
  /** What it last loaded of the word that it is about to change; `NOTHING`: none. */
  seen: number;
  /** The task in its meter: round.ts, `AT`. */
  noted: number;
  /** Its outbox. */
  values: number;
  failures: number;
  /** It has sent a message in this round. */
  hasSent: boolean;
  /** Its leave word in the round's region. */
  leave: (typeof LEAVES)[number];
  /**
   * The second word, counted from the first message that has not come: the message that says that it has left. 0: none yet;
   * -1: that one has come.
   */
  said: number;
  /** Messages that the caller's side has not received. */
  sent: Message[];
  /** `Slot.terminate()` was called. */
  isTerminated: boolean;
  /** In `RoundRunner.#taking`. */
  isTaking: boolean;
  /** `Slot.#lose` is reading what it had sent. */
  isClosing: boolean;
  /** The present poll has looked at its leave word. */
  isLookedAt: boolean;
  /** Its leave or loss is being handled: the lease is dropped after the look for the end. */
  isLeaving: boolean;
}

export const NOTHING = -2;

/** What the caller's side does next; `turn`: the next event. caller.ts says where in the source. */
export const CALLER_PLACES = [
  "turn",
  "readNext",
  "readLimit",
  "readOpen",
  "readPosted",
  "look",
  "pollNext",
  "pollLimit",
  "pollOpen",
  "stopLooking",
  "cutNext",
  "loadLimit",
  "lowerLimit",
  "raiseGate",
  "roomLimit",
  "roomNext",
] as const;
export type CallerPlace = (typeof CALLER_PLACES)[number];

/** What `RoundRunner.#loss` is. */
export const LOSSES = ["none", "terminated", "died"] as const;
/** What `RoundRunner.untilEnd` resolved with; `open`: not yet, `closed`: the run has returned. */
export const ENDINGS = ["open", ...LOSSES, "closed"] as const;
/** inflow.ts, `Inflow.#isCut`; `cutting`: `LIMIT` is being lowered. */
export const CUTS = ["none", "cutting", "cut"] as const;
/** How the call ended. */
export const OUTCOMES = ["open", "resolved", "failed", "lost", "aborted"] as const;

export interface State {
  // The round's region.
  next: number;
  limit: number;
  open: number;
  posted: number;
  gate: number;
  /** Tasks of the round; position p is the p-th of them. */
  order: number;
  // The job block: kinds NUMBER and ELSEWHERE (neither: PENDING), and slots that hold the task's value.
  numbers: number;
  elsewhere: number;
  slots: number;
  // `RoundRunner` of the round. There is one at a time: a next round opens when nobody takes part any more.
  place: CallerPlace;
  seen: number;
  /** What the caller's side is lowering `LIMIT` to. */
  target: number;
  messages: number;
  loss: (typeof LOSSES)[number];
  /** Tasks that lost workers were at, and whether one was at none: `RoundRunner.#lost`. */
  blamed: number;
  isNobodys: boolean;
  ending: (typeof ENDINGS)[number];
  /** Whether `LIMIT` was lowered because a message could not be read. */
  cut: (typeof CUTS)[number];
  /** The caller's side polls the round. */
  isPolling: boolean;
  /** Where it goes on after a look for the end. */
  after: CallerPlace;
  /** Workers of the round that have not been woken. */
  unwoken: number;
  // `Job`, the call, its lease.
  received: number;
  /** Results that the stream's loop took, and those that had come before the round. */
  taken: number;
  before: number;
  /** Lowest index of a failure; `bounds.tasks`: none. */
  failure: number;
  /** `LossPolicy`: how often each task was to blame, those that were given up, and its two counters. */
  blame: readonly number[];
  givenUp: number;
  inVain: number;
  inARow: number;
  /** Tasks whose time was up: the caller's side has failed them. */
  overdue: number;
  isStopped: boolean;
  /** `LIMIT` was lowered to -1. */
  isAborted: boolean;
  /** The grace timer after an abort has fired. */
  isGraceOver: boolean;
  /** A worker could not load the kernel. */
  isBroken: boolean;
  outcome: (typeof OUTCOMES)[number];
  holders: number;
  // What really happened: deaths in the middle of each task; tasks that stopped when they were told.
  deadlyRuns: readonly number[];
  stopped: number;
  /** Tasks of which a value or an error could not be read. */
  unread: number;
  // Faults that may still come.
  deaths: number;
  kills: number;
  unreads: number;
  /** States share workers; `own` gives one to change. */
  readonly workers: Readonly<WorkerState>[];
  /** Set by the step that breaks a property. */
  violation: Violation | undefined;
}

/** A worker of a new state, to change. */
export function own(state: State, i: number): WorkerState {
  const worker = { ...(state.workers[i] as WorkerState) };
  state.workers[i] = worker;
  return worker;
}

export function freshWorker(): WorkerState {
  return {
    life: "up",
    place: "idle",
    at: 0,
    end: 0,
    seen: NOTHING,
    noted: 0,
    values: 0,
    failures: 0,
    hasSent: false,
    leave: "call",
    said: 0,
    sent: [],
    isTerminated: false,
    isTaking: false,
    isClosing: false,
    isLookedAt: false,
    isLeaving: false,
  };
}
