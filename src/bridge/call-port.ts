/**
 * The port that carries the calls of a connection, with one message each way. A call by Comlink takes twice as long as
 * the bare messages, for its random id, its promises and the objects around its arguments.
 */

import { queueMicrotask } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";
import { Looks } from "../platform/looks.js";
import { optimizationsOf } from "../platform/optimizations.js";
import { CAN_TAKE, take } from "../platform/ports.js";
import { stayFor } from "../strategies/threads/poller.js";
import { keepAlive } from "./endpoint.js";

/** What comes in at one end of it. */
export interface Incoming<In> {
  /** The other end may post anything. */
  isMessage(data: unknown): data is In;
  onMessage(message: In): void;
  /** A message could not be read: it may need more stack, or more memory, than this thread has. */
  onUnreadable(reason: unknown): void;
  /** The other end is closed, or this one is. */
  onEnd(): void;
}

/** One end of it. */
export class CallPort<In, Out> {
  readonly #port: MessagePort;
  readonly #incoming: Incoming<In>;
  readonly #looks = CAN_TAKE && optimizationsOf().look ? new Looks() : undefined;
  #isAboutToLook = false;
  #isNeeded = false;
  #heard = 0;
  #posted = 0;

  constructor(port: MessagePort, incoming: Incoming<In>) {
    this.#port = port;
    this.#incoming = incoming;
    port.addEventListener("message", ({ data }) => this.#hear(data));
    port.addEventListener("messageerror", ({ data }) => this.#lose(data));
    port.addEventListener("close", () => incoming.onEnd());
    port.start();
    keepAlive(port, false);
  }

  /** Messages that have come, read or not. */
  get heard(): number {
    return this.#heard;
  }

  /** Messages that were posted, which keep their order. */
  get posted(): number {
    return this.#posted;
  }

  /** Nothing where an end is closed. @throws DataCloneError */
  post(message: Out): void {
    this.#port.postMessage(message);
    this.#posted += 1;
  }

  /**
   * Looks for a moment whether the other end answers at once, or asks again, where that was so lately: it takes longer to
   * wake a thread than most short calls last. Once for all that is posted in one go.
   */
  look(): void {
    const looks = this.#looks;
    if (looks === undefined || this.#isAboutToLook || !looks.take()) return;
    this.#isAboutToLook = true;
    queueMicrotask(() => {
      this.#isAboutToLook = false;
      looks.ended(stayFor(this.#takeOne, clock()));
    });
  }

  /** Is the port to keep its thread alive? */
  set isNeeded(isNeeded: boolean) {
    if (this.#isNeeded === isNeeded) return;
    this.#isNeeded = isNeeded;
    keepAlive(this.#port, isNeeded);
  }

  /** What was posted before still arrives. */
  close(): void {
    this.#port.close();
  }

  readonly #takeOne = (): boolean => {
    const message = take(this.#port, (reason) => this.#lose(reason));
    if (message !== undefined) this.#hear(message);
    return message !== undefined;
  };

  #hear(data: unknown): void {
    if (!this.#incoming.isMessage(data)) return;
    this.#heard += 1;
    this.#incoming.onMessage(data);
  }

  #lose(reason: unknown): void {
    this.#heard += 1;
    this.#incoming.onUnreadable(reason);
  }
}
