/** Mutations of what is done about messages that cannot be read. */
import type { Mutation } from "./mutation.js";
import { asBuilt, type Protocol } from "./protocol.js";
import type { Rules } from "./rules.js";
import { below } from "./tasks.js";
import { workerSteps } from "./worker.js";

const ruled = (rules: Partial<Rules>): Protocol => ({ ...asBuilt, rules: { ...asBuilt.rules, ...rules } });

const { leave, noteLeave, sayLeave } = workerSteps;

/** The worker posts its leave, and then notes which message that was. */
const notesLate: Protocol = {
  ...asBuilt,
  worker: {
    ...asBuilt.worker,
    leave: (move) =>
      leave({
        ...move,
        fork: (action, place) => move.fork(action, place === "noteLeave" ? "sayLeave" : place),
      }),
    sayLeave: (move) => sayLeave({ ...move, fork: (action) => move.fork(action, "noteLeave") }),
    noteLeave: (move) =>
      noteLeave({
        ...move,
        fork(action) {
          const next = move.fork(action, "idle");
          const { sent } = next.worker;
          return {
            ...next,
            worker: Object.assign(next.worker, { sent, said: sent.length === 0 ? -1 : sent.length }),
          };
        },
      }),
  },
};

export const UNREAD_MUTATIONS: readonly Mutation[] = [
  {
    name: "a round ends though messages are missing",
    why: "All have left, so nothing more can come: the call resolves with nothing where a result was.",
    breaks: "result",
    bounds: { posting: 0b01, unread: 1 },
    protocol: ruled({ missing: () => 0 }),
  },
  {
    name: "what is missing fails while workers take part",
    why: "It may still be on its way, and a task before it may fail.",
    breaks: "race",
    bounds: { posting: 0b11, unread: 1 },
    protocol: ruled({
      missing: ({ unread, elsewhere, received, failure }) =>
        unread === 0 ? 0 : elsewhere & ~received & below(failure),
    }),
  },
  {
    name: "nobody looks whether a leave was in the message",
    why: "The worker has left, and the round waits for it for ever.",
    breaks: "hang",
    bounds: { unread: 1 },
    protocol: ruled({ hasSaidLeft: () => false }),
  },
  {
    name: "a worker has left whose message could not be read",
    why: "It goes on, in memory that is given to somebody else.",
    breaks: "recycle",
    bounds: { posting: 0b01, unread: 1 },
    protocol: ruled({ hasSaidLeft: () => true }),
  },
  {
    name: "a worker has left that has said so, whichever message was lost",
    why: "Its last results are in a message behind that one, and nobody listens any more.",
    breaks: "partial",
    bounds: { posting: 0b11, unread: 1 },
    protocol: ruled({ hasSaidLeft: ({ said }) => said !== 0 }),
  },
  {
    name: "the leave is noted after it was posted",
    why: "The memory may be somebody else's by then. And a leave that is lost before it is noted is never known.",
    breaks: "recycle",
    bounds: { unread: 1 },
    protocol: notesLate,
  },
  {
    name: "what a worker had noted stays when it comes back",
    why: "The next message that is lost is taken for its leave, and it goes on.",
    breaks: "recycle",
    bounds: { posting: 0b11, window: 1, unread: 1 },
    protocol: ruled({ saidBefore: (said) => said }),
  },
  {
    name: "a round is complete though LIMIT was lowered for a message",
    why: "An empty leave was lost, nothing is missing, and what was left out is never run.",
    breaks: "result",
    bounds: { posting: 0b11, window: 1, unread: 1 },
    protocol: ruled({ isComplete: ({ posted, messages }) => posted === messages }),
  },
];
