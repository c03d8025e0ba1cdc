/** What a step of the caller's side is, and the decisions in it that touch no shared word. */
import { type Bounds, type CallerPlace, own, type State, type WorkerState } from "./state.js";
import { below } from "./tasks.js";

export interface CallerMove {
  readonly bounds: Bounds;
  readonly rules: Rules;
  /** Before the step; not to be changed. */
  readonly state: Readonly<State>;
  /** One way in which the step may go. */
  fork(action: string, place: CallerPlace, isProgress?: boolean): State;
}

export type CallerStep = (move: CallerMove) => void;
export type CallerSteps = Readonly<Record<CallerPlace, CallerStep>>;

/** Decisions of the caller's side that mutations replace. */
export interface Rules {
  /** round-runner.ts, RoundRunner.wake: holds on the lease for each woken worker. */
  readonly holds: number;
  /** round-runner.ts, RoundRunner.#lookForLoss: whether the round has ended though not all of its tasks have. */
  isOver(state: Readonly<State>): boolean;
  /** round-runner.ts, RoundRunner.#wake: of what a worker that had the place before said, what stays. */
  saidBefore(said: number): number;
  /** slot.ts, Slot.#unread: whether the leave of the worker was in a message that could not be read. */
  hasSaidLeft(worker: Readonly<WorkerState>): boolean;
  /** inflow.ts, Inflow.isComplete: whether nothing is missing. */
  isComplete(state: Readonly<State>): boolean;
  /** inflow.ts, Inflow.failMissing: the tasks of which something could not be read, as far as can be told. */
  missing(state: Readonly<State>): number;
  /** slot.ts, Slot.#lose: whether this round is not to blame for the loss. */
  isForeign(worker: Readonly<WorkerState>): boolean;
  /** round-runner.ts, RoundRunner.#taskOf: the task that a lost worker was at. */
  blamedOf(state: Readonly<State>, worker: Readonly<WorkerState>): number;
  /** round-runner.ts, RoundRunner.#watch and job.ts, Job.fail: the failure to tell once the time of the task at `index` is up. */
  failureAfter(state: Readonly<State>, index: number): number;
  /** threads.ts, ThreadsStrategy.run: what is not tried again. */
  excluded(state: Readonly<State>): number;
  /** job.ts, Job.unfinished: the tasks that must run again. */
  unfinished(state: Readonly<State>, bounds: Bounds): number;
  /** stream-buffer.ts, StreamBuffer.#room: how far the tasks of a stream's round may go. */
  room(state: Readonly<State>, bounds: Bounds): number;
}

export const rules: Rules = {
  holds: 1,

  isOver({ workers, loss, next, limit }) {
    // At a closed gate nobody takes part, and the round goes on when it is raised.
    return workers.every((worker) => !worker.isTaking) && (loss !== "none" || next >= limit);
  },

  saidBefore() {
    return 0;
  },

  hasSaidLeft({ said }) {
    return said === -1;
  },

  isComplete({ posted, messages, cut }) {
    return posted === messages && cut === "none";
  },

  missing({ workers, loss, posted, messages, isStopped, elsewhere, received, failure }) {
    const isOver = workers.every((worker) => !worker.isTaking) && loss === "none" && !isStopped;
    return isOver && posted !== messages ? elsewhere & ~received & below(failure) : 0;
  },

  isForeign({ isTerminated }) {
    return isTerminated;
  },

  blamedOf({ numbers, elsewhere }, { noted }) {
    return noted & ~(numbers | elsewhere);
  },

  failureAfter({ failure }, index) {
    return Math.min(failure, index);
  },

  excluded({ givenUp }) {
    return givenUp;
  },

  unfinished({ numbers, elsewhere, received, failure }) {
    // What was posted and has not come counts as not run.
    return ~(numbers | (elsewhere & received)) & below(failure);
  },

  room({ taken, before }, { window }) {
    return taken - before + window;
  },
};

/** round-runner.ts, RoundRunner.#leave: the lease is dropped last. */
export function dropLeaver(next: State, { holds }: Rules): void {
  next.workers.forEach(({ isLeaving }, i) => {
    if (!isLeaving) return;
    own(next, i).isLeaving = false;
    next.holders -= holds;
  });
}
