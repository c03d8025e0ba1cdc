import { nextTurn } from "./runtime.js";

/**
 * How long work on the caller's thread may go on before the event loop gets a turn. About 10 ms are
 * promised; the rest is room for the piece in hand.
 */
export const SLICE_MS = 8;

/** Returns a function that says when to pause: a promise to await once `SLICE_MS` have passed, else undefined. */
export function breather(): () => Promise<void> | undefined {
  let deadline = performance.now() + SLICE_MS;
  return () => {
    if (performance.now() < deadline) return undefined;
    return nextTurn().then(() => {
      deadline = performance.now() + SLICE_MS;
    });
  };
}
