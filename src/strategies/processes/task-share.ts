/**
 * The tasks of one round among the children that take part. They share no counter, so this process claims ranges for them. A
 * range lasts a few milliseconds, and the next one comes before it has ended. What a child has not begun comes back when
 * another one has nothing left.
 */
import { clock } from "../../platform/clock.js";
import type { ControlBlock } from "../../protocol/control-block.js";
import type { Range } from "./messages.js";

/** A child's part in the round, as the others see it. */
export interface Holder {
  /** Tasks that were granted and are not known to have ended. */
  readonly outstanding: number;
  /** When something was heard of them last, as `clock` counts. */
  readonly heard: number;
  /** Asks the child to give back what it has not begun. */
  askBack(): void;
  /** Tells it that there may be tasks for it. */
  lookForTasks(): void;
  /** Tells it that the limit has fallen. */
  tellLimit(limit: number): void;
}

// A message costs this thread some 30 µs, which is little beside this time of a child.
const RANGE_MS = 4;
// Ranges at the end are not shorter than this either. Otherwise messages would cost more than waiting.
const LEAST_MS = 0.2;
// The most that one child is granted of what is left, as a share of its part, as in the task loop.
const TAIL_SHARE = 4;
// A task that takes longer than this waits behind no other one.
const LONG_MS = 2;
// Nothing is known of the first tasks. If they are too many, the rest comes back.
const FIRST_SHARE = 16;
const MOST_FIRST = 64;

const { floor, max, min } = Math;

export class TaskShare {
  readonly control: ControlBlock;
  readonly #tasks: number;
  readonly #workers: number;
  readonly #isGated: boolean;
  readonly #holders = new Set<Holder>();
  /** Ranges that came back. Each is still a claim. */
  #returned: Range[] = [];
  #busy = 0;
  #ended = 0;

  /** @param isGated whether tasks are claimed only as far as the gate lets pass */
  constructor(control: ControlBlock, tasks: number, workers: number, isGated: boolean) {
    this.control = control;
    this.#tasks = tasks;
    this.#workers = workers;
    this.#isGated = isGated;
    control.onLimit = () => this.#limitFell();
  }

  enter(holder: Holder): void {
    this.#holders.add(holder);
  }

  leave(holder: Holder): void {
    this.#holders.delete(holder);
    this.#tellOthers(holder);
  }

  get isEmpty(): boolean {
    return this.#holders.size === 0;
  }

  /** Milliseconds of a task, as far as is known. */
  get #perTask(): number | undefined {
    return this.#ended === 0 ? undefined : this.#busy / this.#ended;
  }

  /** A child has spent `busy` milliseconds on tasks. */
  note(tasks: number, busy: number): void {
    // Old measurements say little.
    if (this.#ended > 4 * tasks) {
      this.#busy /= 2;
      this.#ended /= 2;
    }
    this.#ended += tasks;
    this.#busy += busy;
  }

  /** Whether it is worth it that the holder takes part. */
  hasTasksFor(holder: Holder): boolean {
    return !this.control.exhausted || this.mayGetBack(holder);
  }

  /** The tasks that a holder is to run next: none if it has enough, or if none is left. */
  grantFor({ outstanding }: Holder): Range[] {
    const ranges: Range[] = [];
    let held = outstanding;
    while (this.#lacksTasks(held)) {
      const isReturned = this.#returned.length > 0;
      const range = this.#claim();
      if (range === undefined) break;
      ranges.push(range);
      held += range[1] - range[0];
      // Others get their part.
      if (isReturned) break;
    }
    return ranges;
  }

  /**
   * A holder has nothing to do, and none is left to be claimed.
   * @returns whether it should wait for what others give back
   */
  mayGetBack(holder: Holder): boolean {
    if (this.#returned.length > 0) return true;
    let most: Holder | undefined;
    for (const other of this.#holders) {
      if (other !== holder && other.outstanding > (most?.outstanding ?? 1)) most = other;
    }
    if (most === undefined) return false;
    // As long as what is known says, or as long as it has taken already.
    const expected = (most.outstanding - 1) * (this.#perTask ?? 0);
    if (expected < LEAST_MS && clock() - most.heard < LEAST_MS) return false;
    most.askBack();
    return true;
  }

  /** Ranges that were granted come back. */
  takeBack(holder: Holder, ranges: readonly Range[]): void {
    this.#returned.push(...ranges);
    this.#dropPastLimit();
    this.#tellOthers(holder);
  }

  #lacksTasks(held: number): boolean {
    if (held === 0) return true;
    const perTask = this.#perTask;
    return perTask !== undefined && perTask < LONG_MS && held * perTask < RANGE_MS;
  }

  #claim(): Range | undefined {
    const returned = this.#returned.shift();
    if (returned !== undefined) return this.#splitForOthers(returned);
    const { control } = this;
    const count = this.#size();
    if (this.#isGated) return control.claimBelowGate(count);
    const start = control.claim(count);
    return start === -1 ? undefined : [start, min(start + count, this.#tasks)];
  }

  #size(): number {
    const { claimable } = this.control;
    const perTask = this.#perTask;
    if (perTask === undefined)
      return max(1, min(MOST_FIRST, floor(claimable / (FIRST_SHARE * this.#workers))));
    const share = claimable / (TAIL_SHARE * this.#workers);
    return max(1, floor(min(RANGE_MS / perTask, max(LEAST_MS / perTask, share), claimable)));
  }

  /** Each child gets a part of what came back. */
  #splitForOthers([start, end]: Range): Range {
    const others = this.#holders.size;
    const middle = start + Math.ceil((end - start) / max(1, others));
    if (middle >= end) return [start, end];
    this.control.divideClaim();
    this.#returned.unshift([middle, end]);
    return [start, middle];
  }

  #limitFell(): void {
    for (const holder of this.#holders) holder.tellLimit(this.control.limit);
    this.#dropPastLimit();
  }

  /** Nobody runs them any more. */
  #dropPastLimit(): void {
    const { control } = this;
    const kept: Range[] = [];
    for (const range of this.#returned) {
      if (range[0] < control.limit) kept.push(range);
      else control.endClaim(range[1] - range[0]);
    }
    this.#returned = kept;
  }

  #tellOthers(holder: Holder): void {
    for (const other of [...this.#holders]) if (other !== holder) other.lookForTasks();
  }
}
