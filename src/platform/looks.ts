/**
 * Decides whether to look at a word of shared memory for a moment, or to sleep until another thread wakes this one. Looking
 * pays if the other thread runs on another core. If both are on one core, the other thread cannot go on while this one looks.
 * That may last for some milliseconds, or as long as the other cores are busy.
 */

// Chances that are left out after a look in vain: twice as many each time, up to this. 4 to 256 were tried. More gains nothing.
const MOST_LEFT_OUT = 8;

export class Looks {
  #leaveOut = 0;
  #afterNext = 1;

  /** Asked at each chance to look. @returns whether to take it */
  take(): boolean {
    if (this.#leaveOut === 0) return true;
    this.#leaveOut -= 1;
    return false;
  }

  /** A look has ended. @param paid whether what it waited for came soon */
  ended(paid: boolean): void {
    this.#afterNext = paid ? 1 : Math.min(MOST_LEFT_OUT, 2 * this.#afterNext);
    this.#leaveOut = paid ? 0 : this.#afterNext;
  }
}
