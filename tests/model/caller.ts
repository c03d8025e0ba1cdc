/**
 * The caller's side of the protocol. It reacts to events one at a time; while it handles one, workers go on, so each
 * atomic operation is a step here too. What it does between two of them touches no shared word and belongs to the first.
 */
import { PAUSED } from "./death.js";
import { roomSteps, takeResult } from "./gate.js";
import { pollSteps, startPoll } from "./poll.js";
import { goOn } from "./round.js";
import { type CallerMove, type CallerSteps, dropLeaver } from "./rules.js";
import { type Message, NOTHING, own, type State, type WorkerState } from "./state.js";
import { count, lowest, show, taskAt } from "./tasks.js";

export const callerSteps: CallerSteps = {
  turn(move) {
    const { state, bounds } = move;
    const closing = state.workers.findIndex(({ isClosing }) => isClosing);
    // slot.ts, Slot.#lose runs to its end before anything else does.
    if (closing !== -1) {
      if (state.workers[closing]?.sent.length === 0) lose(move, closing);
      else receive(move, closing);
      return;
    }
    if (bounds.aborts && !state.isStopped && state.outcome === "open") {
      // job.ts, Job.stop, from a signal or from executor.cancel(). Only a task that never ends, or a loop that stalls, has to wait for it.
      const next = move.fork("aborts", "loadLimit", bounds.hanging !== 0 || bounds.stalls);
      next.isStopped = true;
      next.target = -1;
    }
    // The promise that #lookForEnd resolved goes on before the next event does.
    if (state.ending !== "open" && state.ending !== "closed") {
      goOn(move);
      return;
    }
    state.workers.forEach((worker, i) => {
      if (worker.sent.length > 0) receive(move, i);
      if (worker.life === "dead") {
        const next = move.fork(`hears that worker ${i} has ended`, "turn");
        own(next, i).isClosing = true;
      }
    });
    if (state.isPolling) startPoll(move);
    takeResult(move);
    if (bounds.timeouts && state.outcome === "open")
      for (const i of state.workers.keys()) lookAtTime(move, i);
    if (state.isAborted && !state.isGraceOver && state.holders > 0) endGrace(move);
  },

  ...pollSteps,
  ...roomSteps,

  // pass.ts, Pass.#lookForEnd; control-block.ts, ControlBlock.finished: Atomics.load(NEXT).
  readNext({ state, fork }) {
    fork(`reads NEXT = ${state.next}`, "readLimit").seen = state.next;
  },

  // control-block.ts, ControlBlock.finished: >= Atomics.load(LIMIT).
  readLimit(move) {
    if (move.state.seen >= move.state.limit) move.fork("NEXT >= LIMIT", "readOpen");
    else notFinished(move, "NEXT < LIMIT");
  },

  // control-block.ts, ControlBlock.finished: Atomics.load(OPEN) === 0.
  readOpen(move) {
    if (move.state.open === 0) move.fork("OPEN === 0", "readPosted");
    else notFinished(move, `OPEN is ${move.state.open}`);
  },

  // pass.ts, Pass.#lookForEnd: control.posted === this.#received.
  readPosted(move) {
    if (move.state.posted === move.state.messages) finish(move, "POSTED === received: the round has ended");
    else notFinished(move, `POSTED is ${move.state.posted}, received ${move.state.messages}`);
  },

  // control-block.ts, ControlBlock.lowerLimit: the first load.
  loadLimit(move) {
    if (move.state.target >= move.state.limit) afterLowering(move, "LIMIT is low already");
    else move.fork("loads LIMIT", "lowerLimit").seen = move.state.limit;
  },

  // control-block.ts, ControlBlock.lowerLimit: Atomics.compareExchange, once or more often.
  lowerLimit(move) {
    const { limit, seen, target } = move.state;
    if (limit === seen) afterLowering(move, `LIMIT = ${target}`).limit = target;
    else if (target >= limit) afterLowering(move, "LIMIT has fallen lower meanwhile");
    else move.fork("LIMIT has fallen meanwhile", "lowerLimit").seen = limit;
  },
};

/** slot.ts, Slot.#report; pass.ts, Pass.report. */
function receive({ state, bounds, fork }: CallerMove, i: number): void {
  const message = state.workers[i]?.sent[0] as Message;
  const { values, failures, left, broken } = message;
  const what = broken ? "that the kernel is broken" : left ? "the leave" : "a message";
  const next = fork(`receives ${what} of worker ${i}`, broken ? "loadLimit" : "readNext");
  const worker = own(next, i);
  worker.sent = worker.sent.slice(1);
  if ((values & next.received) !== 0) next.violation = { property: "once", detail: "a value comes twice" };
  next.received |= values;
  next.failure = Math.min(next.failure, broken ? 0 : lowest(failures, next.failure));
  next.messages += count(values) + count(failures);
  if (left) {
    worker.isTaking = false;
    worker.isLeaving = true;
    if (bounds.window > 0) next.after = "roomLimit";
  }
}

/** slot.ts, Slot.#lose, once the port is empty; pass.ts, Pass.lost. */
function lose({ state, bounds, rules, fork }: CallerMove, i: number): void {
  const lost = state.workers[i] as WorkerState;
  const { isTaking } = lost;
  const next = fork(`has read all that worker ${i} had sent`, isTaking ? "readNext" : "turn");
  const worker = own(next, i);
  worker.life = "gone";
  worker.isClosing = false;
  worker.isTerminated = false;
  if (!isTaking) return;
  if (bounds.window > 0) next.after = "roomLimit";
  if (rules.isForeign(lost)) {
    if (next.loss === "none") next.loss = "terminated";
  } else {
    next.loss = "died";
    const task = rules.blamedOf(state, lost);
    next.blamed |= task;
    if (task === 0) next.isNobodys = true;
  }
  worker.isTaking = false;
  worker.isLeaving = true;
}

/** pass.ts, Pass.#stopped: workers that are at the round's tasks a second after an abort are ended. */
function endGrace({ fork }: CallerMove): void {
  const next = fork("the grace time is over", "turn");
  next.isGraceOver = true;
  next.workers.forEach(({ isTaking, place }, i) => {
    if (isTaking && !PAUSED.has(place)) own(next, i).isTerminated = true;
  });
}

/** pass.ts, Pass.#watch: a task that is slow is failed first; if its worker does not leave it, that is ended. */
function lookAtTime({ state, bounds, rules, fork }: CallerMove, i: number): void {
  const { life, place, at, isTaking, isTerminated } = state.workers[i] as WorkerState;
  const task = taskAt(state.order, at);
  const isSlow = ((bounds.hanging | bounds.asking) & task) !== 0;
  if (life !== "up" || place !== "run" || !isTaking || !isSlow || isTerminated) return;
  if ((state.overdue & task) !== 0) {
    own(fork(`ends worker ${i}, which does not leave task ${show(task)}`, "turn"), i).isTerminated = true;
    return;
  }
  const next = fork(`sees that the time of task ${show(task)} is up`, "loadLimit");
  next.overdue |= task;
  next.failure = rules.failureAfter(state, lowest(task, 0));
  next.target = at;
}

/** pass.ts, Pass.#lookForEnd: the second rule. */
function notFinished(move: CallerMove, action: string): void {
  const { state, rules } = move;
  const next = move.fork(action, state.after);
  next.seen = NOTHING;
  next.after = "turn";
  if (rules.isOver(state) && next.ending === "open") next.ending = next.loss;
  if (next.place !== "roomLimit") dropLeaver(next, rules);
}

function finish({ state, fork, rules }: CallerMove, action: string): void {
  const next = fork(action, state.after);
  next.seen = NOTHING;
  next.after = "turn";
  if (next.ending === "open") next.ending = "none";
  if (next.place !== "roomLimit") dropLeaver(next, rules);
}

/** After job.stop() the call rejects and is closed; after a kernel that does not load, its worker has left. */
function afterLowering({ state, bounds, fork }: CallerMove, action: string): State {
  const isAbort = state.target === -1;
  // job.ts, Job.stop: a stream's round may wait at its gate.
  const looksForEnd = isAbort ? bounds.window > 0 : state.workers.some(({ isLeaving }) => isLeaving);
  // A task whose time is up is still in its claim: there is no end to look for.
  const next = fork(action, looksForEnd ? "readNext" : "turn");
  if (isAbort && looksForEnd) next.after = "roomLimit";
  next.seen = NOTHING;
  next.target = 0;
  if (isAbort) {
    next.isAborted = true;
    next.outcome = "aborted";
    next.holders -= 1;
  }
  return next;
}
