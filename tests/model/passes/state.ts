/** The state of one call of `iterateShared` on workers: the shared words, what each worker does next, what the caller's side knows. */
import type { Violation } from "../explorer.js";

export interface PassBounds {
  readonly workers: number;
  readonly chunks: number;
  readonly passes: number;
  /** Positions that a claim may take. */
  readonly sizes: readonly number[];
  /** Passes, from 0, of which the last chunk returns more than the tolerance; `undefined` if there is no tolerance. */
  readonly exceeding: readonly number[] | undefined;
  /** The pass and the chunk of a task that throws. */
  readonly failing: readonly [pass: number, chunk: number] | undefined;
  readonly deaths: number;
  readonly aborts: boolean;
}

/** What a worker does next. pass-worker.ts has its steps. */
export type WorkerPlace =
  | "idle"
  | "raiseOpen"
  | "loadNext"
  | "loadGate"
  | "loadLimit"
  | "swapNext"
  | "withdraw"
  | "isExhausted"
  | "checkLimit"
  | "run"
  | "exceed"
  | "mark"
  | "lowerLimit"
  | "tellLimit"
  | "addEnded"
  | "subOpen"
  | "loadNews"
  | "seeGate"
  | "look"
  | "loadEnded"
  | "loadExceeded"
  | "openGate"
  | "tell"
  | "stop"
  | "wait"
  | "asleep"
  | "left";

export interface PassWorker {
  readonly life: "up" | "dead" | "gone";
  readonly place: WorkerPlace;
  /** Its claim: its start, the position in hand, and its end. */
  readonly from: number;
  readonly at: number;
  readonly end: number;
  readonly seenNews: number;
  readonly seenGate: number;
  /** It has posted the error of the task that fails. */
  readonly posted: boolean;
}

export interface PassState {
  // The control block of the round.
  readonly next: number;
  readonly limit: number;
  readonly open: number;
  readonly ended: number;
  readonly posted: number;
  readonly gate: number;
  readonly exceeded: number;
  readonly news: number;
  /** The pass with which the round began, and the chunks that were left of it. */
  readonly first: number;
  readonly rest: readonly number[];
  /** Passes that each chunk has been through: the result table. */
  readonly done: readonly number[];
  readonly workers: readonly PassWorker[];
  // The caller's side.
  readonly place: "turn" | "cut" | "tellCut" | "tellAbort";
  /** The gate as it was before `LIMIT` is lowered to it. */
  readonly target: number;
  readonly received: number;
  readonly hasLost: boolean;
  readonly hasFailed: boolean;
  readonly outcome: "open" | "resolved" | "failed" | "aborted";
  readonly deaths: number;
  readonly violation: Violation | undefined;
}

export const FRESH: PassWorker = {
  life: "up",
  place: "idle",
  from: 0,
  at: 0,
  end: 0,
  seenNews: 0,
  seenGate: 0,
  posted: false,
};
