import { clock } from "../../../platform/clock.js";
import type { LeaveWord } from "../../../protocol/leave-word.js";
import type { ReportMessage } from "../../../protocol/messages.js";
import { HEAVY, type ResultCopy } from "../../../protocol/result-copy.js";
import { packThrown, type Thrown } from "../../../protocol/thrown.js";
import type { ResultSink } from "../../../tasks/task-loop.js";
import type { ReportPort } from "./report-port.js";
import { assertIntact } from "./self-check.js";

// A message costs 5-10 µs however little it carries. If values gather for this long, that does not count.
const GATHER_MS = 4;

/** Sends a worker's values and failures in few messages, the last of them together with its leave. */
export class ReportSender implements ResultSink {
  readonly #port: ReportPort;
  #round: number;
  readonly #eager: boolean;
  readonly #leave: LeaveWord;
  #values: (readonly [number, unknown])[] = [];
  #failures: (readonly [number, Thrown])[] = [];
  #transfer: ArrayBuffer[] = [];
  /** The weight of what has gathered. */
  #weight = 0;
  #sent = clock();
  #hasSent = false;

  /** @param eager whether to send at the end of each claim, however short */
  constructor(port: ReportPort, round: number, eager: boolean, leave: LeaveWord) {
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

  value(index: number, { value, transfer, weight }: ResultCopy): void {
    this.#makeRoom(weight);
    this.#values.push([index, value]);
    for (const buffer of transfer) this.#transfer.push(buffer);
  }

  /** @throws Error if this worker is of no use any more. Then the worker may be to blame, not the task */
  failure(index: number, thrown: Thrown): void {
    assertIntact();
    // Errors may have fields of any size.
    this.#makeRoom(Infinity);
    this.#failures.push([index, thrown]);
  }

  claimEnded(): void {
    const isDue = this.#eager || this.#weight >= HEAVY || clock() - this.#sent >= GATHER_MS;
    if (isDue) this.flush();
  }

  /** Sends what has gathered, if anything has. */
  flush(): void {
    if (this.#values.length > 0 || this.#failures.length > 0) this.#send(false);
  }

  /**
   * Sends the rest, and that the worker has left the round: by message if it must. A leave without a message would overtake
   * messages. Nobody listens to a worker that has left.
   */
  leave(): void {
    const isSilent = !this.#hasSent && this.#values.length === 0 && this.#failures.length === 0;
    if (isSilent && !this.#leave.leave()) return;
    if (this.#weight >= HEAVY) this.flush();
    this.#send(true);
  }

  /** Sends what has gathered if it would be too much with `weight` more. It is already marked as posted. */
  #makeRoom(weight: number): void {
    if (this.#weight + weight > HEAVY) this.flush();
    this.#weight += weight;
  }

  #send(left: boolean): void {
    const values = this.#values;
    const failures = this.#failures;
    const transfer = this.#transfer;
    this.#values = [];
    this.#failures = [];
    this.#transfer = [];
    this.#weight = 0;
    this.#sent = clock();
    this.#hasSent = true;
    if (left) this.#leave.say(this.#port.next);
    if (this.#post(values, failures, left, transfer) === undefined) return;
    // Other messages come before the leave.
    if (left) this.#leave.say(0);
    for (const [index, value] of values) {
      const reason = this.#post([[index, value]], [], false);
      if (reason !== undefined) this.#post([], [[index, packThrown(unsentError(reason))]], false);
    }
    for (const failure of failures) this.#post([], [failure], false);
    if (!left) return;
    this.#leave.say(this.#port.next);
    this.#post([], [], true);
  }

  /** @returns why it can't be sent; `undefined` if it was */
  #post(
    values: ReportMessage["values"],
    failures: ReportMessage["failures"],
    left: boolean,
    transfer: readonly ArrayBuffer[] = [],
  ): unknown {
    const report: ReportMessage = { round: this.#round, values, failures, left, broken: null };
    try {
      this.#port.post(report, transfer);
      return undefined;
    } catch (error) {
      if (transfer.length === 0) return error;
    }
    // Some buffers (a WebAssembly memory's) can't be given away: then all of them are copied.
    return this.#post(values, failures, left);
  }
}

function unsentError(reason: unknown): Error {
  const why = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
  return new Error(
    `Cannot return result from a kernel as a message must be able to carry it: posting it fails with ${why}`,
    {
      cause: reason,
    },
  );
}
