/** What slots of threads and of child processes have in common: their worker starts, serves, is busy or idle, and ends. */
import { clock } from "../../platform/clock.js";
import type { Found } from "../../protocol/doorbell.js";
import { type Thrown, unpackThrown } from "../../protocol/thrown.js";
import type { RoundListener } from "./round-listener.js";
import type { WorkerKnowledge } from "./worker-knowledge.js";
import type { Invitation, SlotOwner, WorkerSlot } from "./worker-slot.js";

export abstract class PoolSlot implements WorkerSlot {
  readonly number: number;
  readonly started = clock();
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  readonly #owner: SlotOwner;
  #beReady!: () => void;
  #beBroken!: (error: unknown) => void;
  #beEnded!: () => void;
  #holds = 0;
  #idleSince = 0;
  #readySince: number | undefined;
  #isTerminated = false;
  #ending: Promise<void> | undefined;
  #startError: unknown;

  constructor(number: number, owner: SlotOwner) {
    this.number = number;
    this.#owner = owner;
    this.ended = new Promise((resolve) => {
      this.#beEnded = resolve;
    });
    this.ready = new Promise((resolve, reject) => {
      this.#beReady = resolve;
      this.#beBroken = reject;
    });
    // Rounds learn of a failed start by the worker's end. Only `start` looks at the promise.
    this.ready.catch(() => {});
  }

  abstract readonly knowledge: WorkerKnowledge;
  abstract get rounds(): number;
  abstract wake(invitation: Invitation, listener: RoundListener<WorkerSlot>): Found;
  abstract leave(round: number, now: number): void;

  /** The worker has something to do, so it keeps this process alive. */
  protected abstract busy(): void;
  /** The worker has nothing to do, so it does not keep this process alive. */
  protected abstract idle(): void;
  /** Ends the worker at once. */
  protected abstract kill(): void;
  /** Ends the worker. Resolves when it has ended, or when nobody waits for it any more. */
  protected abstract end(): Promise<void>;

  get readySince(): number | undefined {
    return this.#readySince;
  }

  get idleSince(): number | undefined {
    return this.#holds > 0 ? undefined : this.#idleSince;
  }

  get isTerminated(): boolean {
    return this.#isTerminated;
  }

  terminate(): Promise<void> {
    this.#ending ??= this.#terminate();
    return this.#ending;
  }

  async #terminate(): Promise<void> {
    this.#isTerminated = true;
    // Never released: reports that still come in must not let this process end before the worker has.
    this.hold();
    // Gone from the pool at once, so that no round is sent to a worker that is about to end.
    this.#owner.ended(this);
    await this.end();
  }

  /** The worker has said that it serves, or why not. */
  protected begin(broken: Thrown | null): void {
    if (broken !== null) {
      this.fail(unpackThrown(broken));
      return;
    }
    this.#readySince = clock();
    this.#beReady();
    this.release();
  }

  /** The start has failed. */
  protected fail(error: unknown): void {
    this.#startError = error;
    this.kill();
  }

  /** The worker has ended, or is given up. @returns why, as far as is known: `error`, or what its start failed with */
  protected lost(error: unknown, what: string): unknown {
    const reason = error ?? this.#startError;
    this.#beBroken(reason ?? new Error(`The ${what} ended while it was starting`));
    return reason;
  }

  /** The worker's thread or process has ended. */
  protected hasEnded(): void {
    this.#beEnded();
  }

  /** The worker has one more thing to do. */
  protected hold(): void {
    this.#holds += 1;
    if (this.#holds === 1) this.busy();
  }

  /** The worker has done one of the things that it was held for. */
  protected release(now = clock()): void {
    this.#holds -= 1;
    if (this.#holds > 0) return;
    this.#idleSince = now;
    this.idle();
    this.#owner.released();
  }
}
