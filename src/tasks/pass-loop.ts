/**
 * The task loop over several passes. All tasks of a pass end before one of the next begins. There is no count of workers to
 * wait for. A pass has ended when all of its tasks have, and the worker that sees that first opens the next one. See
 * ../protocol/README.md.
 */
import { clock } from "../platform/clock.js";
import { Looks } from "../platform/looks.js";
import type { PassOrder } from "../protocol/pass-order.js";
import { TaskLoop, type TaskLoopParts } from "./task-loop.js";

/** What a thread does while others are at the last tasks of a pass. */
export interface Waiting {
  /** Whether it may look at shared memory for a moment: the others run on other cores. */
  readonly looks: boolean;
  /** Whether it may sleep, because it has nothing else to do. The calling thread never may. */
  maySleep(): boolean;
}

// As long as it takes to wake a thread that sleeps. A longer look in vain would lose more than that.
const LOOK_MS = 0.05;
// A look at the clock costs as much as some fifty looks at shared memory.
const LOOKS = 64;

export class PassLoop {
  readonly #loop: TaskLoop;
  readonly #control: TaskLoopParts["control"];
  readonly #order: PassOrder;
  readonly #tolerance: number | undefined;
  readonly #waiting: Waiting;
  readonly #looks: Looks | undefined;

  /** @param tolerance no pass follows one in which no task exceeded it; `undefined` if all passes run */
  constructor(parts: TaskLoopParts, order: PassOrder, tolerance: number | undefined, waiting: Waiting) {
    this.#loop = new TaskLoop(parts);
    this.#control = parts.control;
    this.#order = order;
    this.#tolerance = tolerance;
    this.#waiting = waiting;
    this.#looks = waiting.looks ? new Looks() : undefined;
  }

  get tasks(): number {
    return this.#loop.tasks;
  }

  get taken(): number {
    return this.#loop.taken;
  }

  get tookAll(): boolean {
    return this.#loop.tookAll;
  }

  leave(): void {
    this.#loop.leave();
  }

  /** As that of `TaskLoop`. The gate is between two passes, so the loop waits for it here. */
  advance(deadline: number): ReturnType<TaskLoop["advance"]> {
    for (;;) {
      const state = this.#loop.advance(deadline);
      if (state !== "shut") return state;
      if (!this.#isThrough(deadline)) return "paused";
    }
  }

  /** All tasks of the pass are claimed. @returns whether it is clear, before time is up, if the next one begins */
  #isThrough(deadline: number): boolean {
    const control = this.#control;
    for (;;) {
      // The order matters: a change after the look comes with later news.
      const seen = control.news;
      const { gate } = control;
      if (control.claimable > 0 || control.exhausted) return clock() < deadline;
      if (control.ended === gate) this.#end(gate);
      else if (!this.#wait(seen, deadline)) return false;
    }
  }

  /** The pass has ended. Every thread that sees that comes to the same conclusion, and one of them acts on it. */
  #end(gate: number): void {
    const control = this.#control;
    const order = this.#order;
    const isDone = this.#tolerance !== undefined && control.exceeded < order.passesEndedAt(gate);
    if (isDone) control.lowerLimit(gate);
    else control.openGate(gate, gate + order.chunks);
  }

  /** @returns whether it makes sense to look again */
  #wait(seen: number, deadline: number): boolean {
    if (this.#looks?.take() === true) {
      const hasCome = this.#looksFor(seen);
      this.#looks.ended(hasCome);
      if (hasCome) return true;
    }
    const ms = deadline - clock();
    if (ms <= 0 || !this.#waiting.maySleep()) return false;
    this.#control.waitForNews(seen, ms);
    return true;
  }

  #looksFor(seen: number): boolean {
    const until = clock() + LOOK_MS;
    do {
      for (let i = 0; i < LOOKS; i += 1) if (this.#control.news !== seen) return true;
    } while (clock() < until);
    return false;
  }
}
