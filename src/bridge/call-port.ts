/**
 * The port that carries the calls of a connection, with one message each way. A call by Comlink takes twice as long as
 * the bare messages, for its random id, its promises and the objects around its arguments.
 */
import { stayFor } from "../dispatch/poller.js";
import { clock } from "../platform/clock.js";
import { Looks } from "../platform/looks.js";
import { CAN_TAKE, take } from "../platform/ports.js";
import { tricksOf } from "../platform/tricks.js";
import { keepAlive } from "./endpoint.js";

/** One end of it. */
export class CallPort<In, Out> {
  readonly #port: MessagePort;
  readonly #onMessage: (message: In) => void;
  readonly #looks = CAN_TAKE && tricksOf().look ? new Looks() : undefined;
  #isAboutToLook = false;
  #isNeeded = false;

  /** @param onEnd told when the other end is closed, and when this one is */
  constructor(port: MessagePort, onMessage: (message: In) => void, onEnd: () => void) {
    this.#port = port;
    this.#onMessage = onMessage;
    port.addEventListener("message", ({ data }: MessageEvent<In>) => onMessage(data));
    port.addEventListener("close", onEnd);
    port.start();
    keepAlive(port, false);
  }

  /** Nothing where an end is closed. @throws DataCloneError */
  post(message: Out): void {
    this.#port.postMessage(message);
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
    const message = take(this.#port, () => {}) as In | undefined;
    if (message !== undefined) this.#onMessage(message);
    return message !== undefined;
  };
}
