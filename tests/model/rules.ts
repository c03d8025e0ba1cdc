/** What a step of the caller's side is, and the decisions in it that touch no shared word. */
import type { Bounds, CallerPlace, State } from "./state.js";
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
  /** pass.ts, Pass.wake: holds on the lease for each woken worker. */
  readonly holds: number;
  /** pass.ts, Pass.#lookForEnd: has the round ended though not all of its tasks have? */
  isOver(state: Readonly<State>): boolean;
  /** threads.ts, ThreadsStrategy.run: does another round count as a retry? */
  isRetry(ending: State["ending"]): boolean;
  /** job.ts, Job.unfinished: the tasks that must run again. */
  unfinished(state: Readonly<State>, bounds: Bounds): number;
}

export const rules: Rules = {
  holds: 1,

  isOver({ workers }) {
    return workers.every((worker) => !worker.isTaking);
  },

  isRetry(ending) {
    return ending === "died";
  },

  unfinished({ numbers, elsewhere, received, failure }) {
    // What was posted and has not come counts as not run.
    return ~(numbers | (elsewhere & received)) & below(failure);
  },
};
