/** The rounds that one child takes part in, or may again. */
import type { Change } from "../../memory/snapshot.js";
import type { Thrown } from "../../protocol/thrown.js";
import type { Loss, RoundListener } from "../threads/round-listener.js";
import type { WorkerKnowledge } from "../threads/worker-knowledge.js";
import type { Invitation, WorkerSlot } from "../threads/worker-slot.js";
import type { Receiver } from "./feeder.js";
import { type Forgotten, type Piece, type ReportMessage, WORDS_BYTES } from "./messages.js";
import { RoundPart } from "./round-part.js";
import type { RoundRecord } from "./rounds.js";
import type { Supply } from "./supply.js";
import type { Transfer } from "./transfer.js";

interface Entry {
  readonly invitation: Invitation;
  readonly listener: RoundListener<WorkerSlot>;
  readonly record: RoundRecord;
  readonly part: RoundPart;
  /** The child knows the round. */
  hasJoined: boolean;
  /** It was woken for it and has not left. */
  isIn: boolean;
  /** The round has ended. */
  hasEnded: boolean;
}

export class ChildRounds {
  readonly #slot: WorkerSlot & Receiver;
  readonly #knowledge: WorkerKnowledge;
  readonly #supply: Supply;
  readonly #transfer: Transfer;
  readonly #onLeft: () => void;
  readonly #entries = new Map<number, Entry>();
  /** Places of words in the transit file, of which the child may still write some of a round that is over. */
  readonly #words: number[] = [];
  readonly #freeWords: number[] = [];
  /** Rounds that the child is to be told to let go. */
  #over: number[] = [];

  /** @param onLeft told when the child has left a round */
  constructor(
    slot: WorkerSlot & Receiver,
    knowledge: WorkerKnowledge,
    supply: Supply,
    transfer: Transfer,
    onLeft: () => void,
  ) {
    this.#slot = slot;
    this.#knowledge = knowledge;
    this.#supply = supply;
    this.#transfer = transfer;
    this.#onLeft = onLeft;
  }

  /** Those that it has not left. */
  get count(): number {
    let count = 0;
    for (const { isIn } of this.#entries.values()) if (isIn) count += 1;
    return count;
  }

  enter(invitation: Invitation, listener: RoundListener<WorkerSlot>): void {
    let entry = this.#entries.get(invitation.id);
    if (entry === undefined) {
      entry = this.#newEntry(invitation, listener);
      this.#entries.set(invitation.id, entry);
    }
    entry.isIn = true;
    if (entry.hasJoined) {
      entry.part.enter(false);
      entry.part.arrived();
    } else {
      void this.#join(entry);
    }
  }

  report(message: ReportMessage, values: () => unknown): void {
    this.#entries.get(message.round)?.part.report(message, values);
  }

  /** The child has looked whether inputs have changed. */
  verified(round: number, change: Change | null): void {
    const entry = this.#entries.get(round);
    if (change !== null) {
      entry?.record.inputs.changed(change);
      // Its copies are of no use to others.
      this.#supply.forgetAll();
    }
    entry?.part.verified();
  }

  /** The child can't take part. */
  broken(round: number, thrown: Thrown): void {
    const entry = this.#entries.get(round);
    if (entry === undefined) return;
    entry.part.giveUp();
    this.#left(entry, thrown);
  }

  /** What the child is to be told to let go; null: nothing. */
  takeForgotten(): Forgotten | null {
    const memory = this.#knowledge.memory.takeUntold() ?? [];
    const kernels = this.#knowledge.takeOldKernels() ?? [];
    const rounds = this.#over;
    if (memory.length === 0 && kernels.length === 0 && rounds.length === 0) return null;
    this.#supply.forget(memory);
    this.#over = [];
    return { rounds, memory, kernels };
  }

  /** Resolves when all that the child has told of is entered. */
  async entered(): Promise<void> {
    for (const { part } of [...this.#entries.values()]) if (part.entered !== undefined) await part.entered;
  }

  /** The child has ended. @param isTerminated by its pool */
  lose(loss: Omit<Loss, "isForeign">, isTerminated: boolean): void {
    const entries = [...this.#entries.values()].filter(({ isIn }) => isIn);
    for (const { part } of entries) part.lost();
    // A child is in the middle of one round at most.
    const current = entries.find(({ listener }) => listener.isAt(this.#slot));
    for (const entry of entries) {
      entry.isIn = false;
      const isForeign = isTerminated || (current !== undefined && current !== entry);
      entry.listener.lost(this.#slot, { ...loss, isForeign }, undefined);
    }
    for (const entry of [...this.#entries.values()]) this.#forget(entry);
    for (const words of this.#words) this.#transfer.transit.give(words, WORDS_BYTES);
  }

  #newEntry(invitation: Invitation, listener: RoundListener<WorkerSlot>): Entry {
    const { id, participant } = invitation;
    const { rounds, transit } = this.#transfer;
    const record = rounds.enter(invitation);
    const words = this.#freeWords.pop() ?? this.#newWords();
    const part = new RoundPart(invitation, record, words, transit, {
      grant: (ranges) => this.#slot.send({ type: "grant", round: id, ranges }),
      verify: () => this.#slot.send({ type: "verify", round: id }),
      askBack: () => this.#slot.send({ type: "look", round: id }),
      received: (values, failures) => {
        listener.report(this.#slot, { round: id, values, failures, left: false, broken: null });
      },
      left: () => this.#left(entry, null),
    });
    record.onLook.set(participant, () => part.look());
    const entry: Entry = {
      invitation,
      listener,
      record,
      part,
      hasJoined: false,
      isIn: true,
      hasEnded: false,
    };
    listener.whenEnded(() => {
      entry.hasEnded = true;
      if (!entry.isIn) this.#forget(entry);
    });
    return entry;
  }

  #newWords(): number {
    const words = this.#transfer.transit.take(WORDS_BYTES);
    this.#words.push(words);
    return words;
  }

  /** Brings what the child lacks, and has it take part. */
  async #join(entry: Entry): Promise<void> {
    const { invitation, part, record } = entry;
    const { id, round, job } = invitation;
    let forgotten = this.takeForgotten();
    let pieces: Piece[] = [];
    // Whatever becomes of this round, others count on them.
    const sendThem = (): void => {
      if (forgotten !== null) this.#slot.send({ type: "forget", forgotten });
      if (pieces.length > 0) this.#slot.send({ type: "pieces", pieces });
      forgotten = null;
      pieces = [];
    };
    try {
      const sending = this.#supply.bring(record.sources, pieces);
      if (sending !== undefined) {
        sendThem();
        await sending;
      }
    } catch (reason) {
      job.stop(reason);
    }
    if (this.#slot.isGone) return;
    const isFree = this.#slot.readySince !== undefined && this.count === 1;
    const ranges = job.isStopped ? [] : part.enter(isFree);
    if (job.isStopped || (isFree && ranges.length === 0)) {
      sendThem();
      part.leave();
      return;
    }
    entry.hasJoined = true;
    const { kernel } = job.parts;
    const isNew = this.#knowledge.meetKernel(kernel.id);
    this.#slot.send({
      type: "join",
      forgotten,
      pieces,
      round: id,
      descriptor: round.descriptor.slice(),
      order: round.order ?? null,
      kernel: { number: kernel.id, address: isNew ? kernel.address : null },
      words: part.words.place,
      outputs: record.outputs?.places ?? null,
      own: record.own,
      verifies: record.inputs.verifies,
      mayReuse: !kernel.lingers,
      ranges,
    });
  }

  /** @param broken why it could not take part */
  #left(entry: Entry, broken: Thrown | null): void {
    const { invitation, listener } = entry;
    if (!entry.isIn) return;
    entry.isIn = false;
    listener.report(this.#slot, { round: invitation.id, values: [], failures: [], left: true, broken });
    if (entry.hasEnded) this.#forget(entry);
    this.#onLeft();
  }

  #forget({ invitation, record, part }: Entry): void {
    const { id, participant } = invitation;
    if (!this.#entries.delete(id)) return;
    record.onLook.delete(participant);
    this.#transfer.rounds.leave(record);
    if (this.#slot.isGone) return;
    this.#freeWords.push(part.words.place);
    this.#over.push(id);
  }
}
