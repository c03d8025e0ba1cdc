/**
 * What calls have lost because there were no workers. Each of them alone may not be worth a start of the pool. Once they have
 * lost as much as the start costs, the pool is started. So it never comes to more than twice the best that could have been
 * done, however many calls follow (the ski-rental bound).
 */
export class Rent {
  #paid = 0;

  /** Milliseconds so far. */
  get paid(): number {
    return this.#paid;
  }

  /** A call ended that would have taken so much less with workers, in milliseconds. */
  pay(lost: number): void {
    this.#paid += Math.max(0, lost);
  }

  /** The workers are up, or no call came for so long that they would not be any more. */
  settle(): void {
    this.#paid = 0;
  }
}
