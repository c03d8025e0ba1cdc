/** What a child is told of a round that it has not seen before. */
import type { WorkerKnowledge } from "../threads/worker-knowledge.js";
import type { Invitation } from "../threads/worker-slot.js";
import type { KnownRound } from "./kept-rounds.js";
import type { JoinMessage } from "./messages.js";
import type { RoundRecord } from "./rounds.js";

/** What differs between rounds that are otherwise the same, and what comes with the message. */
type Rest = Pick<JoinMessage, "forgotten" | "pieces" | "outputs" | "ranges">;

export function joinMessage(
  knowledge: WorkerKnowledge,
  { round, job }: Invitation,
  { name, words }: KnownRound,
  { own, inputs }: RoundRecord,
  { forgotten, pieces, outputs, ranges }: Rest,
): JoinMessage {
  const { kernel } = job.parts;
  const isNew = knowledge.meetKernel(kernel.id);
  return {
    type: "join",
    forgotten,
    pieces,
    round: name,
    descriptor: round.descriptor.slice(),
    order: round.order ?? null,
    kernel: { number: kernel.id, address: isNew ? kernel.address : null },
    words: words.place,
    outputs,
    own,
    verifies: inputs.verifies,
    mayReuse: !kernel.lingers,
    ranges,
  };
}

// The child holds it as long as it knows the round. That is little beside its heap.
const MOST_KEPT_BYTES = 1024 * 1024;

/** Whether there may be a round that is the same, in all that a child is told of this one. */
export function mayRepeat({ round, job }: Invitation, { own, inputs }: RoundRecord): boolean {
  if (round.order !== undefined || job.parts.isTraced || inputs.verifies) return false;
  return own.reduce((sum, [, bytes]) => sum + bytes, 0) <= MOST_KEPT_BYTES;
}
