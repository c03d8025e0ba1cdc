/** The port by which a worker reports to the calling thread. */
import type { AnyReport } from "../../../protocol/messages.js";

/** The part of a MessagePort that is used here; Node's and the browser's both have it. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
}

/** Counts what it sends. If the calling thread can't read a message, it knows by the number which one it was. */
export class ReportPort {
  readonly #port: Port;
  #last = 0;

  constructor(port: Port) {
    this.#port = port;
  }

  /** The number of the next message. It has 32 bits, as the word that names it, and is never 0. */
  get next(): number {
    return (this.#last + 1) | 0 || 1;
  }

  /** @throws DataCloneError, RangeError if the message can't be sent. Then nothing was sent */
  post(message: AnyReport, transfer?: readonly ArrayBuffer[]): void {
    this.#port.postMessage(message, transfer);
    this.#last = this.next;
  }
}
