/**
 * Whether it pays to keep looking at a word of shared memory instead of sleeping until a thread wakes this one. It does
 * where the other thread runs on another core. Where the system has put both on one core, the other cannot go on before
 * this one has stopped looking, and each look is lost time; that may last for some milliseconds, or as long as the other
 * cores are taken.
 */

// Chances that are left out after looks in vain: twice as many each time, up to this. More gains nothing (tried: 4 to
// 256).
const MOST_LEFT_OUT = 8;

export class Looks {
  #leaveOut = 0;
  #afterNext = 1;

  /** There is a chance to look. @returns whether to take it */
  take(): boolean {
    if (this.#leaveOut === 0) return true;
    this.#leaveOut -= 1;
    return false;
  }

  /** A look has ended. @param paid what it waited for came soon */
  ended(paid: boolean): void {
    this.#afterNext = paid ? 1 : Math.min(MOST_LEFT_OUT, 2 * this.#afterNext);
    this.#leaveOut = paid ? 0 : this.#afterNext;
  }
}
