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
  state.messages = 0;
  // backlog.ts, Backlog.beginRound.
  state.before = count(state.received);
  const gate = bounds.window === 0 ? count(order) : room(state, bounds);
  state.gate = Math.min(count(order), Math.max(0, gate));
  state.loss = "none";
  state.ending = "open";
  state.isPolling = bounds.isShort;
  state.unwoken = Math.min(state.workers.length, count(order));
}

/** pass.ts, Pass.wake; pool.ts, Pool.acquire. @param chosen the workers to wake */
export function wake(state: State, chosen: number, isShort: boolean, holds: number): void {
  state.unwoken -= count(chosen);
  state.workers.forEach((before, i) => {
    if (((chosen >> i) & 1) === 0) return;
    // A slot whose worker was told to end has left the pool; one whose worker died unheard of is woken in vain.
    if (before.life === "gone" || before.isTerminated) state.workers[i] = freshWorker();
    const worker = own(state, i);
    worker.isTaking = true;
    worker.leave = isShort ? "taking" : "call";
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
    const isRight =
      state.failure === lowest(bounds.failing, bounds.tasks) || (state.isBroken && state.failure === 0);
    if (!isRight) {
      state.violation = {
        property: "result",
        detail: `the call rejects with the error of task ${state.failure}, which is not the first to fail`,
      };
    }
    return;
  }
  state.outcome = "resolved";
  // results.ts, ResultTable.collect: a slot where the kind says so, else what came by message.
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
function giveUp(state: State, { deaths, maxRetries }: Bounds): void {
  closeRun(state);
  state.holders -= 1;
  state.outcome = "lost";
  if (deaths - state.deaths <= maxRetries) {
    state.violation = {
      property: "retries",
      detail: `the call is given up after ${deaths - state.deaths} deaths, though ${maxRetries} retries are allowed`,
    };
  }
}

/** Where a worker may still write results or outputs. */
const WRITING: ReadonlySet<WorkerPlace> = new Set<WorkerPlace>([
  "run",
  "writeSlot",
  "writeKind",
  "writeElsewhere",
]);

/** threads.ts, ThreadsStrategy.run, behind `await pass.ended`. */
export function goOn({ state, bounds, rules, fork }: CallerMove): void {
  if (state.isStopped) {
    closeRun(fork("the run of the aborted call returns", "turn"));
    return;
  }
  if (state.ending === "none") {
    const next = fork("the run returns: collects the results", "turn");
    deliver(next, bounds);
    next.violation ??= raceOf(state, WRITING);
    return;
  }
  const unfinished = rules.unfinished(state, bounds);
  const isRetry = rules.isRetry(state.ending);
  const race = raceOf(state, undefined);
  if (unfinished === 0) {
    const next = fork("nothing is unfinished: collects the results", "turn");
    deliver(next, bounds);
    next.violation ??= race;
  } else if (isRetry && state.retries === bounds.maxRetries) {
    const next = fork(`gives up with ${show(unfinished)} unfinished`, "turn");
    giveUp(next, bounds);
    next.violation ??= race;
  } else {
    // Slots that are busy with other calls are passed over, so any may be chosen.
    const first = bounds.isShort ? 1 : Math.min(state.workers.length, count(unfinished));
    for (const chosen of subsets(below(state.workers.length), first)) {
      const next = fork(`opens a round over ${show(unfinished)} for workers ${show(chosen)}`, "turn");
      openRound(next, unfinished, bounds, rules);
      wake(next, chosen, bounds.isShort, rules.holds);
      if (isRetry) next.retries += 1;
      next.violation = race;
    }
  }
}

/** Results are read: does a worker live that may write them? `places`: where it may; undefined: all but `idle`. */
function raceOf(state: Readonly<State>, places: ReadonlySet<WorkerPlace> | undefined): Violation | undefined {
  const isWriting = state.workers.some(({ life, place }) => {
    return life === "up" && (places?.has(place) ?? place !== "idle");
  });
  return isWriting
    ? { property: "race", detail: "results are read while a worker may write them" }
    : undefined;
}
