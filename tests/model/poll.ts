/** A short round: the caller's side looks after it in every turn of its event loop, and wakes one worker first. */
import { wake } from "./round.js";
import type { CallerMove, CallerSteps } from "./rules.js";
import { type CallerPlace, NOTHING, own, type State } from "./state.js";
import { count, show, subsets } from "./tasks.js";

type PollSteps = Pick<CallerSteps, "look" | "pollNext" | "pollLimit" | "pollOpen" | "stopLooking">;

/** poller.ts calls RoundRunner.poll. */
export function startPoll({ fork }: CallerMove): void {
  fork("polls", "look");
}

export const pollSteps: PollSteps = {
  // round-runner.ts, RoundRunner.poll: LeaveWord.hasLeft of each worker that takes part; what it has sent is not looked at.
  look(move) {
    const { state, fork } = move;
    const open = unlooked(state);
    for (const i of open) {
      if (state.workers[i]?.leave === "left") {
        const next = fork(`sees that worker ${i} has left`, "readNext");
        next.after = "look";
        hearLeave(next, i);
      } else {
        own(fork(`sees that worker ${i} has not left`, "look"), i).isLookedAt = true;
      }
    }
    if (open.length > 0) return;
    if (state.workers.every(({ isTaking }) => !isTaking)) {
      endLook(fork("nobody is left to look at", "turn")).isPolling = false;
    } else if (Math.min(state.workers.length, count(state.order)) - state.unwoken > 1) {
      // A single worker is about to leave once all is done.
      endLook(fork("looks for the end", "readNext")).after = "pollNext";
    } else {
      endLook(fork("goes on", "pollNext"));
    }
  },

  // round-runner.ts, RoundRunner.poll: control.finished, Atomics.load(NEXT).
  pollNext({ state, fork }) {
    fork(`reads NEXT = ${state.next}`, "pollLimit").seen = state.next;
  },

  // round-runner.ts, RoundRunner.poll: control.finished, Atomics.load(LIMIT).
  pollLimit(move) {
    if (move.state.seen >= move.state.limit) move.fork("NEXT >= LIMIT", "pollOpen").seen = NOTHING;
    else decide(move, "NEXT < LIMIT", false);
  },

  // round-runner.ts, RoundRunner.poll: control.finished, Atomics.load(OPEN).
  pollOpen(move) {
    decide(move, `OPEN is ${move.state.open}`, move.state.open === 0);
  },

  // round-runner.ts, RoundRunner.poll: LeaveWord.call of each worker that takes part, Atomics.compareExchange.
  stopLooking({ state, fork }) {
    const open = unlooked(state);
    for (const i of open) {
      if (state.workers[i]?.leave === "left") {
        const next = fork(`worker ${i} has left already`, "readNext");
        next.after = "stopLooking";
        hearLeave(next, i);
      } else {
        const worker = own(fork(`worker ${i} must send its leave`, "stopLooking"), i);
        worker.leave = "call";
        worker.isLookedAt = true;
      }
    }
    if (open.length === 0) endLook(fork("looks no longer", "turn")).isPolling = false;
  },
};

/** The others may be woken when the round is not over after a while; after another while nobody looks any more. */
function decide({ state, bounds, rules, fork }: CallerMove, action: string, isOver: boolean): void {
  const isComplete = isOver || state.unwoken === 0;
  for (const way of ["turn", "stopLooking"] as const) {
    if (isComplete || way === "turn") fork(action, way).seen = NOTHING;
    if (isComplete) continue;
    const idle = state.workers.reduce((set, { isTaking }, i) => (isTaking ? set : set | (1 << i)), 0);
    for (const chosen of subsets(idle, Math.min(state.unwoken, count(idle)))) {
      const next = fork(`${action}: wakes workers ${show(chosen)} too`, way);
      next.seen = NOTHING;
      wake(next, chosen, bounds.isShort, rules);
    }
  }
}

export function isLook(place: CallerPlace): boolean {
  return place === "look" || place === "stopLooking";
}

/** Workers that the present poll has still to look at. */
export function unlooked({ workers }: Readonly<State>): number[] {
  return workers.flatMap(({ isTaking, isLookedAt }, i) => (isTaking && !isLookedAt ? [i] : []));
}

/** round-runner.ts, RoundRunner.#left; slot.ts, Slot.leave: from here on no message of the round is listened to. */
function hearLeave(state: State, i: number): void {
  const worker = own(state, i);
  worker.isTaking = false;
  worker.isLeaving = true;
  worker.sent = [];
}

function endLook(state: State): State {
  state.workers.forEach(({ isLookedAt }, i) => {
    if (isLookedAt) own(state, i).isLookedAt = false;
  });
  return state;
}
