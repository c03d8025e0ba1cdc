/** The workers that one run has lost, which tasks were to blame, and whether another round makes sense. Pure. */
import type { Loss } from "./slot.js";

export interface Lost extends Loss {
  /** The task that it was at; undefined: at none, or it was nothing that this round did. */
  readonly index: number | undefined;
}

export class Losses {
  readonly #maxRetries: number;
  readonly #blame = new Map<number, number>();
  readonly #givenUp = new Map<number, Lost>();
  #inVain = 0;

  constructor(maxRetries: number) {
    this.#maxRetries = maxRetries;
  }

  /** Tasks that ended their worker more than `maxRetries` times, each with the last of these losses. */
  get givenUp(): ReadonlyMap<number, Lost> {
    return this.#givenUp;
  }

  /** Of the tasks that were given up the one with the lowest index. */
  get first(): Lost | undefined {
    return this.#givenUp.size === 0 ? undefined : this.#givenUp.get(Math.min(...this.#givenUp.keys()));
  }

  /**
   * A round has ended with losses.
   * @param hasProgressed has any of its tasks ended?
   * @returns the loss that makes another round pointless; undefined: what is left may run again
   */
  note(lost: readonly Lost[], hasProgressed: boolean): Lost | undefined {
    const own = lost.filter(({ isForeign }) => !isForeign);
    // Whoever has lost tasks before and loses nothing but workers now would lose one for every task that is left.
    const isHopeless = this.#givenUp.size > 0 && !hasProgressed;
    for (const loss of own) if (loss.index !== undefined) this.#charge(loss.index, loss);
    if (hasProgressed) this.#inVain = 0;
    const nobodys = own.find(({ index }) => index === undefined);
    if (nobodys !== undefined && !hasProgressed) {
      this.#inVain += 1;
      if (this.#inVain > this.#maxRetries) return nobodys;
    }
    return isHopeless ? own[0] : undefined;
  }

  #charge(index: number, loss: Lost): void {
    const times = (this.#blame.get(index) ?? 0) + 1;
    this.#blame.set(index, times);
    if (times > this.#maxRetries) this.#givenUp.set(index, loss);
  }
}
