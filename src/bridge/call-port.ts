/** The port that carries the calls of a connection, with one message each way. Comlink would take twice as long for a call. */

import { queueMicrotask } from "../platform/builtins.js";
import { clock } from "../platform/clock.js";
import { Looks } from "../platform/looks.js";
import { optimizationsOf } from "../platform/optimizations.js";
import { CAN_TAKE, take } from "../platform/ports.js";
import { stayFor } from "../strategies/threads/poller.js";
import { keepAlive } from "./endpoint.js";

/** Told what comes in at one end of the port. */
export interface Incoming<In> {
  /** Whether it is a message of this package. The other end may post anything. */
  isMessage(data: unknown): data is In;
  onMessage(message: In): void;
  /** A message could not be read. It may need more stack, or more memory, than this thread has. */
  onUnreadable(reason: unknown): void;
  /** One of the two ends is closed. */
  onEnd(): void;
}

/** One end of the port. */
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

  /** Messages that were posted. They keep their order. */
  get posted(): number {
    return this.#posted;
  }

  /** Posts a message. Does nothing if an end is closed. @throws DataCloneError */
  post(message: Out): void {
    this.#port.postMessage(message);
    this.#posted += 1;
  }

  /**
   * Looks for a moment whether the other end answers at once, or asks again, if it did so lately. Waking a thread takes longer
   * than most short calls. One look serves all that is posted in one go.
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

  /** Whether the port keeps its thread alive. */
  set isNeeded(isNeeded: boolean) {
    if (this.#isNeeded === isNeeded) return;
    this.#isNeeded = isNeeded;
    keepAlive(this.#port, isNeeded);
  }

  /** Closes the port. What was posted before still arrives. */
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
