/** One worker's place in the pool: its port, its doorbell, what it knows and the rounds it takes part in. */

import { clock } from "../../platform/clock.js";
import type { PoolWorker } from "../../platform/pool-worker.js";
import { listenTo, take } from "../../platform/ports.js";
import { inBackground } from "../../platform/runtime.js";
import { waitFor } from "../../platform/wait-for.js";
import type { Doorbell, Found } from "../../protocol/doorbell.js";
import { isReport, type WorkerMessage } from "../../protocol/messages.js";
import type { OutputMark } from "../../protocol/output-mark.js";
import { type Thrown, unpackThrown } from "../../protocol/thrown.js";
import { ControlledWorker } from "./controlled-worker.js";
import type { RoundListener } from "./round-listener.js";
import { type Control, type StartOptions, startWorker } from "./start-worker.js";
import { wakeMessage } from "./wake-message.js";
import { WorkerKnowledge } from "./worker-knowledge.js";
import { WorkerRounds } from "./worker-rounds.js";
import type { Invitation, SlotOwner, WorkerSlot } from "./worker-slot.js";

// A thread ends within a few milliseconds, on a loaded machine within some hundred; one in a system call when that returns.
// After the first time its rounds go on without it, after the second one nobody waits for it any more.
const GIVE_UP_MS = 100;
const LAST_MS = 1000;

export class Slot implements WorkerSlot {
  /** Names the worker among those of its pool, from 1. */
  readonly number: number;
  /** When its worker was started, as `clock` counts. */
  readonly started = clock();
  readonly knowledge: WorkerKnowledge;
  /** Resolves when the worker serves rounds; rejects when it could not be started. */
  readonly ready: Promise<void>;
  /** Resolves when the worker's thread has ended. */
  readonly ended: Promise<void>;
  readonly #rounds = new WorkerRounds<WorkerSlot>(this);
  readonly #port: MessagePort;
  readonly #bell: Doorbell;
  readonly #output: OutputMark;
  readonly #worker: PoolWorker;
  readonly #controlled: ControlledWorker;
  readonly #owner: SlotOwner;
  #startError: unknown;
  #beReady!: () => void;
  #beBroken!: (error: unknown) => void;
  #terminated = false;
  #hasEnded = false;
  #ending: Promise<void> | undefined;
  #holds = 0;
  /** Messages of the worker that have come, read or not. */
  #heard = 0;
  #idleSince = 0;
  #readySince: number | undefined;

  /** @throws Error if no worker can be started */
  constructor(number: number, options: StartOptions, control: Control, owner: SlotOwner) {
    this.number = number;
    this.#owner = owner;
    let end: () => void;
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.ready = new Promise((resolve, reject) => {
      this.#beReady = resolve;
      this.#beBroken = reject;
    });
    // Rounds learn of a failed start by the worker's end; only `start` looks at the promise.
    this.ready.catch(() => {});
    this.knowledge = new WorkerKnowledge((message) => this.#post(message), owner.unheld);
    const { worker, port, bell, output } = startWorker(options, (exitCode, error) => {
      end();
      owner.ended(this);
      this.#lose(exitCode, error ?? this.#startError, undefined);
    });
    this.#worker = worker;
    this.#controlled = new ControlledWorker(worker, control, (error) => this.#fail(error));
    this.#port = port;
    this.#bell = bell;
    this.#output = output;
    listenTo(port, (message) => this.#hear(message), this.#unread);
    // Until it has started.
    this.#hold();
  }

  /** Rounds that the worker was woken for and has not left. */
  get rounds(): number {
    return this.#rounds.count;
  }

  /** When the worker began to serve, as `clock` counts; undefined: not yet. */
  get readySince(): number | undefined {
    return this.#readySince;
  }

  /** When the worker last had something to do, as `clock` counts; undefined while it has. */
  get idleSince(): number | undefined {
    return this.#holds > 0 ? undefined : this.#idleSince;
  }

  /** Whether the pool has ended it. */
  get isTerminated(): boolean {
    return this.#terminated;
  }

  /** Wakes the worker for a round. Messages wait in the port while the worker is starting. */
  wake(invitation: Invitation, listener: RoundListener<WorkerSlot>): Found {
    const message = wakeMessage(this.knowledge, invitation);
    this.#rounds.add(message.round, listener);
    this.#hold();
    const found = this.#bell.ring(message);
    return found === "away" ? this.#post(message) : found;
  }

  #post(message: WorkerMessage): Found {
    this.#port.postMessage(message);
    return this.#bell.poke();
  }

  /** The worker has left the round, as the listener saw at `now`. */
  leave(round: number, now: number): void {
    this.#rounds.leave(round);
    this.#release(now);
  }

  /**
   * Ends the worker; its rounds hear that it is lost. Further calls wait for the same end: that of its thread, or that it is
   * given up, as a system call holds it.
   */
  terminate(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    this.#terminated = true;
    // Never released: reports that still come in must not let the process end before the worker has.
    this.#hold();
    // Gone from the pool at once, so that no round is sent to a worker that is about to end.
    this.#owner.ended(this);
    // threads.js reaches it by its event loop.
    this.#bell.dismiss();
    const mayHaveOutput = this.#rounds.hasBegun && this.#output.isSet;
    if (mayHaveOutput && !this.#rounds.isAtTasks) await this.#controlled.flush(this.ended);
    const ended = Promise.all([this.#controlled.terminate(), this.ended]);
    await waitFor(ended, GIVE_UP_MS);
    if (this.#hasEnded) return;
    this.#lose(1, undefined, this.ended);
    await waitFor(ended, LAST_MS - GIVE_UP_MS);
    // Node waits for the thread when the process exits.
    this.#worker.unref();
  }

  #fail(error: unknown): void {
    this.#startError = error;
    void this.#worker.terminate();
  }

  #hear(message: unknown): void {
    if (!isReport(message)) return;
    this.#heard = (this.#heard + 1) | 0;
    if (message.round !== null) {
      if (this.#rounds.report(message)) this.#release();
    } else if ("gone" in message) this.knowledge.memory.collected(message.gone);
    else this.#start(message.broken);
  }

  #start(broken: Thrown | null): void {
    if (broken !== null) {
      this.#fail(unpackThrown(broken));
      return;
    }
    this.#controlled.served();
    this.#readySince = clock();
    this.#beReady();
    this.#release();
  }

  /** A message has come and is lost: which it was shows by its number. */
  readonly #unread = (reason: unknown): void => {
    this.#heard = (this.#heard + 1) | 0;
    if (this.#readySince === undefined) {
      // Whether it serves. What an initializer threw may be anything, that it serves can always be read.
      this.#fail(reason);
      return;
    }
    this.#rounds.unread(reason, this.#heard, () => this.#release());
  };

  /** @param gone see `RoundListener.lost` */
  #lose(exitCode: number, error: unknown, gone: Promise<void> | undefined): void {
    this.#hasEnded = gone === undefined;
    // Never released: see `#end`.
    this.#hold();
    // What the worker sent before its end waits in the port, and counts.
    const next = (): unknown => take(this.#port, this.#unread);
    for (let message = next(); message !== undefined; message = next()) this.#hear(message);
    this.#controlled.ended();
    this.#beBroken(error ?? new Error("The worker ended while it was starting"));
    this.#port.close();
    const wasReady = this.#readySince !== undefined;
    this.#rounds.lose({ exitCode, error, wasReady, isTerminated: this.#terminated, gone });
  }

  /** A worker with something to do keeps the process alive; an idle one must not. */
  #hold(): void {
    this.#holds += 1;
    if (this.#holds === 1) this.#worker.ref();
  }

  #release(now = clock()): void {
    this.#holds -= 1;
    if (this.#holds > 0) return;
    this.#worker.unref();
    this.#idleSince = now;
    this.#owner.released();
    if (this.#controlled.isSpawned) return;
    inBackground(() => {
      if (this.#holds === 0) void this.#controlled.spawn();
    });
  }
}
