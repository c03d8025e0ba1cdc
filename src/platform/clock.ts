/** The clock of this thread. */

// Held, as in Node the global is a getter: a reading takes 0.06 µs in place of 0.095, and a call takes a dozen (Node 20).
const own = performance;

/** Milliseconds, as `performance.now()` counts. */
export function clock(): number {
  return own.now();
}
