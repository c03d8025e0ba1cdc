/**
 * Whether it pays to keep looking at the bell instead of waiting for it. It does where the caller runs on another core:
 * it rings while the worker looks. Where the system has put both on one core, the caller cannot ring before the worker
 * has stopped looking, and each look is lost time; that may last for some milliseconds, or as long as the other cores
 * are taken.
 */

// Looking saves the time to wake a thread, 5-100 µs. A caller that goes on at once rings within that.
const SPIN_MS = 0.1;
// Rounds that are left out after looks in vain: twice as many each time, up to this. More gains nothing (tried: 4 to 256).
const MOST_LEFT_OUT = 8;

export class Spin {
  #leaveOut = 0;
  #afterNext = 1;

  /** How long to look after this round, in milliseconds. */
  next(): number {
    if (this.#leaveOut === 0) return SPIN_MS;
    this.#leaveOut -= 1;
    return 0;
  }

  /** A look has ended. @param wasRung the bell rang meanwhile */
  ended(wasRung: boolean): void {
    this.#afterNext = wasRung ? 1 : Math.min(MOST_LEFT_OUT, 2 * this.#afterNext);
    this.#leaveOut = wasRung ? 0 : this.#afterNext;
  }
}
