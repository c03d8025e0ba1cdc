/** Every message between a process and a child of its pool, and the words that both see in the transit file. */
import type { Change } from "../../memory/snapshot.js";
import type { KernelAddress } from "../../protocol/messages.js";
import type { Thrown } from "../../protocol/thrown.js";

/** Positions of a round, from the first to before the last. */
export type Range = readonly [start: number, end: number];

/** First of all: how the child serves. */
interface SetupMessage {
  readonly type: "setup";
  readonly initializer: KernelAddress | null;
}

/** Bytes of a memory. */
export interface Piece {
  readonly memory: number;
  /** Whether it is the round's that follows. */
  readonly isOwn: boolean;
  /** Bytes of the whole memory. */
  readonly size: number;
  /** Where the bytes belong. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Few bytes, which nobody waits for. */
interface PiecesMessage {
  readonly type: "pieces";
  readonly pieces: readonly Piece[];
}

/** Many bytes, in the transit file or with the message. The child says when it has them. */
export interface FeedMessage extends Omit<Piece, "bytes"> {
  readonly type: "feed";
  readonly bytes: Uint8Array | { readonly file: number; readonly length: number };
}

/** Rounds, memory and kernels that the child is to let go. */
export interface Forgotten {
  readonly rounds: readonly number[];
  readonly memory: readonly number[];
  readonly kernels: readonly number[];
}

interface ForgetMessage {
  readonly type: "forget";
  readonly forgotten: Forgotten;
}

/** The child is to take part in a round. The memory that it lacks has come before, except for the pieces. */
export interface JoinMessage {
  readonly type: "join";
  readonly forgotten: Forgotten | null;
  readonly pieces: readonly Piece[];
  /** Names the round in all messages, and those after it that are the same. */
  readonly round: number;
  /** Bytes of the descriptor. */
  readonly descriptor: Uint8Array;
  readonly order: Uint32Array | null;
  /** Its number, and its address if the child lacks it. */
  readonly kernel: { readonly number: number; readonly address: KernelAddress | null };
  /** Where the words of this child's part are. */
  readonly words: number;
  /** Where outputs go, one offset for each; `null` if they go with the reports. */
  readonly outputs: readonly number[] | null;
  /** Memory that is this round's alone, with its bytes. */
  readonly own: readonly (readonly [memory: number, bytes: number])[];
  /** Whether the child is asked at the end if its copies of inputs have changed. */
  readonly verifies: boolean;
  /** Whether that memory may be used again, because no kernel keeps an array. */
  readonly mayReuse: boolean;
  /** Empty if the child asks for tasks when it is there. */
  readonly ranges: readonly Range[];
}

/** A round that is the same as one that the child knows, except for what is here. */
export interface AgainMessage extends Pick<JoinMessage, "round" | "pieces" | "outputs" | "ranges"> {
  readonly type: "again";
}

/** Tasks for the child to run. */
interface GrantMessage {
  readonly type: "grant";
  readonly round: number;
  readonly ranges: readonly Range[];
}

/** The words have changed. A child that runs tasks sees it by itself. */
interface LookMessage {
  readonly type: "look";
  readonly round: number;
}

/** Asks whether inputs have changed. */
interface VerifyMessage {
  readonly type: "verify";
  readonly round: number;
}

/** Collect garbage, and say what is gone. */
interface CollectMessage {
  readonly type: "collect";
}

export type ToChild =
  | SetupMessage
  | PiecesMessage
  | FeedMessage
  | ForgetMessage
  | JoinMessage
  | AgainMessage
  | GrantMessage
  | LookMessage
  | VerifyMessage
  | CollectMessage;

/** The child serves, or why it does not. */
interface StartedMessage {
  readonly type: "started";
  readonly broken: Thrown | null;
}

/** A piece was read: its place in the transit file is free. */
interface TakenMessage {
  readonly type: "taken";
}

/** What a child has done. One value for each of `indices` comes with it. */
export interface ReportMessage {
  readonly type: "report";
  readonly round: number;
  /** Positions that have been run, from the first of those that were granted and not told of yet. */
  readonly executed: number;
  /** A result table of these, as bytes; `null` if each has a value of its own. */
  readonly results: Uint8Array | null;
  /** Parts of outputs that did not go to the transit file. */
  readonly written: readonly (readonly [output: number, start: number, bytes: Uint8Array])[];
  readonly indices: readonly number[];
  readonly failures: readonly (readonly [index: number, thrown: Thrown])[];
  /** The child's meter. */
  readonly meter: Float64Array;
  /** Claims for a trace, and the place of the first of them in the log; `null` if nobody traces. */
  readonly log: readonly [at: number, claims: Float64Array] | null;
  /** Granted ranges, or their rests, that are given back. Behind them may be others, granted meanwhile. */
  readonly returned: readonly Range[];
}

/** The child can't take part: its kernel does not load. */
interface BrokenMessage {
  readonly type: "broken";
  readonly round: number;
  readonly thrown: Thrown;
}

/** The first element of an input that has changed: the array's place in the table, and the element's in the array. */
interface VerifiedMessage {
  readonly type: "verified";
  readonly round: number;
  readonly change: Change | null;
}

/** Memory that was to be forgotten and can't be reached any more. */
interface CollectedMessage {
  readonly type: "collected";
  readonly gone: readonly number[];
}

/** The error that ends the child, which comes right after. */
interface DyingMessage {
  readonly type: "dying";
  readonly thrown: Thrown;
}

export type FromChild =
  | StartedMessage
  | TakenMessage
  | ReportMessage
  | BrokenMessage
  | VerifiedMessage
  | CollectedMessage
  | DyingMessage;

/** Words of a child's part in a round: two that the parent writes, and, apart from them, two that the child writes. */
export const WORDS_BYTES = 64;
/** `LIMIT` of the round's control block. */
export const LIMIT_WORD = 0;
/** 1 if the child is to give back what it has not begun. */
export const RETURN_WORD = 1;
export const PARENT_WORDS = 2;
export const CHILD_WORDS_AT = 32;
/** 1 while it is at the round's tasks. */
export const RUNNING_WORD = 0;
/** The position after that of the task that it began last; 0 if there is none yet. */
export const AT_WORD = 1;
export const CHILD_WORDS = 2;
