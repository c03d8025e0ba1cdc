/** A state as a short string, equal for states that behave the same. */
import {
  CALLER_PLACES,
  CUTS,
  ENDINGS,
  LEAVES,
  LIVES,
  LOSSES,
  OUTCOMES,
  type State,
  WORKER_PLACES,
  type WorkerState,
} from "./state.js";
import { count } from "./tasks.js";

/** As many tasks as the fields below have bits for. */
export const MOST_TASKS = 4;

const codes = <T extends string>(names: readonly T[]): Readonly<Record<T, number>> =>
  Object.fromEntries(names.map((name, code) => [name, code])) as Record<T, number>;
const WORKER_PLACE = codes(WORKER_PLACES);
const LIFE = codes(LIVES);
const LEAVE = codes(LEAVES);
const CALLER_PLACE = codes(CALLER_PLACES);
const LOSS = codes(LOSSES);
const ENDING = codes(ENDINGS);
const OUTCOME = codes(OUTCOMES);
const CUT = codes(CUTS);

/** @param ended tasks that have ended in this round: a note of one of them is like none */
function keyOfWorker(worker: WorkerState, ended: number): string {
  const { isTerminated, isTaking, isClosing, isLeaving } = worker;
  const flags = +isTerminated | (+isTaking << 1) | (+isClosing << 2) | (+isLeaving << 3);
  let key = String.fromCharCode(
    WORKER_PLACE[worker.place] | (LIFE[worker.life] << 5) | (flags << 7) | ((worker.seen + 2) << 11),
    worker.at | (worker.end << 3) | (worker.values << 6) | (worker.failures << 10),
    LEAVE[worker.leave] |
      (+worker.hasSent << 2) |
      (+worker.isLookedAt << 3) |
      ((worker.noted & ~ended) << 4) |
      ((worker.said + 1) << 8),
  );
  for (const { values, failures, left, broken } of worker.sent) {
    // The highest bit tells a message from the end of the list.
    key += String.fromCharCode(values | (failures << 4) | (+left << 8) | (+broken << 9) | (1 << 10));
  }
  return `${key}\0`;
}

/** Counts of up to three, one per task. */
function pack(counts: readonly number[]): number {
  return counts.reduce((packed, count, task) => packed | (count << (2 * task)), 0);
}

export function keyOf(state: State): string {
  // Past the end one position is like another: nothing is compared with LIMIT but by >=.
  const end = count(state.order);
  const flags =
    +state.isStopped | (+state.isAborted << 1) | (+state.isGraceOver << 2) | (+state.isBroken << 3);
  const shared = String.fromCharCode(
    Math.min(state.next, end) |
      ((state.limit + 1) << 3) |
      (state.open << 6) |
      (CALLER_PLACE[state.place] << 9),
    state.posted | (state.messages << 4) | (state.order << 8) | (state.holders << 12),
    state.numbers | (state.elsewhere << 4) | (state.slots << 8) | (state.received << 12),
    state.failure |
      (LOSS[state.loss] << 3) |
      (ENDING[state.ending] << 5) |
      (OUTCOME[state.outcome] << 8) |
      (+state.isNobodys << 11) |
      (state.blamed << 12),
    flags | ((state.target + 1) << 4) | (state.deaths << 7) | (state.kills << 10) | (+state.isPolling << 12),
    state.givenUp | (state.overdue << 4) | (state.stopped << 8) | (state.inVain << 12) | (state.inARow << 14),
    pack(state.blame) | (pack(state.deadlyRuns) << 8),
    (Math.min(state.seen, end) + 2) | (CALLER_PLACE[state.after] << 4) | (state.unwoken << 8),
    state.gate | (state.taken << 3) | (state.before << 6),
    state.unread | (state.unreads << 4) | (CUT[state.cut] << 6),
  );
  const ended = state.numbers | state.elsewhere;
  // Workers are alike: which of them is where makes no difference.
  return (
    shared +
    state.workers
      .map((worker) => keyOfWorker(worker, ended))
      .sort()
      .join("")
  );
}
