/** One child's place in the pool: its process, from the start to the end. */
import { Child, type Ending } from "../../platform/child-process.js";
import { waitFor } from "../../platform/wait-for.js";
import type { WorkerOptions } from "../../platform/worker-options.js";
import type { Found } from "../../protocol/doorbell.js";
import type { KernelAddress } from "../../protocol/messages.js";
import { type Thrown, unpackThrown } from "../../protocol/thrown.js";
import { PoolSlot } from "../threads/pool-slot.js";
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

export class ProcessSlot extends PoolSlot implements Receiver {
  readonly knowledge: WorkerKnowledge;
  readonly #transfer: Transfer;
  readonly #owner: SlotOwner;
  readonly #child: Child;
  readonly #rounds: ChildRounds;
  #isGone = false;
  /** The error by which the child said that it ends. */
  #dying: Thrown | undefined;

  /** @throws Error if no process can be started */
  constructor(
    number: number,
    { resourceLimits, initializer }: ChildOptions,
    transfer: Transfer,
    owner: SlotOwner,
  ) {
    super(number, owner);
    this.#transfer = transfer;
    this.#owner = owner;
    this.knowledge = new WorkerKnowledge(
      () => this.#collect(),
      (gone) => owner.unheld(gone),
    );
    const supply = new Supply(this, transfer.feeder, this.knowledge.memory);
    this.#rounds = new ChildRounds(this, this.knowledge, supply, transfer, () => this.release());
    const reader = new FrameReader((message, values) => this.#hear(message as FromChild, values));
    this.#child = new Child(transfer.transit.fd, resourceLimits, {
      receive: (bytes) => reader.read(bytes),
      ended: (ending) => void this.#lose(ending),
    });
    transfer.childStarted();
    // Held until the child has started.
    this.hold();
    this.send({ type: "setup", initializer });
  }

  get rounds(): number {
    return this.#rounds.count;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  send(message: ToChild): void {
    this.#child.send(frameOf(message));
  }

  wake(invitation: Invitation, listener: RoundListener<WorkerSlot>): Found {
    this.hold();
    this.#rounds.enter(invitation, listener);
    return "away";
  }

  leave(): void {
    // Children never leave without a word.
  }

  protected override busy(): void {
    this.#child.ref();
  }

  protected override idle(): void {
    this.#child.unref();
  }

  protected override kill(): void {
    this.#child.kill();
  }

  protected override async end(): Promise<void> {
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
        this.begin(message.broken);
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

  async #lose({ exitCode, signal, error }: Ending): Promise<void> {
    // Never released: see `PoolSlot`.
    this.hold();
    this.#owner.ended(this);
    await this.#rounds.entered();
    this.#isGone = true;
    this.#transfer.feeder.lost(this);
    const said = this.#dying === undefined ? error : unpackThrown(this.#dying);
    const reason = this.lost(said, "process");
    const hasServed = this.readySince !== undefined;
    const loss = { exitCode: hasServed ? exitCode : undefined, signal, error: reason };
    this.#rounds.lose(loss, this.isTerminated);
    this.#transfer.childEnded();
    this.hasEnded();
  }
}
