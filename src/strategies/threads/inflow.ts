/** Receives what a round's workers send, and knows whether something was lost on the way. */
import type { ControlBlock } from "../../protocol/control-block.js";
import type { ReportMessage } from "../../protocol/messages.js";
import { packThrown, type Thrown } from "../../protocol/thrown.js";
import { unreadError } from "../../protocol/unread-error.js";
import type { Job } from "../job.js";
import type { Lost } from "./loss-policy.js";

export class Inflow {
  readonly #job: Job;
  readonly #control: ControlBlock;
  #received = 0;
  /** Why a message could not be read. */
  #reason: unknown;
  /** Whether `LIMIT` was lowered for it, so tasks may be left out. */
  #isCut = false;

  constructor(job: Job, control: ControlBlock) {
    this.#job = job;
    this.#control = control;
  }

  /** Whether everything that was sent is here, and no task was left out. */
  get isComplete(): boolean {
    return this.#control.posted === this.#received && !this.#isCut;
  }

  take({ values, failures, broken }: ReportMessage): void {
    const job = this.#job;
    if (values.length === 1) job.receiveApart(...(values[0] as (typeof values)[0]));
    else for (const [index, value] of values) job.receive(index, value);
    for (const [index, thrown] of failures) job.fail(index, thrown);
    this.#received += values.length + failures.length;
    if (broken !== null) this.#break(broken);
  }

  /**
   * A message could not be read.
   * @param isOwn whether it was about this round, as far as is known
   * @param isBroken whether it said that the kernel does not load
   */
  lose(reason: unknown, isOwn: boolean, isBroken: boolean): void {
    this.#reason ??= reason;
    if (isBroken) this.#break(packThrown(unreadError(reason)));
    if (!isOwn) return;
    // A task that has begun fails, so no other one may begin, least of all if memory is short.
    this.#isCut = true;
    this.#control.lowerLimit(this.#control.next);
  }

  /** Without a kernel no task runs, as if the first one had failed. */
  #break(thrown: Thrown): void {
    this.#job.fail(0, thrown);
    this.#control.lowerLimit(0);
  }

  /**
   * All workers have left, so nothing is on its way any more. Fails the first task whose value or error is missing.
   * @returns whether there is one
   */
  failMissing(): boolean {
    const isMissing = this.#control.posted !== this.#received;
    return isMissing && !this.#job.isStopped && this.#job.failUnread(this.#reason);
  }

  /**
   * The message that could not be read was not of this round: a kernel can post on its worker's port, too. The tasks that were
   * left out for it run in another round, as after a loss that no task is to blame for.
   */
  get leftOut(): readonly Lost[] {
    if (!this.#isCut || this.#job.failure !== undefined) return [];
    return [
      { exitCode: undefined, error: this.#reason, isForeign: true, index: undefined, interrupted: undefined },
    ];
  }
}
