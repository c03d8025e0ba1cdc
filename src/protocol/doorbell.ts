/**
 * The doorbell: a worker that has just had work parks for a moment, and is then woken through shared memory instead of
 * by a message, which its event loop would have to take, decode and hand out. One worker parks at a bell, one caller
 * rings it. A wake-up that brings nothing new is left in the bell itself: mail.
 */

import { clock } from "../platform/clock.js";
import type { WakeMessage } from "./messages.js";

// Word 0 says what the worker does. The worker itself sets AWAKE, LOOKING and PARKED, the caller's side RUNG and POKED.
const STATE = 0;
/** Takes messages. */
const AWAKE = 0;
/** Waits for the bell, and looks at no message. */
const PARKED = 1;
/** There is mail. */
const RUNG = 2;
/** There are messages. */
const POKED = 3;
/** As PARKED, but awake: looks at the bell all the time. */
const LOOKING = 4;

/** What the worker did when it was rung or poked: it kept looking at the bell, slept beside it, or was not there. */
export type Found = "looking" | "asleep" | "away";

// The mail: the caller writes it while the worker is parked, the worker reads it once it is rung.
const MAIL = 16;

/** Bytes of a bell: a cache line for the state, which the worker keeps looking at, and one for the mail. */
export const BELL_BYTES = 128;

// One by one: a loop over the names of the fields takes 0.1 µs more.
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

  /** The caller's side. @returns "away": the worker must get a message, as it is not there or lacks something */
  ring(wake: WakeMessage): Found {
    if (bringsNews(wake)) return "away";
    const words = this.#words;
    const state = Atomics.load(words, STATE);
    if (state !== PARKED && state !== LOOKING) return "away";
    writeMail(words, wake);
    return this.#wake(RUNG);
  }

  /** The caller's side: there is a message, which a parked worker would not see. */
  poke(): Found {
    return this.#wake(POKED);
  }

  /**
   * The worker's side: waits until it is woken, `ms` milliseconds at most, the first `spin` of them awake.
   * @param takeMessages takes what has come by message; looked at before the wait, as what came earlier rings no bell
   * @returns the mail, or undefined where it was woken for messages or not at all
   */
  park(takeMessages: () => boolean, spin: number, ms: number): WakeMessage | undefined {
    const words = this.#words;
    Atomics.store(words, STATE, spin > 0 ? LOOKING : PARKED);
    this.#rangAtOnce = takeMessages() || this.#isWokenWithin(spin);
    if (!this.#rangAtOnce) {
      Atomics.compareExchange(words, STATE, LOOKING, PARKED);
      Atomics.wait(words, STATE, PARKED, ms);
    }
    const state = Atomics.exchange(words, STATE, AWAKE);
    if (state === POKED) takeMessages();
    if (state !== RUNG) return undefined;
    return readMail(words);
  }

  /** Did the last wait end while the worker was awake? */
  get rangAtOnce(): boolean {
    return this.#rangAtOnce;
  }

  #wake(state: typeof RUNG | typeof POKED): Found {
    const words = this.#words;
    // In this order, as a worker that stops looking goes to sleep.
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
