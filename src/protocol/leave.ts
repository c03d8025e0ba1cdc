/**
 * How the caller's side learns that a worker has left a round: by a look at this word while it keeps looking, else by
 * message. One word per participant; whoever changes it first decides, so a leave is told exactly once.
 */

/** Takes part, and may leave without a word. */
const TAKING = 0;
/** Has left, and has told nobody. */
const LEFT = 1;
/** The caller's side looks no longer: leaving takes a message. */
const CALL = 2;

export class LeaveWord {
  readonly #words: Int32Array;

  /** @param words one word on shared memory */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Before any worker knows of it. @param silent the caller's side will look */
  reset(silent: boolean): void {
    this.#words[0] = silent ? TAKING : CALL;
  }

  /** The worker leaves. @returns whether it has to say so in a message */
  leave(): boolean {
    return Atomics.compareExchange(this.#words, 0, TAKING, LEFT) !== TAKING;
  }

  get hasLeft(): boolean {
    return Atomics.load(this.#words, 0) === LEFT;
  }

  /** The caller's side stops looking. @returns false: the worker has left already, and no message will come */
  call(): boolean {
    return Atomics.compareExchange(this.#words, 0, TAKING, CALL) !== LEFT;
  }
}
