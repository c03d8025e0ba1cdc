/** How rounds begin and how the call ends, with the properties of its outcome. */
import type { Violation } from "./explorer.js";
import type { CallerMove, Rules } from "./rules.js";
import { type Bounds, freshWorker, own, type State, type WorkerPlace } from "./state.js";
import { below, count, lowest, show, subsets } from "./tasks.js";

/** round.ts, openRound, before any worker knows of the round; threads.ts, ThreadsStrategy.run. */
export function openRound(state: State, order: number, bounds: Bounds, { room }: Rules): void {
  state.next = 0;
  state.limit = count(order);
  state.open = 0;
  state.posted = 0;
  state.order = order;
  // job.ts, Job.unfinished: what runs again is pending again.
  state.elsewhere &= ~order;
  state.unread &= ~order;
  state.cut = "none";
  state.messages = 0;
  // stream-buffer.ts, StreamBuffer.beginRound.
  state.before = count(state.received);
  const gate = bounds.window === 0 ? count(order) : room(state, bounds);
  state.gate = Math.min(count(order), Math.max(0, gate));
  state.loss = "none";
  state.blamed = 0;
  state.isNobodys = false;
  state.ending = "open";
  state.isPolling = bounds.isShort;
  state.unwoken = Math.min(state.workers.length, count(order));
}

/** round-runner.ts, RoundRunner.wake; pool.ts, Pool.acquire. @param chosen the workers to wake */
export function wake(state: State, chosen: number, isShort: boolean, { holds, saidBefore }: Rules): void {
  state.unwoken -= count(chosen);
  state.workers.forEach((before, i) => {
    if (((chosen >> i) & 1) === 0) return;
    // A slot whose worker was told to end has left the pool; one whose worker died unheard of is woken in vain.
    if (before.life === "gone" || before.isTerminated) state.workers[i] = freshWorker();
    const worker = own(state, i);
    worker.isTaking = true;
    worker.noted = 0;
    worker.leave = isShort ? "taking" : "call";
    worker.said = saidBefore(worker.said);
    if (worker.life === "up") worker.place = "join";
    state.holders += holds;
  });
}

/** execution.ts, Execution.run: the run drops its hold, however it ended. */
function closeRun(state: State): void {
  state.ending = "closed";
  state.holders -= 1;
}

/** execution.ts, Execution.collect; executor.ts: the call is closed. */
function deliver(state: State, bounds: Bounds): void {
  closeRun(state);
  state.holders -= 1;
  if (state.failure < bounds.tasks) {
    state.outcome = "failed";
    // A kernel that does not load counts as a failure of task 0.
    const first = lowest(bounds.failing | state.overdue | state.unread, bounds.tasks);
    const isRight = state.failure === first || (state.isBroken && state.failure === 0);
    if (!isRight) {
      state.violation = {
        property: "result",
        detail: `the call rejects with the error of task ${state.failure}, which is not the first to fail`,
      };
    }
    return;
  }
  state.outcome = "resolved";
  // result-table.ts, ResultTable.collect: a slot where the kind says so, else what came by message.
  const written = state.numbers & state.slots;
  const wrong = below(bounds.tasks) & ~(written | (state.elsewhere & state.received));
  if (wrong !== 0) {
    state.violation = {
      property: "result",
      detail: `the call resolves without the value of tasks ${show(wrong)}`,
    };
  }
}

/** threads.ts, lostError. */
function giveUp(state: State, { deaths, deadly, maxRetries }: Bounds): void {
  closeRun(state);
  state.holders -= 1;
  state.outcome = "lost";
  const index = lowest(state.givenUp, -1);
  if (index === -1 && deadly === 0 && deaths - state.deaths <= maxRetries) {
    state.violation = {
      property: "retries",
      detail: `the call is given up after ${deaths - state.deaths} deaths, though ${maxRetries} retries are allowed`,
    };
  }
  const runs = state.deadlyRuns[index];
  if (runs !== undefined && runs <= maxRetries) {
    state.violation = {
      property: "blame",
      detail: `task ${index} is given up after ${runs} of its runs ended a worker, though ${maxRetries} retries are allowed`,
    };
  }
}

/** loss-policy.ts, LossPolicy.note. @returns whether another round is pointless */
function noteLosses(state: State, { maxRetries, mostInARow }: Bounds, hasProgressed: boolean): boolean {
  // Once a task is given up it is all the same how often it was to blame.
  state.blame = state.blame.map((times, task) =>
    Math.min(maxRetries + 1, times + ((state.blamed >> task) & 1)),
  );
  const over = state.blame.reduce((set, times, task) => (times > maxRetries ? set | (1 << task) : set), 0);
  state.inARow += count(over & ~state.givenUp);
  state.givenUp |= over;
  if (hasProgressed) {
    state.inVain = 0;
    state.inARow = 0;
    return false;
  }
  if (state.isNobodys) state.inVain += 1;
  // From there on a higher count is like this one.
  state.inARow = Math.min(state.inARow, mostInARow);
  return state.inVain > maxRetries || state.inARow >= mostInARow;
}

/** Results that were kept though their tasks had stopped half way: `error.partial` would have them. */
function partialOf(state: Readonly<State>): Violation | undefined {
  const wrong = state.stopped & (state.numbers | (state.elsewhere & state.received));
  return wrong === 0
    ? undefined
    : { property: "partial", detail: `tasks ${show(wrong)} had stopped half way, and have results` };
}

/** Values of this round that were sent and could have been read: `error.partial` would lack them. */
function lossOf(
  { order, elsewhere, received, unread }: Readonly<State>,
  { failing }: Bounds,
): Violation | undefined {
  const lost = order & elsewhere & ~(received | unread | failing);
  return lost === 0
    ? undefined
    : { property: "partial", detail: `the values of tasks ${show(lost)} were sent, and nobody took them` };
}

/** Where a worker may still write results or outputs. */
const WRITING: ReadonlySet<WorkerPlace> = new Set<WorkerPlace>([
  "run",
  "writeSlot",
  "writeKind",
  "writeElsewhere",
]);

/** threads.ts, ThreadsStrategy, behind `await current.untilEnd()`. */
export function goOn({ state, bounds, rules, fork }: CallerMove): void {
  if (state.isStopped) {
    closeRun(fork("the run of the aborted call returns", "turn"));
    return;
  }
  if (state.ending === "none") {
    const next = fork("the run returns: collects the results", "turn");
    if (lowest(state.givenUp, bounds.tasks) < state.failure) giveUp(next, bounds);
    else deliver(next, bounds);
    next.violation ??= raceOf(state, WRITING) ?? partialOf(state) ?? lossOf(state, bounds);
    return;
  }
  const unfinished = rules.unfinished(state, bounds);
  const race = raceOf(state, undefined);
  const rest = unfinished & ~rules.excluded(state);
  const noted = { ...state };
  const isPointless = noteLosses(noted, bounds, (state.order & ~rest) !== 0);
  const { blame, givenUp, inVain, inARow } = noted;
  const charge = (next: State): State => Object.assign(next, { blame, givenUp, inVain, inARow });
  const left = rest & ~rules.excluded(noted);
  const first = lowest(givenUp, bounds.tasks);
  if (isPointless || (left === 0 && first < state.failure)) {
    const next = charge(fork(`gives up with ${show(unfinished)} unfinished`, "turn"));
    giveUp(next, bounds);
    next.violation ??= race ?? partialOf(state);
  } else if (left === 0) {
    const next = charge(fork("nothing is unfinished: collects the results", "turn"));
    deliver(next, bounds);
    next.violation ??= race ?? partialOf(state);
  } else {
    // Slots that are busy with other calls are passed over, so any may be chosen.
    const wanted = bounds.isShort ? 1 : Math.min(state.workers.length, count(left));
    for (const chosen of subsets(below(state.workers.length), wanted)) {
      const next = charge(fork(`opens a round over ${show(left)} for workers ${show(chosen)}`, "turn"));
      openRound(next, left, bounds, rules);
      wake(next, chosen, bounds.isShort, rules);
      next.violation = race;
    }
  }
}

/** Results are read: whether a worker lives that may write them. `places`: where it may; `undefined` if all but `idle`. */
function raceOf(state: Readonly<State>, places: ReadonlySet<WorkerPlace> | undefined): Violation | undefined {
  const isWriting = state.workers.some(({ life, place }) => {
    return life === "up" && (places?.has(place) ?? place !== "idle");
  });
  return isWriting
    ? { property: "race", detail: "results are read while a worker may write them" }
    : undefined;
}
