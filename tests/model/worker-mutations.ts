/** Mutations of what workers do. */
import type { Mutation } from "./mutation.js";
import { asBuilt, type Protocol } from "./protocol.js";
import { NOTHING, type WorkerPlace } from "./state.js";
import { taskAt } from "./tasks.js";
import { take, type WorkerFork, type WorkerStep, type WorkerSteps, workerSteps } from "./worker.js";

const worker = (steps: Partial<WorkerSteps>): Protocol => {
  return { ...asBuilt, worker: { ...asBuilt.worker, ...steps } };
};

/** The step as it is, but where it went to `from` it goes to `to`. */
function rerouted(step: WorkerStep, from: WorkerPlace, to: WorkerPlace): WorkerStep {
  return (move) => step({ ...move, fork: (action, place) => move.fork(action, place === from ? to : place) });
}

const { join, takeNext, raiseOpen, compareLimit, leave, sayLeave, withdraw, run, writeSlot, writeKind } =
  workerSteps;
const { raisePosted, endClaim } = workerSteps;

export const WORKER_MUTATIONS: readonly Mutation[] = [
  {
    name: "NEXT is raised before OPEN",
    why: "A claim between the two is in no count, so the round seems to have ended while it has not begun.",
    breaks: "result",
    bounds: {},
    protocol: worker({
      join: rerouted(join, "raiseOpen", "takeNext"),
      takeNext: rerouted(takeNext, "compareLimit", "raiseOpen"),
      raiseOpen: rerouted(raiseOpen, "takeNext", "compareLimit"),
      endClaim: rerouted(endClaim, "raiseOpen", "takeNext"),
    }),
  },
  {
    name: "NEXT is raised by a load and a store",
    why: "Two workers may load the same value, and both run what it names.",
    breaks: "once",
    bounds: {},
    protocol: worker({
      takeNext(move) {
        const { seen } = move.worker;
        if (seen === NOTHING) {
          move.fork("loads NEXT", "takeNext").worker.seen = move.state.next;
          return;
        }
        const next = move.fork(`stores NEXT = ${seen + 1}`, "compareLimit");
        next.state.next = seen + 1;
        next.worker.seen = NOTHING;
        take(move, next, seen, 1);
      },
    }),
  },
  {
    name: "the claim ends before its result is written",
    why: "OPEN at 0 no longer says that results are there: the caller's side collects them too early.",
    breaks: "result",
    bounds: {},
    protocol: worker({
      run: rerouted(run, "writeSlot", "endClaim"),
      endClaim: ({ fork }) => {
        fork("ends the claim: OPEN -= 1", "writeSlot").state.open -= 1;
      },
      writeKind: rerouted(writeKind, "endClaim", "raiseOpen"),
    }),
  },
  {
    name: "the kind is written before the slot",
    why: "A worker that dies between the two leaves a task that counts as ended and has no value.",
    breaks: "result",
    bounds: { deaths: 1 },
    protocol: worker({
      run: rerouted(run, "writeSlot", "writeKind"),
      writeKind: rerouted(writeKind, "endClaim", "writeSlot"),
      writeSlot: rerouted(writeSlot, "writeKind", "endClaim"),
    }),
  },
  {
    name: "POSTED is raised after the claim has ended",
    why: "In between OPEN is 0 and nothing seems to be on its way, so a value is not waited for.",
    breaks: "result",
    bounds: { posting: 0b01 },
    protocol: worker({
      run: rerouted(run, "raisePosted", "writeElsewhere"),
      endClaim: rerouted(endClaim, "flush", "raisePosted"),
      raisePosted: rerouted(raisePosted, "writeElsewhere", "flush"),
    }),
  },
  {
    name: "a worker leaves before its last step",
    why: "Its leave lets the region go, and then it lowers OPEN in memory that may be another round's.",
    breaks: "recycle",
    bounds: {},
    protocol: worker({
      compareLimit: rerouted(compareLimit, "withdraw", "leave"),
      sayLeave: rerouted(sayLeave, "idle", "withdraw"),
      withdraw: rerouted(withdraw, "leave", "idle"),
    }),
  },
  {
    name: "a worker that has sent messages leaves silently",
    why: "The leave overtakes them: the caller's side stops to listen, and what is on its way is lost.",
    breaks: "result",
    bounds: { isShort: true, posting: 0b01 },
    protocol: worker({
      leave: (move) => leave({ ...move, worker: { ...move.worker, hasSent: false } }),
    }),
  },
  {
    name: "a failure lowers LIMIT to 0",
    why: "Tasks below the failed one are skipped, though one of them may fail too and would be the one to report.",
    breaks: "result",
    bounds: { failing: 0b11 },
    protocol: worker({
      lowerLimit: ({ fork }) => {
        const { state, worker } = fork("LIMIT = 0", "endClaim");
        state.limit = 0;
        worker.seen = NOTHING;
      },
    }),
  },
  {
    name: "LIMIT is lowered by a load and a store",
    why: "A failure may overwrite the -1 of an abort that came in between, and tasks start again.",
    breaks: "abort",
    bounds: { failing: 0b10, aborts: true },
    protocol: worker({
      lowerLimit: ({ worker: { at }, fork }) => {
        const { state, worker } = fork(`stores LIMIT = ${at}`, "endClaim");
        state.limit = at;
        worker.seen = NOTHING;
      },
    }),
  },
  {
    name: "a task is noted when it is claimed",
    why: "A worker that dies before it has begun the task leaves the blame to it.",
    breaks: "blame",
    bounds: { deaths: 1, maxRetries: 0 },
    protocol: worker({
      compareLimit: (move) => {
        const noting = (action: string, place: WorkerPlace): WorkerFork => {
          const next = move.fork(action, place);
          if (place === "checkLimit") next.worker.noted = taskAt(move.state.order, move.worker.at);
          return next;
        };
        compareLimit({ ...move, fork: noting });
      },
    }),
  },
  {
    name: "a task that stopped when it was told leaves what it has as its result",
    why: "The error's partial results have a value that is none.",
    breaks: "partial",
    bounds: { asking: 0b10, timeouts: true },
    protocol: worker({
      run: (move) => {
        const { bounds, state, worker, fork } = move;
        const task = taskAt(state.order, worker.at);
        if ((bounds.asking & task) === 0 || worker.at < state.limit) run(move);
        else fork("stops, and gives what it has", "writeSlot").state.stopped |= task;
      },
    }),
  },
];
