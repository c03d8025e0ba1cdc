/** The workers that take part in a round. Each worker has a place in it, which it keeps when it leaves and comes back. */
export class Participants<W> {
  /** Workers by their places. */
  readonly workers: W[] = [];
  readonly #isHere: boolean[] = [];
  #here = 0;

  /** Workers that have not left. */
  get here(): number {
    return this.#here;
  }

  has(worker: W): boolean {
    return this.#isHere[this.workers.indexOf(worker)] === true;
  }

  /** Workers that have not left, with their places. A copy, because workers may leave during an iteration. */
  present(): (readonly [worker: W, place: number])[] {
    return this.workers
      .map((worker, place) => [worker, place] as const)
      .filter(([, place]) => this.#isHere[place]);
  }

  /**
   * A worker takes part.
   * @param most places there are
   * @returns its own place from before, a new one, or one whose worker has left
   */
  enter(worker: W, most: number): number {
    let place = this.workers.indexOf(worker);
    if (place === -1) {
      place = this.workers.length < most ? this.workers.length : this.#isHere.indexOf(false);
      this.workers[place] = worker;
    }
    this.#isHere[place] = true;
    this.#here += 1;
    return place;
  }

  leave(worker: W): void {
    this.#isHere[this.workers.indexOf(worker)] = false;
    this.#here -= 1;
  }
}
