/** The workers that one run has lost, which tasks were to blame, and whether another round makes sense. Pure. */
import { USELESS } from "../../protocol/messages.js";
import type { Loss } from "./round-listener.js";

export interface Lost extends Loss {
  /** The task that it was at; `undefined` if it was at none, or if this round is not to blame. */
  readonly index: number | undefined;
  /** The task that it was at, whatever ended it. */
  readonly interrupted: number | undefined;
}

// After this many tasks in a row that end their workers, all tasks are taken to do so. Each costs workers, some 50 ms apiece,
// and bad places in data are rarely longer.
const MOST_IN_A_ROW = 4;

export class LossPolicy {
  readonly #maxRetries: number;
  /** Workers whose loss may still be the fault of another call. */
  #inherited: number;
  readonly #blame = new Map<number, number>();
  readonly #givenUp = new Map<number, Lost>();
  #inVain = 0;
  /** Tasks that were given up since any task has ended. */
  #inARow = 0;

  /** @param inherited workers that were there before the call: each may have been made useless by another one */
  constructor(maxRetries: number, inherited = 0) {
    this.#maxRetries = maxRetries;
    this.#inherited = inherited;
  }

  /** Tasks that ended their worker more than `maxRetries` times, each with the last of these losses. */
  get givenUp(): ReadonlyMap<number, Lost> {
    return this.#givenUp;
  }

  /** The loss of the task with the lowest index among those that were given up. */
  get first(): Lost | undefined {
    return this.#givenUp.size === 0 ? undefined : this.#givenUp.get(Math.min(...this.#givenUp.keys()));
  }

  /**
   * A round has ended with losses.
   * @param hasProgressed whether any of its tasks has ended
   * @returns the loss that makes another round pointless; `undefined` if what is left may run again
   */
  note(lost: readonly Lost[], hasProgressed: boolean): Lost | undefined {
    const own = lost.filter((loss) => !loss.isForeign && !this.#isInherited(loss));
    for (const loss of own) if (loss.index !== undefined) this.#charge(loss.index, loss);
    if (hasProgressed) {
      this.#inVain = 0;
      this.#inARow = 0;
      return undefined;
    }
    const nobodys = own.find(({ index }) => index === undefined);
    if (nobodys !== undefined) {
      this.#inVain += 1;
      if (this.#inVain > this.#maxRetries) return nobodys;
    }
    return this.#inARow >= MOST_IN_A_ROW ? own[0] : undefined;
  }

  /** These tasks must not run again. @param last the loss that is to blame */
  giveUp(indices: readonly number[], last: Lost): void {
    for (const index of indices) this.#givenUp.set(index, { ...last, index });
  }

  /** All tasks that were to blame so far have ended in the end. */
  absolve(): void {
    this.#blame.clear();
  }

  #isInherited({ error }: Lost): boolean {
    const isUseless = (error as { readonly code?: unknown } | undefined)?.code === USELESS;
    if (!isUseless || this.#inherited === 0) return false;
    this.#inherited -= 1;
    return true;
  }

  #charge(index: number, loss: Lost): void {
    const times = (this.#blame.get(index) ?? 0) + 1;
    this.#blame.set(index, times);
    if (times <= this.#maxRetries) return;
    this.#givenUp.set(index, loss);
    this.#inARow += 1;
  }
}
