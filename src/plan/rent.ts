/**
 * What calls have lost because there were no workers. Each of them alone may not be worth a start of the pool. Once they have
 * lost as much as the start costs, the pool is started. So the cost is at most twice the least possible cost, however many
 * calls follow (the ski-rental bound).
 */
export class Rent {
  #paid = 0;

  /** Milliseconds so far. */
  get paid(): number {
    return this.#paid;
  }

  /** A call ended that would have taken `lost` milliseconds less with workers. */
  pay(lost: number): void {
    this.#paid += Math.max(0, lost);
  }

  /** The workers are up, or no call came for so long that they would have ended. */
  settle(): void {
    this.#paid = 0;
  }
}
