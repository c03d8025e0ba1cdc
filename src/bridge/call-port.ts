/**
 * The port that carries the calls of a connection, with one message each way. A call by Comlink takes twice as long as
 * the bare messages, for its random id, its promises and the objects around its arguments.
 */
import { keepAlive } from "./endpoint.js";

/** One end of it. */
export class CallPort<In, Out> {
  readonly #port: MessagePort;
  #isNeeded = false;

  /** @param onEnd told when the other end is closed, and when this one is */
  constructor(port: MessagePort, onMessage: (message: In) => void, onEnd: () => void) {
    this.#port = port;
    port.addEventListener("message", ({ data }: MessageEvent<In>) => onMessage(data));
    port.addEventListener("close", onEnd);
    port.start();
    keepAlive(port, false);
  }

  /** Nothing where an end is closed. @throws DataCloneError */
  post(message: Out): void {
    this.#port.postMessage(message);
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
}
