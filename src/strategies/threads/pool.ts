/**
 * The pool: long-lived threads.js threads, each in a slot. threads.js makes threads of workers and terminates them; rounds
 * travel over a port of our own (docs/decisions/0001).
 */

import { ExecutorClosedError, WorkerLostError } from "../../errors.js";
import { clearTimeout, setTimeout } from "../../platform/builtins.js";
import { clock } from "../../platform/clock.js";
import { Looks } from "../../platform/looks.js";
import type { Optimizations } from "../../platform/optimizations.js";
import { isError } from "../../platform/realms.js";
import { unref } from "../../platform/runtime.js";
import type { Job } from "../job.js";
import { Backoff } from "./backoff.js";
import { HeldMemory } from "./held-memory.js";
import type { SlotOwner, WorkerSlot } from "./worker-slot.js";

export interface PoolOptions {
  /** The strategy that has it. */
  readonly strategy: string;
  /** Starts a worker. @throws Error if none can be started */
  readonly createSlot: (number: number, owner: SlotOwner) => WorkerSlot;
  readonly optimizations: Optimizations;
  readonly maxWorkers: number;
  /** Milliseconds without a round after which a worker is ended. */
  readonly idleTimeout: number;
  /** Bytes of memory that a worker may have as garbage before it has to collect it. */
  readonly mostGarbage: number;
  /** Told when no worker can reach a memory any more. */
  readonly onUnheld: (memory: number) => void;
}

export class Pool {
  /** The looks of the calling thread at short rounds; `undefined` if it waits for messages. */
  readonly looks: Looks | undefined;
  /** When the last short round began, as `clock` counts. */
  lastShort = -Infinity;
  readonly #options: PoolOptions;
  readonly #owner: SlotOwner = {
    released: () => this.#scheduleTrim(),
    ended: (slot) => this.#ended(slot),
    unheld: (memory) => this.#memory.gone(memory),
  };
  readonly #slots = new Set<WorkerSlot>();
  readonly #backoff = new Backoff();
  /** Slots whose workers have not ended, even if the pool has let them go. */
  readonly #alive = new Set<WorkerSlot>();
  readonly #memory: HeldMemory;
  #isClosed = false;
  /** Why the last attempt to start a worker failed; `undefined` if it did not. */
  #startFailure: WorkerLostError | undefined;
  /** The worker that was woken first the last time. It is the likeliest to wait at its bell. */
  #hottest: WorkerSlot | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.looks = options.optimizations.look ? new Looks() : undefined;
    this.#memory = new HeldMemory(this.#alive, options.mostGarbage, options.onUnheld);
  }

  get strategy(): string {
    return this.#options.strategy;
  }

  get optimizations(): Optimizations {
    return this.#options.optimizations;
  }

  /** Workers that exist now. */
  get size(): number {
    return this.#slots.size;
  }

  /** Workers that serve. */
  get serving(): number {
    let count = 0;
    for (const slot of this.#slots) if (slot.readySince !== undefined) count += 1;
    return count;
  }

  /** Milliseconds until a worker may be started, because those before it died; 0 if at once. */
  get respawnWait(): number {
    return this.#backoff.wait;
  }

  /** Tasks have ended, so workers are worth having. */
  progressed(): void {
    this.#backoff.progressed();
  }

  /**
   * Up to `count` slots, the idlest first, of those the hottest; starts workers as far as `maxWorkers` and
   * `respawnWait` allow, so there may be none. After `terminate` there are none.
   * @throws WorkerLostError if there is none and none can be started
   */
  acquire(count: number): WorkerSlot[] {
    const wanted = Math.min(count, this.#options.maxWorkers);
    let idle = 0;
    for (const slot of this.#slots) if (slot.rounds === 0) idle += 1;
    const mayStart = !this.#isClosed && (idle >= wanted || this.respawnWait === 0);
    const room = mayStart ? this.#options.maxWorkers - this.#slots.size : 0;
    this.#startFailure = undefined;
    for (let starting = Math.min(room, wanted - idle); starting > 0; starting -= 1) {
      if (!this.#startOne()) break;
    }
    if (this.#slots.size === 0 && this.#startFailure !== undefined) throw this.#startFailure;
    const slots = this.#idlestFirst();
    if (slots.length > wanted) slots.length = wanted;
    this.#hottest = slots[0];
    return slots;
  }

  /** @returns whether a worker could be started */
  #startOne(): boolean {
    const started = clock();
    try {
      const slot = this.#options.createSlot(this.#freeNumber(), this.#owner);
      this.#slots.add(slot);
      this.#alive.add(slot);
      void slot.ended.then(() => this.#gone(slot));
      return true;
    } catch (cause) {
      const reason = isError(cause) ? `: ${cause.message}` : "";
      this.#startFailure = new WorkerLostError(`Cannot start a worker${reason}`, undefined, cause);
      this.#backoff.lost(started, clock());
      return false;
    }
  }

  #idlestFirst(): WorkerSlot[] {
    const rank = (slot: WorkerSlot): number => 2 * slot.rounds - (slot === this.#hottest ? 1 : 0);
    const sorted: WorkerSlot[] = [];
    // Sorts by insertion: there are few, and as a rule all but one are in order. `sort` takes 0.4 µs for two.
    for (const slot of this.#slots) {
      let at = sorted.length;
      for (const own = rank(slot); at > 0 && rank(sorted[at - 1] as WorkerSlot) > own; at -= 1) {
        sorted[at] = sorted[at - 1] as WorkerSlot;
      }
      sorted[at] = slot;
    }
    return sorted;
  }

  /** At least one slot, once a worker may be started. Rejects if the job that waits is stopped, or if the pool has ended. */
  async acquireLater(count: number, job?: Pick<Job, "onStop">): Promise<WorkerSlot[]> {
    for (;;) {
      await this.untilRespawn(job);
      const slots = this.acquire(count);
      if (slots.length > 0) return slots;
      if (this.#isClosed) throw new ExecutorClosedError("a worker");
    }
  }

  /** Waits until a worker may be started. Rejects if the job that waits is stopped. */
  async untilRespawn(job?: Pick<Job, "onStop">): Promise<void> {
    const wait = this.respawnWait;
    if (wait === 0) return;
    await new Promise<void>((resolve, reject) => {
      // Timers may fire a fraction of a millisecond early.
      const timer = setTimeout(resolve, Math.ceil(wait));
      job?.onStop((reason) => {
        clearTimeout(timer);
        reject(reason);
      });
    });
  }

  /** Starts workers until there are `count`, and waits until all serve. */
  async start(count = this.#options.maxWorkers): Promise<void> {
    const slots = await this.acquireLater(count);
    if (this.#startFailure !== undefined) throw this.#startFailure;
    await Promise.all(slots.map((slot) => slot.ready));
  }

  /**
   * Tells every worker, with its next wake-up, to let memory go. Workers whose garbage has become much are told at once.
   * @returns whether any of them may still reach it
   */
  forget(memory: number): boolean {
    return this.#memory.forget(memory);
  }

  /** Has workers collect the memory that they were to let go. Does not wait for workers that are busy for long. */
  collect(): Promise<void> {
    return this.#memory.collect();
  }

  #gone(slot: WorkerSlot): void {
    this.#alive.delete(slot);
    slot.knowledge.memory.ended();
  }

  /** Ends all workers, and lets no other start. */
  async terminate(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await Promise.all([...this.#alive].map((slot) => slot.terminate()));
  }

  #ended(slot: WorkerSlot): void {
    this.#slots.delete(slot);
    if (!slot.isTerminated) this.#backoff.lost(slot.started, clock());
  }

  #freeNumber(): number {
    const taken = new Set([...this.#slots].map((slot) => slot.number));
    let number = 1;
    while (taken.has(number)) number += 1;
    return number;
  }

  #scheduleTrim(): void {
    if (this.#timer !== undefined) return;
    const trim = (): void => {
      this.#timer = undefined;
      this.#trim();
    };
    this.#timer = unref(setTimeout(trim, this.#options.idleTimeout));
  }

  #trim(): void {
    const now = clock();
    let waiting = false;
    for (const slot of this.#slots) {
      const { idleSince } = slot;
      if (idleSince !== undefined && now - idleSince >= this.#options.idleTimeout) {
        void slot.terminate();
      } else {
        waiting = true;
      }
    }
    if (waiting) this.#scheduleTrim();
  }
}
