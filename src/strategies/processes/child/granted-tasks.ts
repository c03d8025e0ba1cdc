/** The tasks that a child may run, as the task loop claims them: what its parent has granted so far. */
import { CONTROL_BYTES, ControlBlock } from "../../../protocol/control-block.js";
import type { Range } from "../messages.js";
import type { ChildWords } from "./child-words.js";

// A kernel may replace this function.
const { min } = Math;

export class GrantedTasks extends ControlBlock {
  readonly #words: Pick<ChildWords, "read">;
  #ranges: Range[] = [];
  #returned: Range[] = [];
  /** The claim in progress. */
  #start = 0;
  #executed: Range[] = [];

  /** @param words what the parent tells. Read before each claim */
  constructor(tasks: number, words: Pick<ChildWords, "read">) {
    super(new Int32Array(CONTROL_BYTES / Int32Array.BYTES_PER_ELEMENT));
    this.reset(tasks);
    this.#words = words;
  }

  grant(ranges: readonly Range[]): void {
    this.#ranges.push(...ranges);
  }

  override get claimable(): number {
    let count = 0;
    for (const [start, end] of this.#ranges) count += end - start;
    return count;
  }

  /** More may be granted. Only the parent knows when all are. */
  override get exhausted(): boolean {
    return false;
  }

  /** Does what the parent tells while a task is awaited, or none is left. */
  look(): void {
    if (this.#obey()) this.#giveBack();
  }

  override claimBelowGate(count: number): Range | undefined {
    const wantsBack = this.#obey();
    const range = this.#ranges.shift();
    if (range === undefined) return undefined;
    const [start, last] = range;
    // One task always runs. Otherwise children could pass tasks to each other for ever.
    const end = min(start + (wantsBack ? 1 : count), last);
    if (end < last) this.#ranges.unshift([end, last]);
    if (wantsBack) this.#giveBack();
    this.#start = start;
    return [start, end];
  }

  /** @returns whether the parent wants tasks back */
  #obey(): boolean {
    const { limit, wantsBack } = this.#words.read();
    this.lowerLimit(limit);
    return wantsBack;
  }

  #giveBack(): void {
    this.#returned.push(...this.#ranges);
    this.#ranges = [];
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
    this.#returned = [];
    return returned;
  }
}
