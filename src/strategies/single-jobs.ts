/**
 * Single jobs that share a round. Each settles by itself, and what has not begun can be taken back. One thread runs them in
 * their order, and each is a claim of its own. So the count of ended tasks tells which have ended.
 */
import type { ControlBlock } from "../protocol/control-block.js";
import type { ResultTable } from "../protocol/result-table.js";

const NONE: readonly number[] = [];

export class SingleJobs {
  /** The job that a lost worker was at. It has begun, and runs again. */
  interrupted: number | undefined;
  readonly #results: ResultTable;
  readonly #isReceived: (index: number) => boolean;
  #control: ControlBlock | undefined;
  /** The indices of the tasks of a later round. */
  #order: Uint32Array | undefined;
  #isRecalled = false;
  /** Jobs that nobody wants any more. */
  #denied = NONE;

  /** @param isReceived whether a value that goes by message has come */
  constructor(results: ResultTable, isReceived: (index: number) => boolean) {
    this.#results = results;
    this.#isReceived = isReceived;
  }

  /** A strategy starts a round. */
  begin(control: ControlBlock): void {
    this.#control = control;
    if (this.#isRecalled) this.#lowerLimit();
  }

  /** The next round is over these tasks. */
  follow(order: Uint32Array): void {
    this.#order = order;
  }

  /** No job starts any more. Those that have begun go on. */
  recall(): void {
    this.#isRecalled = true;
    this.#lowerLimit();
  }

  get isRecalled(): boolean {
    return this.#isRecalled;
  }

  /** As `recall`. Nobody wants this job any more, and its kernel can learn that if it runs. */
  deny(index: number): void {
    this.recall();
    this.#denied = [...this.#denied, index];
    this.#control?.deny(this.#positionOf(index));
  }

  /** Whether a job that has not ended runs in the next round. */
  mayRun(index: number): boolean {
    return !this.#isRecalled || this.#runsAgain(index);
  }

  /** Whether any of the present round has begun. */
  get haveBegun(): boolean {
    return (this.#control?.next ?? 0) > 0;
  }

  /** Asked while they run: whether a job has ended and its result is here. */
  hasEnded(index: number): boolean {
    if (this.#positionOf(index) >= (this.#control?.ended ?? -1)) return false;
    return !this.#results.isPending(index) && (!this.#results.isElsewhere(index) || this.#isReceived(index));
  }

  /** Asked while they run: whether a job has begun, or is about to. After a recall, no other job ever begins here. */
  hasClaimed(index: number): boolean {
    const position = this.#positionOf(index);
    return position !== -1 && position < (this.#control?.next ?? 0);
  }

  #lowerLimit(): void {
    this.#control?.lowerLimit(this.#runsAgain(this.#order?.[0]) ? 1 : 0);
  }

  #runsAgain(index: number | undefined): boolean {
    return index !== undefined && index === this.interrupted && !this.#denied.includes(index);
  }

  /** The place of a task in the present round; -1 if it is not in it. */
  #positionOf(index: number): number {
    return this.#order === undefined ? index : this.#order.indexOf(index);
  }
}
