/**
 * The caller's side of the protocol. It reacts to events one at a time; while it handles one, workers go on, so each
 * atomic operation is a step here too. What it does between two of them touches no shared word and belongs to the first.
 */
import { PAUSED } from "./death.js";
import { roomSteps, takeResult } from "./gate.js";
import { pollSteps, startPoll } from "./poll.js";
import { goOn } from "./round.js";
import { type CallerMove, type CallerSteps, dropLeaver, type Rules } from "./rules.js";
import { type Message, NOTHING, own, type State, type WorkerState } from "./state.js";
import { count, lowest, show, taskAt } from "./tasks.js";

export const callerSteps: CallerSteps = {
  turn(move) {
    const { state, bounds } = move;
    const closing = state.workers.findIndex(({ isClosing }) => isClosing);
    // slot.ts, Slot.#lose runs to its end before anything else does.
    if (closing !== -1) {
      if (state.workers[closing]?.sent.length === 0) lose(move, closing);
      else hear(move, closing);
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
      if (worker.sent.length > 0) hear(move, i);
      if (worker.life === "dead") {
        const next = move.fork(`hears that worker ${i} has ended`, "turn");
        own(next, i).isClosing = true;
      }
    });
    if (state.isPolling) startPoll(move);
    if (bounds.timeouts && state.outcome === "open")
      for (const i of state.workers.keys()) lookAtTime(move, i);
    takeResult(move);
    if (state.isAborted && !state.isGraceOver && state.holders > 0) endGrace(move);
  },

  ...pollSteps,
  ...roomSteps,

  // round-runner.ts, RoundRunner.#lookForEnd; control-block.ts, ControlBlock.finished: Atomics.load(NEXT).
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

  // round-runner.ts, RoundRunner.#lookForEnd; inflow.ts, Inflow.isComplete: control.posted === this.#received.
  readPosted(move) {
    if (move.rules.isComplete(move.state)) finish(move, "POSTED === received: the round has ended");
    else notFinished(move, `POSTED is ${move.state.posted}, received ${move.state.messages}`);
  },

  // inflow.ts, Inflow.lose; control-block.ts, ControlBlock.next: Atomics.load(NEXT).
  cutNext({ state, fork }) {
    fork(`reads NEXT = ${state.next}, to let no other task begin`, "loadLimit").target = state.next;
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

function hear(move: CallerMove, i: number): void {
  receive(move, i);
  if (move.state.unreads === 0) return;
  // A worker may take part in rounds of other calls, too.
  for (const isOwn of [true, false]) miss(move, i, isOwn);
}

/** The next message of the worker has come. */
function shift(worker: WorkerState): void {
  worker.sent = worker.sent.slice(1);
  if (worker.said > 0) worker.said = worker.said === 1 ? -1 : worker.said - 1;
}

/** slot.ts, Slot.#unread; round-runner.ts, RoundRunner.unread; inflow.ts, Inflow.lose. */
function miss({ state, bounds, rules, fork }: CallerMove, i: number, isOwn: boolean): void {
  const { values, failures } = (state.workers[i] as WorkerState).sent[0] as Message;
  const next = fork(`cannot read a message of worker ${i}`, isOwn ? "cutNext" : "readNext", false);
  next.unreads -= 1;
  const worker = own(next, i);
  shift(worker);
  if (!worker.isTaking) {
    next.place = "turn";
    return;
  }
  next.unread |= (values | failures) & ~next.received;
  if (isOwn) next.cut = "cutting";
  if (!rules.hasSaidLeft(worker)) return;
  worker.isTaking = false;
  worker.isLeaving = true;
  if (bounds.window > 0) next.after = "roomLimit";
  if (worker.leave !== "broken") return;
  next.failure = 0;
  next.target = 0;
  next.place = "loadLimit";
}

/** slot.ts, Slot.#report; round-runner.ts, RoundRunner.report. */
function receive({ state, bounds, fork }: CallerMove, i: number): void {
  const message = state.workers[i]?.sent[0] as Message;
  const { values, failures, left, broken } = message;
  if (state.workers[i]?.isTaking !== true) {
    shift(own(fork(`is told by worker ${i} of a round that it has left`, "turn"), i));
    return;
  }
  const what = broken ? "that the kernel is broken" : left ? "the leave" : "a message";
  const next = fork(`receives ${what} of worker ${i}`, broken ? "loadLimit" : "readNext");
  const worker = own(next, i);
  shift(worker);
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

/** slot.ts, Slot.#lose, once the port is empty; round-runner.ts, RoundRunner.lost. */
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

/** round-runner.ts, RoundRunner.#stopped: workers that are at the round's tasks a second after an abort are ended. */
function endGrace({ fork }: CallerMove): void {
  const next = fork("the grace time is over", "turn");
  next.isGraceOver = true;
  next.workers.forEach(({ isTaking, place }, i) => {
    if (isTaking && !PAUSED.has(place)) own(next, i).isTerminated = true;
  });
}

/** round-runner.ts, RoundRunner.#watch: a task that is slow is failed first; if its worker does not leave it, that is ended. */
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

/** round-runner.ts, RoundRunner.#lookForEnd: the second rule. */
function notFinished(move: CallerMove, action: string): void {
  const { state, rules } = move;
  const next = move.fork(action, state.after);
  next.seen = NOTHING;
  next.after = "turn";
  if (next.ending === "open") lookForLoss(next, rules);
  if (next.place !== "roomLimit") dropLeaver(next, rules);
}

/** round-runner.ts, RoundRunner.#lookForLoss. */
function lookForLoss(next: State, rules: Rules): void {
  const missing = rules.missing(next);
  if (missing !== 0) next.failure = lowest(missing, next.failure);
  const isLeftOut = next.cut !== "none" && next.failure === next.blame.length;
  if (isLeftOut && next.workers.every(({ isTaking }) => !isTaking) && next.loss === "none") {
    next.loss = "terminated";
  }
  if (rules.isOver(next) || missing !== 0) next.ending = next.loss;
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
  const isStream = bounds.window > 0;
  // A task whose time is up is still in its claim: there is no end to look for.
  const isCutting = state.cut === "cutting" && !isAbort;
  const hasEnd = isAbort ? isStream : isCutting || state.workers.some(({ isLeaving }) => isLeaving);
  const next = fork(action, hasEnd ? "readNext" : "turn");
  if (isCutting) next.cut = "cut";
  // job.ts, Job.stop: a stream's round may wait at its gate.
  if (isAbort && isStream) next.after = "roomLimit";
  next.seen = NOTHING;
  next.target = 0;
  if (isAbort) {
    next.isAborted = true;
    next.outcome = "aborted";
    next.holders -= 1;
  }
  return next;
}
