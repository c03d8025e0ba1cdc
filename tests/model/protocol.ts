/** The system that is explored: workers, the caller's side, and what may befall them. */
import { callerSteps } from "./caller.js";
import { die } from "./death.js";
import type { Step, System } from "./explorer.js";
import { keyOf } from "./key.js";
import { isLook, unlooked } from "./poll.js";
import { openRound, wake } from "./round.js";
import { type CallerSteps, type Rules, rules } from "./rules.js";
import {
  type Bounds,
  freshWorker,
  NOTHING,
  own,
  type State,
  type WorkerPlace,
  type WorkerState,
} from "./state.js";
import { below } from "./tasks.js";
import { type WorkerSteps, workerSteps } from "./worker.js";

/** The protocol in the parts that mutations replace. */
export interface Protocol {
  readonly worker: WorkerSteps;
  readonly caller: CallerSteps;
  readonly rules: Rules;
}

/** As it is built. */
export const asBuilt: Protocol = { worker: workerSteps, caller: callerSteps, rules };

// Neither touches a word of the regions: the one waits, the other posts a message.
const UNTOUCHING: ReadonlySet<WorkerPlace> = new Set<WorkerPlace>(["idle", "flush", "sayLeave"]);

export function systemOf(protocol: Protocol, bounds: Bounds): System<State> {
  return {
    initial: initialState(bounds, protocol.rules),
    key: keyOf,
    violationOf: ({ violation }) => violation,
    isEnd: ({ outcome, holders }) => outcome !== "open" && holders === 0,
    steps(state) {
      const steps: Step<State>[] = [];
      const add = (actor: string, action: string, isProgress: boolean): State => {
        const next = { ...state, workers: [...state.workers] };
        steps.push({ actor, action, isProgress, state: next });
        return next;
      };
      callerMoves(protocol, bounds, state, add);
      state.workers.forEach((worker, i) => {
        if (worker.life !== "up") return;
        workerMoves(protocol, bounds, state, worker, i, add);
        faults(state, worker, i, add);
      });
      return steps;
    },
  };
}

type Add = (actor: string, action: string, isProgress: boolean) => State;

function callerMoves({ caller, rules }: Protocol, bounds: Bounds, state: State, add: Add): void {
  const { place } = state;
  const isIdle = place === "turn" || (isLook(place) && unlooked(state).length === 0);
  caller[place]({
    bounds,
    rules,
    state,
    fork(action, to, isProgress = true) {
      const next = add("caller", action, isProgress);
      next.place = to;
      if (!isIdle && state.holders === 0) touch(next, "the caller's side");
      return next;
    },
  });
}

function workerMoves(
  { worker: steps }: Protocol,
  bounds: Bounds,
  state: State,
  worker: Readonly<WorkerState>,
  i: number,
  add: Add,
): void {
  const touches = state.holders === 0 && !UNTOUCHING.has(worker.place);
  steps[worker.place]({
    bounds,
    state,
    worker,
    fork(action, to) {
      const next = add(`worker ${i}`, action, true);
      const itself = own(next, i);
      itself.place = to;
      if (touches) touch(next, `worker ${i}`);
      return { state: next, worker: itself };
    },
  });
}

/** A worker dies, by itself or because the pool ends it, between any two of its steps. */
function faults(state: State, worker: Readonly<WorkerState>, i: number, add: Add): void {
  if (worker.isTerminated) die(add(`worker ${i}`, "ends, as it was told to", true), i);
  else if (state.deaths > 0 && state.holders > 0) {
    const next = add(`worker ${i}`, "dies", false);
    next.deaths -= 1;
    die(next, i);
  }
  if (state.kills > 0 && worker.isTaking && !worker.isTerminated) {
    const next = add("pool", `ends worker ${i} on behalf of another call`, false);
    next.kills -= 1;
    own(next, i).isTerminated = true;
  }
}

function touch(state: State, who: string): void {
  state.violation = { property: "recycle", detail: `${who} touches memory that was recycled` };
}

/** A call whose first round is open and whose workers are all woken, none of them started. */
function initialState(bounds: Bounds, rules: Rules): State {
  const { workers, tasks, deaths, kills, isShort, unread } = bounds;
  const state: State = {
    next: 0,
    limit: 0,
    open: 0,
    posted: 0,
    gate: 0,
    order: 0,
    numbers: 0,
    elsewhere: 0,
    slots: 0,
    place: "turn",
    seen: NOTHING,
    target: 0,
    messages: 0,
    loss: "none",
    blamed: 0,
    isNobodys: false,
    ending: "open",
    cut: "none",
    isPolling: false,
    after: "turn",
    unwoken: 0,
    received: 0,
    taken: 0,
    before: 0,
    failure: tasks,
    blame: new Array(tasks).fill(0),
    givenUp: 0,
    inVain: 0,
    inARow: 0,
    overdue: 0,
    isStopped: false,
    isAborted: false,
    isGraceOver: false,
    isBroken: false,
    outcome: "open",
    // The call and its run.
    holders: 2,
    deadlyRuns: new Array(tasks).fill(0),
    stopped: 0,
    unread: 0,
    deaths,
    kills,
    unreads: unread,
    workers: Array.from({ length: workers }, freshWorker),
    violation: undefined,
  };
  openRound(state, below(tasks), bounds, rules);
  wake(state, below(isShort ? 1 : state.unwoken), isShort, rules);
  return state;
}
