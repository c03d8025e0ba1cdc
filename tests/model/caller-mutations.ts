/** Mutations of what the caller's side does. */
import { callerSteps } from "./caller.js";
import { type Mutation, SMALL } from "./mutation.js";
import { unlooked } from "./poll.js";
import { asBuilt, type Protocol } from "./protocol.js";
import type { CallerMove, CallerStep, CallerSteps, Rules } from "./rules.js";
import { type CallerPlace, own } from "./state.js";
import { below } from "./tasks.js";

const caller = (steps: Partial<CallerSteps>): Protocol => {
  return { ...asBuilt, caller: { ...asBuilt.caller, ...steps } };
};
const ruled = (rules: Partial<Rules>): Protocol => ({ ...asBuilt, rules: { ...asBuilt.rules, ...rules } });

/** The step as it is, but where it went to `from` it goes to `to`. */
function rerouted(step: CallerStep, from: CallerPlace, to: CallerPlace): CallerStep {
  return (move) => {
    step({
      ...move,
      fork: (action, place, isProgress) => move.fork(action, place === from ? to : place, isProgress),
    });
  };
}

const { turn, readOpen, readLimit, readPosted, stopLooking } = callerSteps;

function takePostedAsReceived(move: CallerMove): void {
  readPosted({ ...move, state: { ...move.state, posted: move.state.messages } });
}

function stopByStore(move: CallerMove): void {
  const { state, fork } = move;
  const first = unlooked(state)[0];
  if (first === undefined) {
    stopLooking(move);
    return;
  }
  const worker = own(fork(`stores CALL for worker ${first}`, "stopLooking"), first);
  worker.leave = "call";
  worker.isLookedAt = true;
}

/** A worker whose end was asked for counts as lost, though it goes on until its thread has ended. */
function loseTerminated(move: CallerMove): void {
  turn(move);
  if (move.state.ending !== "open") return;
  move.state.workers.forEach((each, i) => {
    if (!each.isTerminated || !each.isTaking) return;
    const next = move.fork(`counts worker ${i} as lost, as it was told to end`, "readNext");
    const lost = own(next, i);
    lost.isTaking = false;
    lost.isLeaving = true;
    next.loss = "terminated";
  });
}

export const CALLER_MUTATIONS: readonly Mutation[] = [
  {
    name: "the caller's side stops looking by a plain store",
    why: "It overwrites the silent leave of a worker that came first, and nobody ever learns of it.",
    breaks: "hang",
    bounds: { isShort: true },
    protocol: caller({ stopLooking: stopByStore }),
  },
  {
    name: "NEXT >= LIMIT alone ends the round",
    why: "What is claimed need not have been run.",
    breaks: "result",
    bounds: {},
    protocol: caller({ readOpen: (move) => move.fork("does not look at OPEN", "readPosted") }),
  },
  {
    name: "OPEN is read before NEXT",
    why: "The last claim may begin between the two reads.",
    breaks: "result",
    bounds: { posting: 0b01 },
    protocol: caller({
      turn: rerouted(turn, "readNext", "readOpen"),
      readOpen: rerouted(readOpen, "readPosted", "readNext"),
      readLimit: rerouted(readLimit, "readOpen", "readPosted"),
    }),
  },
  {
    name: "messages received are not compared with POSTED",
    why: "Values may still wait in a worker's outbox or in the port when the last claim has ended.",
    breaks: "result",
    bounds: { posting: 0b01 },
    protocol: caller({ readPosted: takePostedAsReceived }),
  },
  {
    name: "POSTED is read before OPEN",
    why: "The last claim may post a value and end between the two reads.",
    breaks: "result",
    bounds: { posting: 0b11 },
    protocol: caller({
      turn: rerouted(turn, "readNext", "readPosted"),
      readPosted: (move) => {
        if (move.state.posted === move.state.messages) move.fork("POSTED === received", "readNext");
        else readPosted(move);
      },
      readOpen: (move) => (move.state.open === 0 ? takePostedAsReceived(move) : readOpen(move)),
    }),
  },
  {
    name: "no next round waits for the other workers",
    why: "Those that live still write results while the caller's side decides what is unfinished.",
    breaks: "race",
    bounds: { deaths: 1 },
    protocol: ruled({ isOver: ({ loss }) => loss !== "none" }),
  },
  {
    name: "a round ends by the first rule alone",
    why: "A worker that dies in a claim leaves OPEN above 0 for good, and the call waits for ever.",
    breaks: "hang",
    bounds: { deaths: 1 },
    protocol: ruled({ isOver: () => false }),
  },
  {
    name: "a next round runs finished tasks again",
    why: "A task that has ended, and whose value may have been given to the caller, ends once more.",
    breaks: "once",
    bounds: { deaths: 1 },
    protocol: ruled({ unfinished: ({ failure }) => below(failure) }),
  },
  {
    name: "what a dead worker had posted counts as sent",
    why: "It may have died with the value in its outbox: nobody has it, and nobody makes it again.",
    breaks: "result",
    bounds: { posting: 0b01, deaths: 1 },
    protocol: ruled({
      unfinished: ({ numbers, elsewhere, failure }) => ~(numbers | elsewhere) & below(failure),
    }),
  },
  {
    name: "after a loss a known failure ends the call",
    why: "The lost worker may have held a lower task that fails too: the error depends on who died.",
    breaks: "result",
    bounds: { failing: 0b11, deaths: 1 },
    protocol: ruled({
      unfinished: (state, { tasks }) => (state.failure < tasks ? 0 : asBuilt.rules.unfinished(state, SMALL)),
    }),
  },
  {
    name: "a worker that the pool ended counts as a retry",
    why: "The aborts of other calls use up the retries of this one.",
    breaks: "retries",
    bounds: { workers: 1, kills: 1, maxRetries: 0 },
    protocol: ruled({ isForeign: () => false }),
  },
  {
    name: "a task is to blame for a worker that the pool ended",
    why: "The aborts of other calls make this one give up tasks that do no harm.",
    breaks: "blame",
    bounds: { kills: 1, maxRetries: 0 },
    protocol: ruled({ isForeign: () => false }),
  },
  {
    name: "a task that has ended is to blame for what its worker dies of later",
    why: "It is given up though it has a result, and the call fails for want of nothing.",
    breaks: "blame",
    bounds: { deaths: 1, maxRetries: 0 },
    protocol: ruled({ blamedOf: (_, { noted }) => noted }),
  },
  {
    name: "a task that was given up runs again",
    why: "It ends one worker after the other, for ever.",
    breaks: "hang",
    bounds: { deadly: 0b01 },
    protocol: ruled({ excluded: () => 0 }),
  },
  {
    name: "LIMIT is lowered for a task whose time is up, and the task is not failed",
    why: "The round ends without it: the call resolves, and a result is missing.",
    breaks: "result",
    bounds: { asking: 0b10, timeouts: true },
    protocol: ruled({ failureAfter: ({ failure }) => failure }),
  },
  {
    name: "regions return without waiting for the workers",
    why: "A worker that was woken and starts late reads and claims in memory that belongs to somebody else.",
    breaks: "recycle",
    bounds: {},
    protocol: ruled({ holds: 0 }),
  },
  {
    name: "a worker that is told to end counts as gone",
    why: "Its thread goes on until it really ends, and writes into memory that may have been recycled.",
    breaks: "recycle",
    bounds: { kills: 1, aborts: true },
    protocol: caller({ turn: loseTerminated }),
  },
];
