/** A worker's way to the caller's side. */
import type { AnyReport } from "../../../protocol/messages.js";

/** The part of a MessagePort that is used here; Node's and the browser's both have it. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
}

/** Counts what it sends: by its number the caller's side knows what a message was that it could not read. */
export class ReportPort {
  readonly #port: Port;
  #last = 0;

  constructor(port: Port) {
    this.#port = port;
  }

  /** The number of the next message. Within 32 bits, as the word that names it has no more, and never 0. */
  get next(): number {
    return (this.#last + 1) | 0 || 1;
  }

  /** @throws DataCloneError, RangeError if the message can't be sent; then nothing was */
  post(message: AnyReport, transfer?: readonly ArrayBuffer[]): void {
    this.#port.postMessage(message, transfer);
    this.#last = this.next;
  }
}
