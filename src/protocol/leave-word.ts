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

/** Could not load the kernel, and says so in a message. */
const BROKEN = 3;

/** The second word: which of the worker's messages says that it has left, counted from 1; 0: none yet. */
const SAID_BY = 1;

export class LeaveWord {
  readonly #words: Int32Array;

  /** @param words two words on shared memory */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Before any worker knows of it. @param silent the caller's side will look */
  reset(silent: boolean): void {
    this.#words[0] = silent ? TAKING : CALL;
    this.#words[SAID_BY] = 0;
  }

  /** The worker leaves. @returns whether it has to say so in a message */
  leave(): boolean {
    return Atomics.compareExchange(this.#words, 0, TAKING, LEFT) !== TAKING;
  }

  /**
   * The worker is about to post its leave: its last touch of the round's memory. The caller's side may fail to read that
   * message, and has to know what was in it.
   * @param message its number; 0: another one comes before
   */
  say(message: number): void {
    Atomics.store(this.#words, SAID_BY, message);
  }

  /** The same of a worker that could not load the kernel. */
  sayBroken(message: number): void {
    Atomics.store(this.#words, 0, BROKEN);
    this.say(message);
  }

  get isBroken(): boolean {
    return Atomics.load(this.#words, 0) === BROKEN;
  }

  /** Was its leave among the first `heard` messages of the worker, read or not? */
  wasSaidBy(heard: number): boolean {
    const message = Atomics.load(this.#words, SAID_BY);
    // Numbers are 32 bits long, and a worker may send more messages.
    return message !== 0 && ((heard - message) | 0) >= 0;
  }

  get hasLeft(): boolean {
    return Atomics.load(this.#words, 0) === LEFT;
  }

  /** The caller's side stops looking. @returns false: the worker has left already, and no message will come */
  call(): boolean {
    return Atomics.compareExchange(this.#words, 0, TAKING, CALL) !== LEFT;
  }
}
