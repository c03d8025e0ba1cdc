/**
 * The results of a stream that its loop has not taken. Tasks start only if there is room for their results. So a loop that is
 * slow, or has stopped, holds a bounded number of results: waiting, on their way, and being computed.
 */

import { clock } from "../platform/clock.js";
import type { ControlBlock } from "../protocol/control-block.js";

export interface Unread {
  readonly index: number;
  readonly value: unknown;
}

/** Results by which each thread may run ahead of a slow loop (docs/decisions/0011). */
export const LEAST_AHEAD = 4;
/** The same for a fast loop. With it claims come to their full size (docs/decisions/0011). */
export const MOST_AHEAD = 1024;
// A loop that takes half of what there is room for in so little time is fast, and gets twice the room. One that takes this many
// times longer gets half. So the room is for a few milliseconds of computing, which bounds the bytes of large results.
const FAST_MS = 1;
const SLOW_MS = 4;

export class StreamBuffer {
  /** Told when a result has come. */
  onResult = (): void => {};
  /** Told when tasks may start that might not before, and when the call is stopped. */
  onRoom = (): void => {};
  /** Told whether any worker takes part in the call now. */
  onWorkers = (_takePart: boolean): void => {};
  readonly #results: Unread[] = [];
  /** Results that wait for those of earlier tasks; `undefined` if the loop takes them as they come. */
  #early: Map<number, Unread> | undefined;
  #next = 0;
  #onEmpty = (): void => {};
  #taken = 0;
  #received = 0;
  #ahead = LEAST_AHEAD;
  #isOpen = false;
  #isDropped = false;
  /** The round in progress. */
  #control: ControlBlock | undefined;
  #tasks = 0;
  #workers = 1;
  #gate = 0;
  /** Results that were received before the round, and that its gate does not count. */
  #before = 0;
  #raised = 0;

  /** From now on results come in the order of their tasks. Call it before the first one. */
  order(): void {
    this.#early = new Map();
  }

  /** Results that the loop has not taken. None counts once nothing is held back any more. */
  get unread(): number {
    return this.#isOpen ? 0 : this.#received - this.#taken;
  }

  /** Whether the results of `tasks` more tasks have room. */
  hasRoomFor(tasks: number, workers: number): boolean {
    return tasks <= this.#ahead * workers - (this.#received - this.#taken);
  }

  /** A round of `workers` threads begins, of which none knows yet. */
  beginRound(control: ControlBlock, tasks: number, workers: number): void {
    this.#control = control;
    this.#tasks = tasks;
    this.#workers = workers;
    this.#before = this.#received;
    // The first task of an ordered stream may always start, because all other results may wait for it.
    const least = this.#early === undefined ? 0 : 1;
    this.#gate = Math.min(tasks, Math.max(least, this.#room()));
    this.#raised = clock();
    control.closeGate(this.#gate);
  }

  /** From here on the round's memory is not touched. */
  endRound(): void {
    this.#control = undefined;
    this.onRoom = () => {};
  }

  receive(index: number, value: unknown): void {
    this.#received += 1;
    if (this.#isDropped) return;
    const result = { index, value };
    if (this.#early === undefined) this.#results.push(result);
    else this.#putInOrder(this.#early, result);
    this.onResult();
  }

  #putInOrder(early: Map<number, Unread>, result: Unread): void {
    early.set(result.index, result);
    for (let next = early.get(this.#next); next !== undefined; next = early.get(this.#next)) {
      early.delete(this.#next);
      this.#next += 1;
      this.#results.push(next);
    }
  }

  /** The loop takes the next result; `undefined` if there is none. */
  take(): Unread | undefined {
    const result = this.#results.shift();
    if (result === undefined) return undefined;
    this.#taken += 1;
    if (this.#results.length === 0) this.#onEmpty();
    // Its own round is told in good time, below.
    if (this.#control === undefined) this.onRoom();
    // Not for every result: a loop that is a little too slow would wake workers each time.
    const isShut = this.#control !== undefined && this.#gate < this.#tasks;
    if (isShut && 2 * (this.#room() - this.#gate) >= this.#ahead * this.#workers) this.#adapt();
    return result;
  }

  /** Nobody will take results any more. */
  drop(): void {
    this.#isDropped = true;
    this.#results.length = 0;
    this.#early?.clear();
    this.#onEmpty();
  }

  /** Resolves when the loop has taken what has come, or nobody will take any more. */
  emptied(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#results.length === 0) resolve();
      else this.#onEmpty = resolve;
    });
  }

  /** Nothing is held back from now on. */
  open(): void {
    this.#isOpen = true;
    if (this.#control === undefined) this.onRoom();
    else this.#raise();
  }

  /** How far the tasks of the round may go. */
  #room(): number {
    if (this.#isOpen) return this.#tasks;
    return this.#taken - this.#before + this.#ahead * this.#workers;
  }

  #adapt(): void {
    const now = clock();
    const took = now - this.#raised;
    this.#raised = now;
    if (took < FAST_MS) this.#ahead = Math.min(MOST_AHEAD, 2 * this.#ahead);
    else if (took > SLOW_MS) this.#ahead = Math.max(LEAST_AHEAD, this.#ahead / 2);
    this.#raise();
  }

  #raise(): void {
    const gate = Math.min(this.#tasks, this.#room());
    if (this.#control === undefined || gate <= this.#gate) return;
    this.#gate = gate;
    this.#control.raiseGate(gate);
    this.onRoom();
  }
}
