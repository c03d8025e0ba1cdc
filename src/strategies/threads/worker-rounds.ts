/** The rounds that one worker was woken for and has not left, each with its listener. */
import type { ReportMessage } from "../../protocol/messages.js";
import { FewMap } from "./few-map.js";
import type { RoundListener } from "./round-listener.js";

/** How a worker ended. */
export interface WorkerEnd {
  readonly exitCode: number;
  readonly error: unknown;
  /** Whether the calling thread has heard that the worker serves. */
  readonly wasReady: boolean;
  /** Whether the pool ended it. */
  readonly isTerminated: boolean;
  /** Resolves when its thread has ended, if a system call still holds it; `undefined` if it has. */
  readonly gone: Promise<void> | undefined;
}

export class WorkerRounds<S> {
  readonly #slot: S;
  readonly #listeners = new FewMap<number, RoundListener<S>>();
  /** Whether the worker has left a round. This thread may not have heard yet that it serves. */
  #hasLeftOne = false;

  constructor(slot: S) {
    this.#slot = slot;
  }

  get count(): number {
    return this.#listeners.size;
  }

  add(round: number, listener: RoundListener<S>): void {
    this.#listeners.set(round, listener);
  }

  leave(round: number): void {
    this.#hasLeftOne = true;
    this.#listeners.delete(round);
  }

  /** Whether the worker has begun a task of any round. */
  get hasBegun(): boolean {
    return this.#hasLeftOne || this.#listeners.values().some((listener) => listener.hasBegun(this.#slot));
  }

  /** Whether the worker is in the middle of a round's tasks. */
  get isAtTasks(): boolean {
    return this.#listeners.values().some((listener) => listener.isAt(this.#slot));
  }

  /** @returns whether the worker has left the round by this message */
  report(message: ReportMessage): boolean {
    const listener = this.#listeners.get(message.round);
    if (listener === undefined) return false;
    if (message.left) this.leave(message.round);
    listener.report(this.#slot, message);
    return message.left;
  }

  /**
   * A message has come and is lost. Its number tells which one it was.
   * @param heard messages that have come so far
   * @param onLeft told for each round that the worker has left by it
   */
  unread(reason: unknown, heard: number, onLeft: () => void): void {
    const isOwn = this.#listeners.size === 1;
    for (const [round, listener] of this.#listeners.entries()) {
      const left = listener.hasSaidLeft(this.#slot, heard);
      if (left) this.leave(round);
      listener.unread(this.#slot, reason, isOwn, left);
      if (left) onLeft();
    }
  }

  /** The worker has ended, or is given up: all rounds hear that it is lost. */
  lose({ exitCode, error, wasReady, isTerminated, gone }: WorkerEnd): void {
    // A worker may run tasks, and end at one, before this thread has heard that it serves.
    const hasServed = wasReady || this.hasBegun;
    const listeners = this.#listeners.values();
    this.#listeners.clear();
    const loss = { exitCode: hasServed ? exitCode : undefined, error };
    // A worker is in the middle of one round at most.
    const current = listeners.find((listener) => listener.isAt(this.#slot));
    for (const listener of listeners) {
      const isForeign = isTerminated || (current !== undefined && current !== listener);
      listener.lost(this.#slot, { ...loss, isForeign }, gone);
    }
  }
}
