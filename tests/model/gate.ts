/** A stream: claims stop at a gate, which the caller's side raises as the loop takes results. */

import { wake } from "./round.js";
import { type CallerMove, type CallerSteps, dropLeaver } from "./rules.js";
import { type Bounds, NOTHING, type State } from "./state.js";
import { below, count, show, subsets } from "./tasks.js";
import type { WorkerSteps } from "./worker.js";

type ClaimSteps = Pick<WorkerSteps, "loadNext" | "loadGate" | "compareAtGate" | "swapNext">;
type RoomSteps = Pick<CallerSteps, "raiseGate" | "roomLimit" | "roomNext">;

export const gatedClaimSteps: ClaimSteps = {
  // control-block.ts, ControlBlock.claimBelowGate: Atomics.load(NEXT).
  loadNext({ state, fork }) {
    fork(`loads NEXT = ${state.next}`, "loadGate").worker.seen = state.next;
  },

  // control-block.ts, ControlBlock.claimBelowGate: Atomics.load(GATE), and start >= end.
  loadGate({ bounds, state, worker: { seen }, fork }) {
    if (seen >= state.gate) {
      fork(`${seen} >= GATE: finds it closed`, "withdraw").worker.seen = NOTHING;
      return;
    }
    for (const size of bounds.sizes) {
      const end = Math.min(seen + size, state.gate);
      fork(`may claim up to ${end}`, "compareAtGate").worker.end = end;
    }
  },

  // control-block.ts, ControlBlock.claimBelowGate: start >= Atomics.load(LIMIT).
  compareAtGate({ state, worker: { seen }, fork }) {
    if (seen < state.limit) fork(`${seen} < LIMIT`, "swapNext");
    else fork(`${seen} >= LIMIT: finds nothing`, "withdraw").worker.seen = NOTHING;
  },

  // control-block.ts, ControlBlock.claimBelowGate: Atomics.compareExchange(NEXT).
  swapNext({ bounds, state, worker: { seen, end }, fork }) {
    if (state.next !== seen) {
      const { worker } = fork("NEXT was raised meanwhile", "loadNext");
      worker.seen = NOTHING;
      worker.end = 0;
      return;
    }
    const next = fork(`NEXT = ${end}`, "checkLimit");
    next.state.next = end;
    next.worker.at = seen;
    next.worker.seen = NOTHING;
    checkRoom(next.state, bounds);
  },
};

/** What has been claimed and not taken must have room. */
export function checkRoom(state: State, { window }: Bounds): void {
  const unread = state.before + state.next - state.taken;
  if (unread <= window) return;
  state.violation = { property: "bound", detail: `${unread} results are unread or being made, of ${window}` };
}

/** stream-buffer.ts, StreamBuffer.take, by a loop that goes on. */
export function takeResult({ state, bounds, rules, fork }: CallerMove): void {
  const isReading = bounds.window > 0 && !bounds.stalls && state.ending === "open";
  if (!isReading || count(state.received) === state.taken) return;
  const taken = { ...state, taken: state.taken + 1 };
  const isGated = state.gate < count(state.order);
  const raises = isGated && 2 * (rules.room(taken, bounds) - state.gate) >= bounds.window;
  fork("the loop takes a result", raises ? "raiseGate" : "turn").taken += 1;
}

export const roomSteps: RoomSteps = {
  // stream-buffer.ts, StreamBuffer.#raise: Atomics.store(GATE); then StreamBuffer.onRoom, in round-runner.ts.
  raiseGate({ state, bounds, rules, fork }) {
    const gate = Math.min(count(state.order), rules.room(state, bounds));
    const next = fork(`GATE = ${gate}`, "readNext");
    next.gate = gate;
    next.after = "roomLimit";
  },

  // round-runner.ts, RoundRunner.#wakeForRoom; control-block.ts, ControlBlock.claimable: GATE, which nobody else writes, and
  // Atomics.load(LIMIT).
  roomLimit({ state, rules, fork }) {
    if (state.loss !== "none") dropLeaver(fork("wakes nobody after a loss", "turn"), rules);
    else fork(`reads LIMIT = ${state.limit}`, "roomNext").seen = Math.min(state.gate, state.limit);
  },

  // control-block.ts, ControlBlock.claimable: Atomics.load(NEXT).
  roomNext({ state, bounds, rules, fork }) {
    const away = state.workers.reduce((set, { isTaking }, i) => (isTaking ? set : set | (1 << i)), 0);
    const missing = Math.min(count(away), Math.max(0, state.seen - state.next));
    for (const chosen of subsets(below(state.workers.length) & away, missing)) {
      const next = fork(chosen === 0 ? "wakes nobody" : `wakes workers ${show(chosen)} again`, "turn");
      next.seen = NOTHING;
      dropLeaver(next, rules);
      wake(next, chosen, bounds.isShort, rules);
    }
  },
};
