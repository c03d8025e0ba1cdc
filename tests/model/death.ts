/** A worker's end: its own memory is gone; what it sent, and what it wrote to shared memory, is not. */
import { freshWorker, type State, type WorkerPlace, type WorkerState } from "./state.js";
import { lowest, taskAt } from "./tasks.js";

/** Where the meter says that the worker is not at the round's tasks: task-loop.ts, TaskLoop.advance, `RUNNING`. */
export const PAUSED: ReadonlySet<WorkerPlace> = new Set<WorkerPlace>([
  "idle",
  "join",
  "leave",
  "noteLeave",
  "sayLeave",
]);

/** Where a task has begun and has not ended. */
const IN_TASK: ReadonlySet<WorkerPlace> = new Set<WorkerPlace>([
  "run",
  "writeSlot",
  "writeKind",
  "raisePosted",
  "writeElsewhere",
]);

export function die(state: State, i: number): void {
  const worker = state.workers[i] as WorkerState;
  const { sent, leave, said, isTaking, isLookedAt, isTerminated, isLeaving, place } = worker;
  if (!isTerminated && IN_TASK.has(place)) {
    // The task that is really to blame, to compare with the one that the caller's side blames.
    const index = lowest(taskAt(state.order, worker.at), 0);
    state.deadlyRuns = state.deadlyRuns.map((runs, task) => (task === index ? Math.min(3, runs + 1) : runs));
  }
  const noted = PAUSED.has(place) ? 0 : worker.noted;
  const kept = { sent, leave, said, isTaking, isLookedAt, isTerminated, isLeaving, noted };
  state.workers[i] = { ...freshWorker(), life: "dead", ...kept };
}

/** A worker that ends itself. */
export function dieOf(state: State, worker: WorkerState): void {
  die(state, state.workers.indexOf(worker));
}
