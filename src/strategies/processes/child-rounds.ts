/** The rounds that one child takes part in, or may again. */
import type { Change } from "../../memory/snapshot.js";
import type { Thrown } from "../../protocol/thrown.js";
import type { Loss, RoundListener } from "../threads/round-listener.js";
import type { WorkerKnowledge } from "../threads/worker-knowledge.js";
import type { Invitation, WorkerSlot } from "../threads/worker-slot.js";
import type { Receiver } from "./feeder.js";
import { joinMessage, mayRepeat } from "./join-message.js";
import { KeptRounds } from "./kept-rounds.js";
import type { Forgotten, Piece, ReportMessage } from "./messages.js";
import { WordsPool } from "./part-words.js";
import { type Entry, lackOfRoom } from "./round-entry.js";
import { RoundPart } from "./round-part.js";
import type { Supply } from "./supply.js";
import type { Transfer } from "./transfer.js";

const NO_PIECES: readonly Piece[] = [];

export class ChildRounds {
  readonly #slot: WorkerSlot & Receiver;
  readonly #knowledge: WorkerKnowledge;
  readonly #supply: Supply;
  readonly #transfer: Transfer;
  readonly #onLeft: () => void;
  /** Rounds by their names. */
  readonly #entries = new Map<number, Entry>();
  readonly #words: WordsPool;
  readonly #kept: KeptRounds;

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
    this.#words = new WordsPool(transfer.transit);
    this.#kept = new KeptRounds(this.#words);
  }

  /** Rounds that it has not left. */
  get count(): number {
    let count = 0;
    for (const { isIn } of this.#entries.values()) if (isIn) count += 1;
    return count;
  }

  enter(invitation: Invitation, listener: RoundListener<WorkerSlot>): void {
    const before = this.#find(invitation.id);
    if (before === undefined) {
      const forgotten = this.takeForgotten();
      this.#join(this.#newEntry(invitation, listener), forgotten);
      return;
    }
    before.isIn = true;
    if (before.hasJoined) {
      before.part.enter(false);
      before.part.arrived();
    } else {
      this.#join(before, this.takeForgotten());
    }
  }

  /** The entry of a round that the child may have left, and comes back to. */
  #find(id: number): Entry | undefined {
    for (const entry of this.#entries.values()) if (entry.invitation.id === id) return entry;
    return undefined;
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
    entry.hasJoined = false;
    entry.part.giveUp();
    this.#left(entry, thrown);
  }

  /** What the child must be told to let go; `null` if nothing. */
  takeForgotten(): Forgotten | null {
    const memory = this.#knowledge.memory.takeUntold() ?? [];
    const kernels = this.#knowledge.takeOldKernels() ?? [];
    // Any round that is kept may hold on to them.
    if (memory.length + kernels.length > 0) this.#kept.letAllGo();
    const rounds = this.#kept.takeOver();
    if (memory.length === 0 && kernels.length === 0 && rounds.length === 0) return null;
    this.#supply.forget(memory);
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
    this.#words.close();
  }

  #newEntry(invitation: Invitation, listener: RoundListener<WorkerSlot>): Entry {
    const { id, round, participant } = invitation;
    const record = this.#transfer.rounds.enter(invitation);
    const known = this.#kept.take(round.version);
    const name = known?.name ?? id;
    const words = known?.words ?? this.#words.take();
    const part = new RoundPart(invitation, record, words, {
      grant: (ranges) => this.#slot.send({ type: "grant", round: name, ranges }),
      verify: () => this.#slot.send({ type: "verify", round: name }),
      askBack: () => this.#slot.send({ type: "look", round: name }),
      received: (values, failures) => {
        listener.report(this.#slot, { round: id, values, failures, left: false, broken: null });
      },
      left: () => this.#left(entry, null),
    });
    record.onLook.set(participant, () => part.look());
    const entry: Entry = {
      name,
      words,
      invitation,
      listener,
      record,
      part,
      isAgain: known !== undefined,
      hasJoined: false,
      isIn: true,
      hasEnded: false,
    };
    this.#entries.set(name, entry);
    listener.whenEnded(() => {
      entry.hasEnded = true;
      if (!entry.isIn) this.#forget(entry);
    });
    return entry;
  }

  /** Brings what the child lacks, and has it take part. */
  #join(entry: Entry, forgotten: Forgotten | null): void {
    const { invitation, part, record } = entry;
    const { job } = invitation;
    if (job.isStopped || !record.share.hasTasksFor(part)) {
      this.#sendAhead(forgotten, NO_PIECES);
      part.leave();
      return;
    }
    const pieces: Piece[] = [];
    let bringing: Promise<unknown> | undefined;
    try {
      bringing = this.#supply.bring(record.sources, pieces);
    } catch (reason) {
      job.stop(reason);
    }
    if (bringing === undefined) {
      this.#begin(entry, forgotten, pieces);
      return;
    }
    this.#sendAhead(forgotten, pieces);
    const stop = (reason: unknown): void => job.stop(reason);
    void bringing.catch(stop).then(() => this.#begin(entry, null, NO_PIECES));
  }

  /** Sends pieces even if this round does not begin, because others count on them. */
  #sendAhead(forgotten: Forgotten | null, pieces: readonly Piece[]): void {
    if (forgotten !== null) this.#slot.send({ type: "forget", forgotten });
    if (pieces.length > 0) this.#slot.send({ type: "pieces", pieces });
  }

  /** The child has what it needs, except for what is given here. */
  #begin(entry: Entry, forgotten: Forgotten | null, pieces: readonly Piece[]): void {
    const { invitation, name, words, part, record, isAgain } = entry;
    const { job } = invitation;
    if (this.#slot.isGone) return;
    if (!words.areThere) {
      this.#sendAhead(forgotten, pieces);
      this.#left(entry, null, lackOfRoom());
      return;
    }
    const isFree = this.#slot.readySince !== undefined && this.count === 1;
    const ranges = job.isStopped ? [] : part.enter(isFree);
    if (job.isStopped || (isFree && ranges.length === 0 && !record.share.mayGetBack(part))) {
      this.#sendAhead(forgotten, pieces);
      part.leave();
      return;
    }
    entry.hasJoined = true;
    const outputs = record.outputs?.places ?? null;
    if (isAgain) {
      this.#sendAhead(forgotten, NO_PIECES);
      this.#slot.send({ type: "again", round: name, pieces, outputs, ranges });
    } else {
      const rest = { forgotten, pieces, outputs, ranges };
      this.#slot.send(joinMessage(this.#knowledge, invitation, entry, record, rest));
    }
  }

  /** @param broken why it could not take part. @param loss the round has lost it */
  #left(entry: Entry, broken: Thrown | null, loss?: Loss): void {
    const { invitation, listener } = entry;
    if (!entry.isIn) return;
    entry.isIn = false;
    if (loss !== undefined) listener.lost(this.#slot, loss, undefined);
    else listener.report(this.#slot, { round: invitation.id, values: [], failures: [], left: true, broken });
    if (entry.hasEnded) this.#forget(entry);
    this.#onLeft();
  }

  #forget(entry: Entry): void {
    const { name, words, invitation, record, hasJoined, isAgain } = entry;
    if (!this.#entries.delete(name)) return;
    record.onLook.delete(invitation.participant);
    this.#transfer.rounds.leave(record);
    if (this.#slot.isGone) return;
    const isKept = (hasJoined || isAgain) && mayRepeat(invitation, record);
    if (isKept) this.#kept.keep(invitation.round.version, { name, words });
    else this.#kept.letGo(entry);
  }
}
