/** When a pool whose workers keep dying may start the next one. */
import { clock } from "../../platform/clock.js";

// A first loss may be an accident, so it costs nobody a wait. Then about what a start costs, which halves the time that a pool
// spends on starting in vain. Two seconds are soon enough if the trouble has passed by then.
const FIRST_MS = 50;
const LONGEST_MS = 2000;

/** Milliseconds to wait after this many losses in a row, without progress in between. */
export function respawnDelay(losses: number): number {
  return losses < 2 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (losses - 2));
}

export class Backoff {
  #losses = 0;
  #lastLoss = -Infinity;

  /**
   * A worker was lost.
   * @param started when it was started. Workers that were started together are lost together, and count once
   */
  lost(started: number, now: number): void {
    if (started < this.#lastLoss) return;
    this.#losses += 1;
    this.#lastLoss = now;
  }

  /** Tasks have ended. */
  progressed(): void {
    this.#losses = 0;
  }

  /** Milliseconds until a worker may be started. */
  get wait(): number {
    const delay = respawnDelay(this.#losses);
    return delay === 0 ? 0 : Math.max(0, this.#lastLoss + delay - clock());
  }
}
