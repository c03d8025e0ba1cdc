/** One child's place in the pool: its process, from the start to the end. */
import { Child, type Ending } from "../../platform/child-process.js";
import { clock } from "../../platform/clock.js";
import { waitFor } from "../../platform/wait-for.js";
import type { WorkerOptions } from "../../platform/worker-options.js";
import type { Found } from "../../protocol/doorbell.js";
import type { KernelAddress } from "../../protocol/messages.js";
import { type Thrown, unpackThrown } from "../../protocol/thrown.js";
import type { RoundListener } from "../threads/round-listener.js";
import { WorkerKnowledge } from "../threads/worker-knowledge.js";
import type { Invitation, SlotOwner, WorkerSlot } from "../threads/worker-slot.js";
import { ChildRounds } from "./child-rounds.js";
import type { Receiver } from "./feeder.js";
import { FrameReader, frameOf } from "./frames.js";
import type { FromChild, ToChild } from "./messages.js";
import { Supply } from "./supply.js";
import type { Transfer } from "./transfer.js";

export interface ChildOptions {
  readonly resourceLimits: WorkerOptions["resourceLimits"];
  readonly initializer: KernelAddress | null;
}

// A process ends within some 10 ms of its signal, on a loaded machine within a hundred.
const LAST_MS = 1000;

export class ProcessSlot implements WorkerSlot, Receiver {
  readonly number: number;
  readonly started = clock();
  readonly knowledge: WorkerKnowledge;
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  readonly #transfer: Transfer;
  readonly #owner: SlotOwner;
  readonly #child: Child;
  readonly #rounds: ChildRounds;
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
  constructor(
    number: number,
    { resourceLimits, initializer }: ChildOptions,
    transfer: Transfer,
    owner: SlotOwner,
  ) {
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
    this.knowledge = new WorkerKnowledge(
      () => this.#collect(),
      (gone) => owner.unheld(gone),
    );
    const supply = new Supply(this, transfer.feeder, this.knowledge.memory);
    this.#rounds = new ChildRounds(this, this.knowledge, supply, transfer, () => this.#release());
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
    return this.#rounds.count;
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
    this.#rounds.enter(invitation, listener);
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

  #collect(): void {
    const forgotten = this.#rounds.takeForgotten();
    if (forgotten !== null) this.send({ type: "forget", forgotten });
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
        this.#rounds.report(message, values);
        break;
      case "broken":
        this.#rounds.broken(message.round, message.thrown);
        break;
      case "verified":
        this.#rounds.verified(message.round, message.change);
        break;
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

  async #lose({ exitCode, signal, error }: Ending): Promise<void> {
    // Never released: see `#terminate`.
    this.#hold();
    this.#owner.ended(this);
    await this.#rounds.entered();
    this.#isGone = true;
    this.#transfer.feeder.lost(this);
    const reason = this.#dying === undefined ? (error ?? this.#startError) : unpackThrown(this.#dying);
    this.#beBroken(reason ?? new Error("The process ended while it was starting"));
    const hasServed = this.#readySince !== undefined;
    const loss = { exitCode: hasServed ? exitCode : undefined, signal, error: reason };
    this.#rounds.lose(loss, this.#isTerminated);
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
