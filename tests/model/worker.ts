/** A worker's part of the protocol, one atomic operation, plain write or message a step. */
import { dieOf } from "./death.js";
import type { Violation } from "./explorer.js";
import { gatedClaimSteps } from "./gate.js";
import {
  type Bounds,
  type Message,
  NOTHING,
  type State,
  type WorkerPlace,
  type WorkerState,
} from "./state.js";
import { count, show, taskAt } from "./tasks.js";

export interface WorkerFork {
  /** The state that the step leads to, its own copy. */
  readonly state: State;
  readonly worker: WorkerState;
}

export interface WorkerMove {
  readonly bounds: Bounds;
  /** Before the step; not to be changed. */
  readonly state: Readonly<State>;
  readonly worker: Readonly<WorkerState>;
  /** One way in which the step may go; more than one if the code depends on time or on a kernel. */
  fork(action: string, place: WorkerPlace): WorkerFork;
}

export type WorkerStep = (move: WorkerMove) => void;
export type WorkerSteps = Readonly<Record<WorkerPlace, WorkerStep>>;

export const workerSteps: WorkerSteps = {
  idle() {},

  // worker-server.ts, WorkerServer.#join: reads the descriptor and loads the kernel; `receive` reports one that does not load.
  join({ bounds, fork }) {
    fork("joins the round", "raiseOpen");
    if (!bounds.breaks) return;
    const { state, worker } = fork("cannot load the kernel, reports it and leaves", "idle");
    state.isBroken = true;
    worker.leave = "broken";
    worker.said = worker.sent.length + 1;
    worker.sent = [...worker.sent, { values: 0, failures: 0, left: true, broken: true }];
  },

  // control-block.ts, ControlBlock.claim: Atomics.add(OPEN, 1).
  raiseOpen({ bounds, fork }) {
    const { state } = fork("OPEN += 1", bounds.window === 0 ? "takeNext" : "loadNext");
    state.open += 1;
  },

  // control-block.ts, ControlBlock.claim: Atomics.add(NEXT, count), and the cut in task-loop.ts, TaskLoop.#claim.
  takeNext(move) {
    for (const size of move.bounds.sizes) {
      const fork = move.fork(`claims ${size}: NEXT += ${size}`, "compareLimit");
      fork.state.next += size;
      take(move, fork, move.state.next, size);
    }
  },

  // control-block.ts, ControlBlock.claim: start < Atomics.load(LIMIT).
  compareLimit({ state, worker, fork }) {
    if (worker.at < state.limit) fork(`${worker.at} < LIMIT: has the claim`, "checkLimit");
    else fork(`${worker.at} >= LIMIT: finds nothing`, "withdraw");
  },

  ...gatedClaimSteps,

  // control-block.ts, ControlBlock.claim: Atomics.sub(OPEN, 1) of a claim that found nothing.
  withdraw({ fork }) {
    const { state, worker } = fork("OPEN -= 1", "leave");
    state.open -= 1;
    worker.at = worker.end = 0;
  },

  // task-loop.ts, TaskLoop.advance: meter[RUNNING] = 0; report-sender.ts, ReportSender.leave; leave-word.ts, LeaveWord.leave:
  // Atomics.compareExchange. A worker that has sent anything leaves by message, which cannot overtake what it sent.
  leave({ bounds, worker, fork }) {
    const place = bounds.unread === 0 ? "sayLeave" : "noteLeave";
    if (hasGathered(worker) || worker.hasSent) {
      // If every message is read, nobody looks at the second word, so noting it is no step of its own.
      if (place === "sayLeave") send(fork("leaves", "idle").worker, true);
      else fork("must say that it leaves", place);
    } else if (worker.leave === "taking") fork("leaves silently", "idle").worker.leave = "left";
    else fork("must say that it leaves", place);
  },

  // report-sender.ts, ReportSender.#send; leave-word.ts, LeaveWord.say: Atomics.store.
  noteLeave({ fork }) {
    const { worker } = fork("notes which message says so", "sayLeave");
    worker.said = worker.sent.length + 1;
  },

  // report-sender.ts, ReportSender.leave: the message.
  sayLeave({ fork }) {
    send(fork("leaves", "idle").worker, true);
  },

  // task-loop.ts, TaskLoop.#advance: position >= control.limit; before that, a slice may end and send what has gathered.
  checkLimit(move) {
    const { state, worker, fork } = move;
    if (worker.at < state.limit) {
      // The meter is this worker's alone, so what it notes there is no step of its own.
      const next = fork(`${worker.at} < LIMIT: notes and starts the task`, "run");
      next.worker.noted = taskAt(state.order, worker.at);
      if (state.isAborted) next.state.violation = violated("abort", "a task starts after the abort");
    } else {
      afterTask(move, `${worker.at} >= LIMIT: skips the task`);
    }
    if (hasGathered(worker))
      send(fork("its slice is over: sends what has gathered", "checkLimit").worker, false);
  },

  // task-loop.ts, TaskLoop.#advance: run(index) writes the task's outputs; #settle and #fail fill the outbox.
  run(move) {
    const { bounds, state, worker, fork } = move;
    const task = taskAt(state.order, worker.at);
    if ((bounds.asking & task) !== 0 && worker.at >= state.limit) {
      // abort-check.ts, AbortCheck.takeDenial: what it returns is no result.
      const next = afterTask(move, `task ${show(task)} asks, and stops as nobody wants it`);
      next.state.stopped |= task;
    }
    if ((bounds.hanging & task) !== 0) return;
    if ((bounds.deadly & task) !== 0) {
      const next = fork(`runs task ${show(task)}, which ends the worker`, "run");
      dieOf(next.state, next.worker);
      return;
    }
    const throws = (bounds.failing & task) !== 0;
    const posts = throws || (bounds.posting & task) !== 0;
    const next = fork(
      `runs task ${show(task)}${throws ? ", which throws" : ""}`,
      posts ? "raisePosted" : "writeSlot",
    );
    if (throws) next.worker.failures |= task;
    else if (posts) next.worker.values |= task;
    if (((state.numbers | state.elsewhere) & task) !== 0) {
      next.state.violation = violated("once", `task ${show(task)} had ended, and runs again`);
    }
    if (state.outcome === "resolved") {
      next.state.violation = violated("recycle", "a task writes outputs that are the user's by now");
    }
  },

  // result-table.ts, ResultTable.write: the slot.
  writeSlot({ fork, state: { order }, worker: { at } }) {
    const { state } = fork("writes the slot", "writeKind");
    state.slots |= taskAt(order, at);
  },

  // result-table.ts, ResultTable.write: the kind.
  writeKind(move) {
    const { state } = afterTask(move, "writes the kind NUMBER");
    state.numbers |= taskAt(move.state.order, move.worker.at);
  },

  // task-loop.ts, TaskLoop.#settle and #fail: control.addPosted(1).
  raisePosted({ fork }) {
    const { state } = fork("POSTED += 1", "writeElsewhere");
    state.posted += 1;
  },

  // task-loop.ts, TaskLoop.#settle and #fail: results.markElsewhere(index).
  writeElsewhere(move) {
    const { bounds, state, worker, fork } = move;
    const task = taskAt(state.order, worker.at);
    const action = "writes the kind ELSEWHERE";
    const next = (bounds.failing & task) !== 0 ? fork(action, "loadLimit") : afterTask(move, action);
    next.state.elsewhere |= task;
  },

  // control-block.ts, ControlBlock.lowerLimit: the first load.
  loadLimit(move) {
    const { state, worker, fork } = move;
    if (worker.at >= state.limit) afterTask(move, "LIMIT is low already");
    else fork("loads LIMIT", "lowerLimit").worker.seen = state.limit;
  },

  // control-block.ts, ControlBlock.lowerLimit: Atomics.compareExchange, once or more often.
  lowerLimit(move) {
    const { state, worker, fork } = move;
    if (state.limit === worker.seen) {
      afterTask(move, `LIMIT = ${worker.at}`).state.limit = worker.at;
    } else if (worker.at >= state.limit) {
      afterTask(move, "LIMIT has fallen lower meanwhile");
    } else {
      fork("LIMIT has fallen meanwhile", "lowerLimit").worker.seen = state.limit;
    }
  },

  // control-block.ts, ControlBlock.endClaim: Atomics.sub(OPEN, 1).
  endClaim({ worker, fork }) {
    const next = fork("ends the claim: OPEN -= 1", hasGathered(worker) ? "flush" : "raiseOpen");
    next.state.open -= 1;
    next.worker.at = next.worker.end = 0;
  },

  // report-sender.ts, ReportSender.claimEnded: sends or gathers, as time will have it; of a stream it always sends.
  flush({ bounds, fork }) {
    if (bounds.window === 0) fork("goes on gathering", "raiseOpen");
    send(fork("sends what has gathered", "raiseOpen").worker, false);
  },
};

/** The claim is the worker's, cut off at the end of the round. */
export function take(move: WorkerMove, { worker }: WorkerFork, start: number, size: number): void {
  const tasks = count(move.state.order);
  // Past the end one position is like another.
  worker.at = Math.min(start, tasks);
  worker.end = Math.min(start + size, tasks);
}

/** The task in hand is done with: the next of the claim, or its end. */
function afterTask({ worker, fork }: WorkerMove, action: string): WorkerFork {
  const isLast = worker.at + 1 === worker.end;
  const next = fork(action, isLast ? "endClaim" : "checkLimit");
  next.worker.seen = NOTHING;
  next.worker.at = isLast ? worker.at : worker.at + 1;
  return next;
}

function hasGathered({ values, failures }: Readonly<WorkerState>): boolean {
  return (values | failures) !== 0;
}

/** report-sender.ts, ReportSender.#send. */
function send(worker: WorkerState, left: boolean): void {
  const message: Message = { values: worker.values, failures: worker.failures, left, broken: false };
  worker.sent = [...worker.sent, message];
  worker.values = 0;
  worker.failures = 0;
  // Matters to the end of its round.
  worker.hasSent = !left;
}

function violated(property: string, detail: string): Violation {
  return { property, detail };
}
