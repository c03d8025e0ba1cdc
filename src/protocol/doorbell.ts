/**
 * The doorbell wakes a worker through shared memory. A worker that has just had work parks at its bell for a moment, because a
 * message would have to pass its event loop. One worker parks at a bell, and one thread rings it. A wake message that brings
 * nothing new is left in the bell itself, as mail.
 */

import { clock } from "../platform/clock.js";
import type { WakeMessage } from "./messages.js";

// Word 0 says what the worker does. The worker sets AWAKE, LOOKING and PARKED. The caller's side sets RUNG and POKED.
const STATE = 0;
/** The worker takes messages. */
const AWAKE = 0;
/** The worker sleeps at the bell, and takes no messages. */
const PARKED = 1;
/** There is mail. */
const RUNG = 2;
/** There are messages. */
const POKED = 3;
/** As PARKED, but the worker is awake and looks at the bell all the time. */
const LOOKING = 4;

// Word 1: whether the worker must leave the bell for good.
const DISMISSED = 1;

/** What the worker did when it was rung or poked: it looked at the bell, slept there, or was elsewhere. */
export type Found = "looking" | "asleep" | "away";

// First word of the mail. The caller's side writes it while the worker is parked, and the worker reads it once it is rung.
const MAIL = 16;

/** Bytes of a bell: a cache line for the state, at which the worker looks all the time, and one for the mail. */
export const BELL_BYTES = 128;

// Field by field, because a loop over the names takes longer (docs/decisions/0011).
function writeMail(words: Int32Array, wake: WakeMessage): void {
  words[MAIL] = wake.round;
  words[MAIL + 1] = wake.memory;
  words[MAIL + 2] = wake.descriptorBytes;
  words[MAIL + 3] = wake.version;
  words[MAIL + 4] = wake.orderLength;
  words[MAIL + 5] = wake.workers;
  words[MAIL + 6] = wake.participant;
}

function readMail(words: Int32Array): WakeMessage {
  const field = (i: number): number => words[MAIL + i] as number;
  return {
    round: field(0),
    memory: field(1),
    descriptorBytes: field(2),
    version: field(3),
    orderLength: field(4),
    workers: field(5),
    participant: field(6),
    handles: null,
    kernel: null,
    forget: null,
    forgetKernels: null,
  };
}

function bringsNews({ handles, kernel, forget, forgetKernels }: WakeMessage): boolean {
  return handles !== null || kernel !== null || forget !== null || forgetKernels !== null;
}

// A look at the clock costs as much as some fifty looks at the bell.
const LOOKS = 64;

export class Doorbell {
  readonly #words: Int32Array;
  #rangAtOnce = false;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer, 0, BELL_BYTES / Int32Array.BYTES_PER_ELEMENT);
  }

  /** The caller's side rings. @returns "away" if the worker needs a message, because it is elsewhere or lacks something */
  ring(wake: WakeMessage): Found {
    if (bringsNews(wake)) return "away";
    const words = this.#words;
    const state = Atomics.load(words, STATE);
    if (state !== PARKED && state !== LOOKING) return "away";
    writeMail(words, wake);
    return this.#wake(RUNG);
  }

  /** The caller's side has posted a message, which a parked worker would not see. */
  poke(): Found {
    return this.#wake(POKED);
  }

  /** The caller's side wants the worker in its event loop from now on, where the worker takes messages of all ports. */
  dismiss(): void {
    Atomics.store(this.#words, DISMISSED, 1);
    this.poke();
  }

  /** The worker's side. */
  get isDismissed(): boolean {
    return Atomics.load(this.#words, DISMISSED) === 1;
  }

  /**
   * The worker waits until it is woken.
   * @param takeMessages takes the messages that have come, and says whether there were any; asked before the wait, because what
   *   came earlier rings no bell
   * @param spin milliseconds during which the worker stays awake
   * @param ms milliseconds that it waits at most
   * @returns the mail; `undefined` if it was woken for messages, or not at all
   */
  park(takeMessages: () => boolean, spin: number, ms: number): WakeMessage | undefined {
    const words = this.#words;
    Atomics.store(words, STATE, spin > 0 ? LOOKING : PARKED);
    // This comes after the store: a thread that dismisses the worker later finds it waiting.
    this.#rangAtOnce = takeMessages() || this.isDismissed || this.#isWokenWithin(spin);
    if (!this.#rangAtOnce) {
      Atomics.compareExchange(words, STATE, LOOKING, PARKED);
      Atomics.wait(words, STATE, PARKED, ms);
    }
    const state = Atomics.exchange(words, STATE, AWAKE);
    if (state === POKED) takeMessages();
    if (state !== RUNG) return undefined;
    return readMail(words);
  }

  /** Whether the last wait ended while the worker was awake. */
  get rangAtOnce(): boolean {
    return this.#rangAtOnce;
  }

  #wake(state: typeof RUNG | typeof POKED): Found {
    const words = this.#words;
    // The order matters, because a worker that stops looking goes to sleep.
    if (Atomics.compareExchange(words, STATE, LOOKING, state) === LOOKING) return "looking";
    if (Atomics.compareExchange(words, STATE, PARKED, state) !== PARKED) return "away";
    Atomics.notify(words, STATE, 1);
    return "asleep";
  }

  #isWokenWithin(ms: number): boolean {
    if (ms === 0) return false;
    const until = clock() + ms;
    do {
      for (let i = 0; i < LOOKS; i++) if (Atomics.load(this.#words, STATE) !== LOOKING) return true;
    } while (clock() < until);
    return false;
  }
}
