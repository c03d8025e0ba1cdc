/**
 * How the caller's side learns that a worker has left a round. While the caller's side looks at this word, the word is enough.
 * Otherwise the worker sends a message. The side that changes the word first decides, so a leave is told exactly once.
 */

/** The worker takes part, and may leave without a message. */
const TAKING = 0;
/** The worker has left without a message. */
const LEFT = 1;
/** The caller's side no longer looks, so leaving takes a message. */
const CALL = 2;

/** The worker could not load the kernel, and says so in a message. */
const BROKEN = 3;

/** Index of the second word: the number of the message by which the worker says that it has left; 0 if there is none yet. */
const SAID_BY = 1;

export class LeaveWord {
  readonly #words: Int32Array;

  /** @param words two words on shared memory */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Makes the words ready, before any worker knows of them. @param silent whether the caller's side will look */
  reset(silent: boolean): void {
    this.#words[0] = silent ? TAKING : CALL;
    this.#words[SAID_BY] = 0;
  }

  /** The worker leaves. @returns whether it must say so in a message */
  leave(): boolean {
    return Atomics.compareExchange(this.#words, 0, TAKING, LEFT) !== TAKING;
  }

  /**
   * The worker is about to post that it leaves. This is its last touch of the round's memory. The caller's side may fail to
   * read that message, and must know what was in it.
   * @param message the message's number; 0 if another message comes before
   */
  say(message: number): void {
    Atomics.store(this.#words, SAID_BY, message);
  }

  /** The same for a worker that could not load the kernel. */
  sayBroken(message: number): void {
    Atomics.store(this.#words, 0, BROKEN);
    this.say(message);
  }

  get isBroken(): boolean {
    return Atomics.load(this.#words, 0) === BROKEN;
  }

  /** Whether the worker's first `heard` messages, read or not, say that it has left. */
  wasSaidBy(heard: number): boolean {
    const message = Atomics.load(this.#words, SAID_BY);
    // Numbers have 32 bits, and a worker may send more messages than that.
    return message !== 0 && ((heard - message) | 0) >= 0;
  }

  get hasLeft(): boolean {
    return Atomics.load(this.#words, 0) === LEFT;
  }

  /** The caller's side stops looking. @returns false if the worker has left already, so that no message will come */
  call(): boolean {
    return Atomics.compareExchange(this.#words, 0, TAKING, CALL) !== LEFT;
  }
}
