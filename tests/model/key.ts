/** A state as a short string, equal for states that behave the same. */
import {
  CALLER_PLACES,
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

function keyOfWorker(worker: WorkerState): string {
  const { isTerminated, isTaking, isClosing, isLeaving } = worker;
  const flags = +isTerminated | (+isTaking << 1) | (+isClosing << 2) | (+isLeaving << 3);
  let key = String.fromCharCode(
    WORKER_PLACE[worker.place] | (LIFE[worker.life] << 5) | (flags << 7) | ((worker.seen + 2) << 11),
    worker.at | (worker.end << 3) | (worker.values << 6) | (worker.failures << 10),
    LEAVE[worker.leave] | (+worker.hasSent << 2) | (+worker.isLookedAt << 3),
  );
  for (const { values, failures, left, broken } of worker.sent) {
    // The highest bit tells a message from the end of the list.
    key += String.fromCharCode(values | (failures << 4) | (+left << 8) | (+broken << 9) | (1 << 10));
  }
  return `${key}\0`;
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
      (state.retries << 3) |
      (LOSS[state.loss] << 5) |
      (ENDING[state.ending] << 7) |
      (OUTCOME[state.outcome] << 10),
    flags | (-state.target << 4) | (state.deaths << 5) | (state.kills << 8) | (+state.isPolling << 10),
    (Math.min(state.seen, end) + 2) | (CALLER_PLACE[state.after] << 4) | (state.unwoken << 8),
    state.gate | (state.taken << 3) | (state.before << 6),
  );
  // Workers are alike: which of them is where makes no difference.
  return shared + state.workers.map(keyOfWorker).sort().join("");
}
