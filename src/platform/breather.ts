import { clock } from "./clock.js";
import { nextTurn } from "./runtime.js";

/**
 * How long work on the caller's thread may go on before the event loop gets a turn. About 10 ms are
 * promised; the rest is room for the piece in hand.
 */
export const SLICE_MS = 8;

/**
 * How long a thread that promises drive from one short call to the next goes without a turn of its event loop: they settle
 * without one, and would keep timers and messages waiting. A turn takes 2 µs, so it costs next to nothing.
 */
export const MOST_WITHOUT_TURN_MS = 4;

/** Returns a function that says when to pause: a promise to await once `SLICE_MS` have passed, else undefined. */
export function breather(): () => Promise<void> | undefined {
  let deadline = clock() + SLICE_MS;
  return () => {
    if (clock() < deadline) return undefined;
    return nextTurn().then(() => {
      deadline = clock() + SLICE_MS;
    });
  };
}
