/** Mutations of what streams do at their gate. */
import { callerSteps } from "./caller.js";
import { checkRoom } from "./gate.js";
import type { Mutation } from "./mutation.js";
import { asBuilt, type Protocol } from "./protocol.js";
import { type CallerSteps, dropLeaver, type Rules } from "./rules.js";
import { type Bounds, NOTHING } from "./state.js";
import { count } from "./tasks.js";
import type { WorkerStep } from "./worker.js";

const caller = (steps: Partial<CallerSteps>): Protocol => {
  return { ...asBuilt, caller: { ...asBuilt.caller, ...steps } };
};
const ruled = (rules: Partial<Rules>): Protocol => ({ ...asBuilt, rules: { ...asBuilt.rules, ...rules } });

/** A stream of two results, with room for one. */
const STREAM: Partial<Bounds> = { posting: 0b11, window: 1 };

const { readLimit, lowerLimit, roomLimit } = callerSteps;

const claimByAdd: WorkerStep = ({ bounds, state, worker: { seen, end }, fork }) => {
  const next = fork(`NEXT += ${end - seen}`, "checkLimit");
  next.state.next += end - seen;
  next.worker.at = state.next;
  next.worker.end = next.state.next;
  next.worker.seen = NOTHING;
  checkRoom(next.state, bounds);
};

export const GATE_MUTATIONS: readonly Mutation[] = [
  {
    name: "a round of which nobody takes part any more has ended",
    why: "All have left at the closed gate, and what it keeps back is never run.",
    breaks: "result",
    bounds: STREAM,
    protocol: ruled({ isOver: ({ workers }) => workers.every(({ isTaking }) => !isTaking) }),
  },
  {
    name: "all that the gate lets pass are all tasks",
    why: "The round seems to have ended whenever the loop is slow.",
    breaks: "result",
    bounds: STREAM,
    protocol: caller({
      readLimit: (move) => {
        const { state } = move;
        readLimit({ ...move, state: { ...state, limit: Math.min(state.gate, state.limit) } });
      },
    }),
  },
  {
    name: "a claim at the gate is one atomic add",
    why: "Two workers see the same room, and both use it.",
    breaks: "bound",
    bounds: STREAM,
    protocol: { ...asBuilt, worker: { ...asBuilt.worker, swapNext: claimByAdd } },
  },
  {
    name: "a raised gate wakes nobody",
    why: "The workers that left at it do not come back by themselves.",
    breaks: "hang",
    bounds: STREAM,
    protocol: caller({
      raiseGate({ state, bounds, rules, fork }) {
        const gate = Math.min(count(state.order), rules.room(state, bounds));
        fork(`GATE = ${gate}, and nothing else`, "turn").gate = gate;
      },
    }),
  },
  {
    name: "a leave wakes nobody",
    why: "A worker finds the gate closed, then it is raised, then the worker leaves: it seemed to be there still.",
    breaks: "hang",
    bounds: STREAM,
    protocol: caller({
      roomLimit: (move) => {
        const isLeave = move.state.workers.some(({ isLeaving }) => isLeaving);
        if (isLeave) dropLeaver(move.fork("wakes nobody", "turn"), move.rules);
        else roomLimit(move);
      },
    }),
  },
  {
    name: "an abort waits for a message",
    why: "At a closed gate nobody takes part, so none will come.",
    breaks: "hang",
    bounds: { ...STREAM, aborts: true, stalls: true },
    protocol: caller({
      lowerLimit: (move) => lowerLimit({ ...move, bounds: { ...move.bounds, window: 0 } }),
    }),
  },
  {
    name: "after a loss the round goes on to its last task",
    why: "Nobody is woken for it any more, and the gate counts what the lost worker had claimed as unread for good.",
    breaks: "hang",
    bounds: { ...STREAM, deaths: 1 },
    protocol: ruled({
      isOver: ({ workers, next, limit }) => workers.every(({ isTaking }) => !isTaking) && next >= limit,
    }),
  },
  {
    name: "a next round has the room of a first one",
    why: "What came before it may be unread still.",
    breaks: "bound",
    bounds: { ...STREAM, deaths: 1 },
    protocol: ruled({ room: ({ taken, before }, { window }) => Math.max(0, taken - before) + window }),
  },
];
