/** One worker's place in the pool: its port, its doorbell, what it knows and the rounds it takes part in. */

import type { PoolWorker } from "../../platform/pool-worker.js";
import { listenTo, take } from "../../platform/ports.js";
import { inBackground } from "../../platform/runtime.js";
import { waitFor } from "../../platform/wait-for.js";
import type { Doorbell, Found } from "../../protocol/doorbell.js";
import { isReport, type WorkerMessage } from "../../protocol/messages.js";
import type { OutputMark } from "../../protocol/output-mark.js";
import type { Thrown } from "../../protocol/thrown.js";
import { ControlledWorker } from "./controlled-worker.js";
import { PoolSlot } from "./pool-slot.js";
import type { RoundListener } from "./round-listener.js";
import { type Control, type StartOptions, startWorker } from "./start-worker.js";
import { wakeMessage } from "./wake-message.js";
import { WorkerKnowledge } from "./worker-knowledge.js";
import { WorkerRounds } from "./worker-rounds.js";
import type { Invitation, SlotOwner, WorkerSlot } from "./worker-slot.js";

// A thread ends within a few milliseconds, on a loaded machine within some hundred. One in a system call ends when that
// returns. After the first time its rounds go on without it. After the second one nobody waits for it any more.
const GIVE_UP_MS = 100;
const LAST_MS = 1000;

export class Slot extends PoolSlot {
  readonly knowledge: WorkerKnowledge;
  readonly #rounds = new WorkerRounds<WorkerSlot>(this);
  readonly #port: MessagePort;
  readonly #bell: Doorbell;
  readonly #output: OutputMark;
  readonly #worker: PoolWorker;
  readonly #controlled: ControlledWorker;
  #isGone = false;
  /** Messages of the worker that have come, read or not. */
  #heard = 0;

  /** @throws Error if no worker can be started */
  constructor(number: number, options: StartOptions, control: Control, owner: SlotOwner) {
    super(number, owner);
    this.knowledge = new WorkerKnowledge((message) => this.#post(message), owner.unheld);
    const { worker, port, bell, output } = startWorker(options, (exitCode, error) => {
      this.hasEnded();
      owner.ended(this);
      this.#lose(exitCode, error, undefined);
    });
    this.#worker = worker;
    this.#controlled = new ControlledWorker(worker, control, (error) => this.fail(error));
    this.#port = port;
    this.#bell = bell;
    this.#output = output;
    listenTo(port, (message) => this.#hear(message), this.#unread);
    // Held until the worker has started.
    this.hold();
  }

  get rounds(): number {
    return this.#rounds.count;
  }

  /** Wakes the worker for a round. Messages wait in the port while the worker is starting. */
  wake(invitation: Invitation, listener: RoundListener<WorkerSlot>): Found {
    const message = wakeMessage(this.knowledge, invitation);
    this.#rounds.add(message.round, listener);
    this.hold();
    const found = this.#bell.ring(message);
    return found === "away" ? this.#post(message) : found;
  }

  #post(message: WorkerMessage): Found {
    this.#port.postMessage(message);
    return this.#bell.poke();
  }

  leave(round: number, now: number): void {
    this.#rounds.leave(round);
    this.release(now);
  }

  protected override busy(): void {
    this.#worker.ref();
  }

  protected override idle(): void {
    this.#worker.unref();
    if (this.#controlled.isSpawned) return;
    inBackground(() => {
      if (this.idleSince !== undefined) void this.#controlled.spawn();
    });
  }

  protected override kill(): void {
    void this.#worker.terminate();
  }

  /** A worker that a system call holds is given up. */
  protected override async end(): Promise<void> {
    // threads.js reaches the worker through its event loop.
    this.#bell.dismiss();
    const mayHaveOutput = this.#rounds.hasBegun && this.#output.isSet;
    if (mayHaveOutput && !this.#rounds.isAtTasks) await this.#controlled.flush(this.ended);
    const ended = Promise.all([this.#controlled.terminate(), this.ended]);
    await waitFor(ended, GIVE_UP_MS);
    if (this.#isGone) return;
    this.#lose(1, undefined, this.ended);
    await waitFor(ended, LAST_MS - GIVE_UP_MS);
    // Node waits for the thread when the process exits.
    this.#worker.unref();
  }

  #hear(message: unknown): void {
    if (!isReport(message)) return;
    this.#heard = (this.#heard + 1) | 0;
    if (message.round !== null) {
      if (this.#rounds.report(message)) this.release();
    } else if ("gone" in message) this.knowledge.memory.collected(message.gone);
    else this.#start(message.broken);
  }

  #start(broken: Thrown | null): void {
    if (broken === null) this.#controlled.served();
    this.begin(broken);
  }

  /** A message has come and is lost. Its number tells which one it was. */
  readonly #unread = (reason: unknown): void => {
    this.#heard = (this.#heard + 1) | 0;
    if (this.readySince === undefined) {
      // The message says whether it serves. It was what an initializer threw, because the news that it serves can always be
      // read.
      this.fail(reason);
      return;
    }
    this.#rounds.unread(reason, this.#heard, () => this.release());
  };

  /** @param gone see `RoundListener.lost` */
  #lose(exitCode: number, error: unknown, gone: Promise<void> | undefined): void {
    this.#isGone = gone === undefined;
    // Never released: see `PoolSlot`.
    this.hold();
    // Messages that the worker sent before its end wait in the port, and count.
    const next = (): unknown => take(this.#port, this.#unread);
    for (let message = next(); message !== undefined; message = next()) this.#hear(message);
    this.#controlled.ended();
    const reason = this.lost(error, "worker");
    this.#port.close();
    const { isTerminated } = this;
    const wasReady = this.readySince !== undefined;
    this.#rounds.lose({ exitCode, error: reason, wasReady, isTerminated, gone });
  }
}
