/**
 * How far a job of several passes has come. The value of each task is the number of passes that its chunk has been through. It
 * is the same for all, or one more for those that the present pass has ended.
 */
import type { ControlBlock } from "../protocol/control-block.js";
import type { JobSpec } from "../protocol/job-spec.js";
import { PassOrder } from "../protocol/pass-order.js";
import type { ResultTable } from "../protocol/result-table.js";

export class PassProgress {
  readonly #spec: JobSpec;
  readonly #results: ResultTable;
  /** Passes that run at most. Without any, the input is copied. */
  readonly #passes: number;
  /** The tasks of the present round, or of the next one. */
  #order: PassOrder;
  /** The tasks of the last round that has begun. */
  #begun: PassOrder;

  constructor(spec: JobSpec, results: ResultTable) {
    this.#spec = spec;
    this.#results = results;
    this.#passes = Math.max(1, spec.passes as number);
    this.#order = new PassOrder(spec, undefined);
    this.#begun = this.#order;
    results.beginAtZero();
  }

  /** Passes that every chunk has been through. */
  get whole(): number {
    const { tasks } = this.#spec;
    let least = tasks === 0 ? 0 : this.#passes;
    for (let chunk = 0; chunk < tasks; chunk++) least = Math.min(least, this.#results.numberAt(chunk));
    return least;
  }

  /** Passes that have ended, for progress. @param control that of the last round; `undefined` before the first one */
  endedIn(control: ControlBlock | undefined): number {
    const passes = this.#spec.passes as number;
    if (this.#spec.tasks === 0) return passes;
    return control === undefined ? 0 : Math.min(passes, this.#begun.passesEndedAt(control.ended));
  }

  /** The pass that a chunk is in, or failed in. */
  passOf(chunk: number): number {
    return this.#results.numberAt(chunk);
  }

  /** The task loop over the passes stops at the end of each. @param before that of the round before, in which a worker was lost */
  begin(control: ControlBlock, before: ControlBlock | undefined): void {
    this.#begun = this.#order;
    control.closeGate(this.#order.head);
    if (before !== undefined) control.exceed(before.exceeded);
  }

  /**
   * Tasks of all passes that are left. @param isLast whether no pass follows the present one, because a task of it has failed
   */
  tasksLeft(isLast: boolean): number {
    const { chunks, head } = this.#order;
    if (head === 0) return 0;
    return isLast ? head : head + (this.#passes - 1 - this.#order.first) * chunks;
  }

  /**
   * What is left of the present pass, which the next round begins with. If the pass has ended, the next one is.
   * @param end the chunk that has failed; those from it on do not matter
   * @param exceeded the last pass, from 1, of which a task exceeded the tolerance
   */
  left(end: number, exceeded: number): Uint32Array {
    const { tasks, tolerance } = this.#spec;
    const { whole } = this;
    const hasConverged = tolerance !== undefined && whole > 0 && exceeded < whole;
    const isOver = whole === this.#passes || hasConverged;
    const chunks: number[] = [];
    for (let chunk = 0; chunk < end && !isOver; chunk++) {
      if (this.#results.numberAt(chunk) === whole) chunks.push(chunk);
    }
    const rest = Uint32Array.from(chunks);
    this.#order = new PassOrder({ tasks, firstPass: whole }, rest);
    return rest;
  }

  /** What a round that begins with the present pass is told. */
  get firstPass(): number {
    return this.#order.first;
  }
}
