import { clock } from "../platform/clock.js";
import type { Departing } from "../protocol/departure.js";
import type { LeaveWord } from "../protocol/leave.js";
import type { ReportMessage } from "../protocol/messages.js";
import type { Thrown } from "../protocol/thrown.js";
import { assertIntact } from "./intact.js";
import type { Outbox } from "./task-run.js";

/** The part of a MessagePort that is used here; Node's and the browser's both have it. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
}

// A message costs 5-10 µs however little it carries; gathering values for this long makes that vanish.
const GATHER_MS = 4;

/** Sends a worker's values and failures in few messages, the last of them together with its leave. */
export class PortOutbox implements Outbox {
  readonly #port: Port;
  #round: number;
  readonly #eager: boolean;
  readonly #leave: LeaveWord;
  #values: (readonly [number, unknown])[] = [];
  #failures: (readonly [number, Thrown])[] = [];
  #transfer: ArrayBuffer[] = [];
  #sent = clock();
  #hasSent = false;

  /** @param eager send at the end of each claim, however short */
  constructor(port: Port, round: number, eager: boolean, leave: LeaveWord) {
    this.#port = port;
    this.#round = round;
    this.#eager = eager;
    this.#leave = leave;
  }

  /** Begins anew, for a further round with the same leave word. */
  begin(round: number): void {
    this.#round = round;
    this.#sent = clock();
    this.#hasSent = false;
  }

  value(index: number, { value, transfer }: Departing): void {
    this.#values.push([index, value]);
    for (const buffer of transfer) this.#transfer.push(buffer);
  }

  /** @throws Error where this worker is of no use any more: then it is to blame, perhaps, and not the task */
  failure(index: number, thrown: Thrown): void {
    assertIntact();
    this.#failures.push([index, thrown]);
  }

  claimEnded(): void {
    if (this.#eager || clock() - this.#sent >= GATHER_MS) this.flush();
  }

  /** Sends what has gathered, if anything has. */
  flush(): void {
    if (this.#values.length > 0 || this.#failures.length > 0) this.#send(false);
  }

  /**
   * Sends what is left and that the worker has left the round: by message where it must. A silent leave would overtake
   * messages, and who has left is not listened to any more.
   */
  leave(): void {
    const isSilent = !this.#hasSent && this.#values.length === 0 && this.#failures.length === 0;
    if (!isSilent || this.#leave.leave()) this.#send(true);
  }

  #send(left: boolean): void {
    const report: ReportMessage = {
      round: this.#round,
      values: this.#values,
      failures: this.#failures,
      left,
      broken: null,
    };
    try {
      this.#port.postMessage(report, this.#transfer);
    } catch {
      // Some buffers (a WebAssembly memory's) can't be given away: then all of them are copied.
      this.#port.postMessage(report);
    }
    this.#values = [];
    this.#failures = [];
    this.#transfer = [];
    this.#sent = clock();
    this.#hasSent = true;
  }
}
