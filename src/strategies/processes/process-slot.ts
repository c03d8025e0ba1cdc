/** One child's place in the pool: its process, what it has, and the rounds that it takes part in. */
import type { ResourceLimits } from "node:worker_threads";
import { Child, type Ending } from "../../platform/child-process.js";
import { clock } from "../../platform/clock.js";
import { waitFor } from "../../platform/wait-for.js";
import type { Found } from "../../protocol/doorbell.js";
import type { KernelAddress } from "../../protocol/messages.js";
import { type Thrown, unpackThrown } from "../../protocol/thrown.js";
import type { RoundListener } from "../threads/round-listener.js";
import { WorkerKnowledge } from "../threads/worker-knowledge.js";
import type { Invitation, SlotOwner, WorkerSlot } from "../threads/worker-slot.js";
import type { Receiver } from "./feeder.js";
import { FrameReader, frameOf } from "./frames.js";
import { type FromChild, type Range, type ReportMessage, type ToChild, WORDS_BYTES } from "./messages.js";
import { RoundPart } from "./round-part.js";
import type { RoundRecord } from "./rounds.js";
import { type Interval, missingOf, type Source, union } from "./source.js";
import type { Transfer } from "./transfer.js";

export interface ChildOptions {
  readonly resourceLimits: ResourceLimits | undefined;
  readonly initializer: KernelAddress | null;
}

// A process ends within some 10 ms of its signal, on a loaded machine within a hundred.
const LAST_MS = 1000;

/** A round that the child takes part in, or may again. */
interface Entry {
  readonly invitation: Invitation;
  readonly listener: RoundListener<WorkerSlot>;
  readonly record: RoundRecord;
  readonly part: RoundPart;
  /** The child knows the round. */
  hasJoined: boolean;
  /** It was woken for it and has not left. */
  isIn: boolean;
  hasEnded: boolean;
}

/** What a child has of a memory. */
interface Contents {
  readonly number: number;
  readonly known: Interval[];
  /** Until all of it is sent; undefined: it is. */
  readonly feeding: Promise<void> | undefined;
}

export class ProcessSlot implements WorkerSlot, Receiver {
  readonly number: number;
  readonly started = clock();
  readonly knowledge: WorkerKnowledge;
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  readonly #transfer: Transfer;
  readonly #owner: SlotOwner;
  readonly #child: Child;
  readonly #entries = new Map<number, Entry>();
  /** What the child has of each memory, by the number of its contents. */
  readonly #contents = new Map<number, Contents>();
  /** Places of words in the transit file. */
  readonly #words: number[] = [];
  readonly #freeWords: number[] = [];
  #overRounds: number[] = [];
  #beReady!: () => void;
  #beBroken!: (error: unknown) => void;
  #end!: () => void;
  #holds = 0;
  #idleSince = 0;
  #readySince: number | undefined;
  #isTerminated = false;
  #isGone = false;
  #ending: Promise<void> | undefined;
  /** What the child said to end by. */
  #dying: Thrown | undefined;
  #startError: unknown;

  /** @throws Error if no process can be started */
  constructor(number: number, { resourceLimits, initializer }: ChildOptions, transfer: Transfer, owner: SlotOwner) {
    this.number = number;
    this.#transfer = transfer;
    this.#owner = owner;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.ready = new Promise((resolve, reject) => {
      this.#beReady = resolve;
      this.#beBroken = reject;
    });
    // Rounds learn of a failed start by the child's end; only `start` looks at the promise.
    this.ready.catch(() => {});
    this.knowledge = new WorkerKnowledge(() => this.#collect(), (gone) => owner.unheld(gone));
    const reader = new FrameReader((message, values) => this.#hear(message as FromChild, values));
    this.#child = new Child(transfer.transit.fd, resourceLimits, {
      receive: (bytes) => reader.read(bytes),
      ended: (ending) => void this.#lose(ending),
    });
    transfer.childStarted();
    // Until it has started.
    this.#hold();
    this.send({ type: "setup", initializer });
  }

  get rounds(): number {
    let count = 0;
    for (const { isIn } of this.#entries.values()) if (isIn) count += 1;
    return count;
  }

  get readySince(): number | undefined {
    return this.#readySince;
  }

  get idleSince(): number | undefined {
    return this.#holds > 0 ? undefined : this.#idleSince;
  }

  get isTerminated(): boolean {
    return this.#isTerminated;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  send(message: ToChild): void {
    this.#child.send(frameOf(message));
  }

  wake(invitation: Invitation, listener: RoundListener<WorkerSlot>): Found {
    this.#hold();
    let entry = this.#entries.get(invitation.id);
    if (entry === undefined) {
      entry = this.#newEntry(invitation, listener);
      this.#entries.set(invitation.id, entry);
    }
    entry.isIn = true;
    if (entry.hasJoined) {
      entry.part.enter(true);
      entry.part.lookForTasks();
    } else {
      void this.#join(entry);
    }
    return "away";
  }

  leave(): void {
    // Children never leave without a word.
  }

  terminate(): Promise<void> {
    this.#ending ??= this.#terminate();
    return this.#ending;
  }

  async #terminate(): Promise<void> {
    this.#isTerminated = true;
    // Never released: what still comes in must not let this process end before the child has.
    this.#hold();
    this.#owner.ended(this);
    this.#child.kill();
    await waitFor(this.ended, LAST_MS);
    this.#child.unref();
  }

  #newEntry(invitation: Invitation, listener: RoundListener<WorkerSlot>): Entry {
    const { id } = invitation;
    const record = this.#transfer.rounds.enter(invitation);
    const words = this.#freeWords.pop() ?? this.#newWords();
    const part = new RoundPart(invitation, record.share, words, record.outputs, this.#transfer.transit, {
      grant: (ranges) => this.send({ type: "grant", round: id, ranges }),
      askBack: () => this.send({ type: "look", round: id }),
      received: (values, failures) => {
        listener.report(this, { round: id, values, failures, left: false, broken: null });
      },
      left: () => this.#left(entry, null),
    });
    record.onLook.set(invitation.participant, () => part.look());
    const entry: Entry = { invitation, listener, record, part, hasJoined: false, isIn: true, hasEnded: false };
    listener.whenEnded(() => {
      entry.hasEnded = true;
      if (!entry.isIn) this.#forgetRound(entry);
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
    this.#tellForgotten();
    const feeding = this.#feed(record.sources);
    if (feeding !== undefined) {
      try {
        await feeding;
      } catch (reason) {
        job.stop(reason);
      }
      if (this.#isGone) return;
    }
    const isFree = this.#readySince !== undefined && this.rounds === 1;
    const ranges = job.isStopped ? [] : part.enter(isFree);
    if (job.isStopped || (isFree && ranges.length === 0)) {
      part.leave();
      return;
    }
    entry.hasJoined = true;
    const { kernel } = job.parts;
    const isNew = this.knowledge.meetKernel(kernel.id);
    this.send({
      type: "join",
      round: id,
      descriptor: round.descriptor.slice(),
      order: round.order ?? null,
      kernel: { number: kernel.id, address: isNew ? kernel.address : null },
      words: part.words,
      outputs: record.outputs?.places ?? null,
      own: record.own,
      mayReuse: !kernel.lingers,
      ranges,
    });
  }

  /** @returns undefined: the child has all */
  #feed(sources: readonly Source[]): Promise<unknown> | undefined {
    const feeding: Promise<void>[] = [];
    for (const source of sources) {
      const fed = source.contents === undefined ? this.#send(source, source.wanted) : this.#bring(source, source.contents);
      if (fed !== undefined) feeding.push(fed);
    }
    return feeding.length === 0 ? undefined : Promise.all(feeding);
  }

  /** What the child lacks of memory that it keeps. */
  #bring(source: Source, number: number): Promise<void> | undefined {
    const { memory, size, wanted } = source;
    const found = this.#contents.get(memory);
    const before = found?.number === number ? found : undefined;
    const missing = missingOf(wanted, before?.known ?? []);
    if (missing.length === 0) return before?.feeding;
    const sent = Promise.all([before?.feeding, this.#send(source, missing)]);
    const known = union(before?.known ?? [], missing);
    const feeding = sent.then(() => {
      if (this.#contents.get(memory) === contents) this.#contents.set(memory, { number, known, feeding: undefined });
    });
    const contents: Contents = { number, known, feeding };
    this.#contents.set(memory, contents);
    if (!this.knowledge.memory.has(memory)) this.knowledge.memory.add(memory, size);
    return feeding;
  }

  #send(source: Source, intervals: readonly Interval[]): Promise<void> {
    return this.#transfer.feeder.feed(this, source, intervals);
  }

  #tellForgotten(): void {
    const memory = this.knowledge.memory.takeUntold() ?? [];
    const kernels = this.knowledge.takeOldKernels() ?? [];
    const rounds = this.#overRounds;
    if (memory.length === 0 && kernels.length === 0 && rounds.length === 0) return;
    for (const id of memory) this.#contents.delete(id);
    this.#overRounds = [];
    this.send({ type: "forget", rounds, memory, kernels });
  }

  #collect(): void {
    this.#tellForgotten();
    this.send({ type: "collect" });
  }

  #hear(message: FromChild, values: () => unknown): void {
    switch (message.type) {
      case "started":
        this.#start(message.broken);
        break;
      case "taken":
        this.#transfer.feeder.taken(this);
        break;
      case "report":
        this.#report(message, values);
        break;
      case "broken": {
        const entry = this.#entries.get(message.round);
        if (entry === undefined) return;
        entry.part.giveUp();
        this.#left(entry, message.thrown);
        break;
      }
      case "collected":
        this.knowledge.memory.collected(message.gone);
        break;
      case "dying":
        this.#dying = message.thrown;
        break;
    }
  }

  #start(broken: Thrown | null): void {
    if (broken !== null) {
      this.#startError = unpackThrown(broken);
      this.#child.kill();
      return;
    }
    this.#readySince = clock();
    this.#beReady();
    this.#release();
  }

  #report(message: ReportMessage, values: () => unknown): void {
    this.#entries.get(message.round)?.part.report(message, values);
  }

  /** @param broken why it could not take part */
  #left(entry: Entry, broken: Thrown | null): void {
    const { invitation, listener } = entry;
    if (!entry.isIn) return;
    entry.isIn = false;
    listener.report(this, { round: invitation.id, values: [], failures: [], left: true, broken });
    if (entry.hasEnded) this.#forgetRound(entry);
    this.#release();
  }

  #forgetRound({ invitation, record, part }: Entry): void {
    const { id, participant } = invitation;
    if (!this.#entries.delete(id)) return;
    record.onLook.delete(participant);
    this.#transfer.rounds.leave(record);
    if (this.#isGone) return;
    this.#freeWords.push(part.words);
    this.#overRounds.push(id);
  }

  async #lose({ exitCode, signal, error }: Ending): Promise<void> {
    const { feeder, transit } = this.#transfer;
    // Never released: see `#terminate`.
    this.#hold();
    this.#owner.ended(this);
    const entries = [...this.#entries.values()].filter(({ isIn }) => isIn);
    for (const { part } of entries) if (part.entered !== undefined) await part.entered;
    this.#isGone = true;
    feeder.lost(this);
    for (const { part } of entries) part.lost();
    const reason = this.#dying === undefined ? (error ?? this.#startError) : unpackThrown(this.#dying);
    this.#beBroken(reason ?? new Error("The process ended while it was starting"));
    const hasServed = this.#readySince !== undefined;
    const loss = { exitCode: hasServed ? exitCode : undefined, signal, error: reason };
    // A child is in the middle of one round at most.
    const current = entries.find(({ listener }) => listener.isAt(this));
    for (const entry of entries) {
      const isForeign = this.#isTerminated || (current !== undefined && current !== entry);
      entry.isIn = false;
      entry.listener.lost(this, { ...loss, isForeign }, undefined);
    }
    for (const entry of [...this.#entries.values()]) this.#forgetRound(entry);
    for (const words of this.#words) transit.give(words, WORDS_BYTES);
    this.#transfer.childEnded();
    this.#end();
  }

  /** A child with something to do keeps this process alive; an idle one must not. */
  #hold(): void {
    this.#holds += 1;
    if (this.#holds === 1) this.#child.ref();
  }

  #release(): void {
    this.#holds -= 1;
    if (this.#holds > 0) return;
    this.#child.unref();
    this.#idleSince = clock();
    this.#owner.released();
  }
}
