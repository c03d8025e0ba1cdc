/** The tasks that a child may run, as the task loop claims them: what its parent has granted so far. */
import { CONTROL_BYTES, ControlBlock } from "../../../protocol/control-block.js";
import type { Range } from "../messages.js";
import type { Told } from "./child-words.js";

// A kernel may replace it.
const { min } = Math;

const NONE: readonly Range[] = [];

export class GrantedTasks extends ControlBlock {
  readonly #look: () => Told;
  #ranges: Range[] = [];
  #returned: readonly Range[] = NONE;
  /** The claim in progress. */
  #start = 0;
  #executed: Range[] = [];

  /** @param look reads what the parent tells. Asked before each claim */
  constructor(tasks: number, look: () => Told) {
    super(new Int32Array(CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT));
    this.reset(tasks);
    this.#look = look;
  }

  grant(ranges: readonly Range[]): void {
    this.#ranges.push(...ranges);
  }

  override get claimable(): number {
    let count = 0;
    for (const [start, end] of this.#ranges) count += end - start;
    return count;
  }

  /** More may be granted: only the parent knows when all are. */
  override get exhausted(): boolean {
    return false;
  }

  /** Does what the parent tells. */
  obey(): void {
    const { limit, wantsBack } = this.#look();
    this.lowerLimit(limit);
    if (!wantsBack || this.#ranges.length === 0) return;
    this.#returned = this.#ranges;
    this.#ranges = [];
  }

  override claimBelowGate(count: number): Range | undefined {
    this.obey();
    const range = this.#ranges[0];
    if (range === undefined) return undefined;
    const [start, last] = range;
    const end = min(start + count, last);
    if (end < last) this.#ranges[0] = [end, last];
    else this.#ranges.shift();
    this.#start = start;
    return [start, end];
  }

  override endClaim(tasks: number): void {
    super.endClaim(tasks);
    const before = this.#executed.at(-1);
    const end = this.#start + tasks;
    if (before?.[1] === this.#start) this.#executed[this.#executed.length - 1] = [before[0], end];
    else this.#executed.push([this.#start, end]);
  }

  /** Claims that have ended since somebody asked, in their order; neighbouring ones as one. */
  takeExecuted(): readonly Range[] {
    const executed = this.#executed;
    this.#executed = [];
    return executed;
  }

  /** Ranges that are given back. */
  get hasReturned(): boolean {
    return this.#returned.length > 0;
  }

  takeReturned(): readonly Range[] {
    const returned = this.#returned;
    this.#returned = NONE;
    return returned;
  }
}
