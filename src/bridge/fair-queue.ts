/**
 * Whose call runs next: clients take turns, so that one with a thousand calls does not keep the others waiting.
 *
 * A client without a running call may always start one. Beyond that there are as many calls at once as keep the workers
 * busy; a free place goes to the client with the fewest running calls, and among those to the one that has waited
 * longest for its turn.
 */
export class FairQueue {
  readonly #places: number;
  readonly #lanes = new Set<Lane>();
  #running = 0;

  /** @param places calls that may run at once, over all clients */
  constructor(places: number) {
    this.#places = places;
  }

  /** @param limit calls of this client that may run at once */
  lane(limit: number): Lane {
    const lane = new Lane(
      limit,
      () => this.#admit(),
      (by) => {
        this.#running += by;
      },
    );
    this.#lanes.add(lane);
    return lane;
  }

  /** The client is gone, its waiting calls too. Those that run have to be told as ended still. */
  remove(lane: Lane): void {
    this.#lanes.delete(lane);
  }

  #admit(): void {
    for (let lane = this.#next(); lane !== undefined; lane = this.#next()) {
      // To the end of the line.
      this.#lanes.delete(lane);
      this.#lanes.add(lane);
      lane.start();
    }
  }

  #next(): Lane | undefined {
    let next: Lane | undefined;
    for (const lane of this.#lanes) {
      const mayStart = lane.isWaiting && (lane.running === 0 || this.#running < this.#places);
      if (mayStart && (next === undefined || lane.running < next.running)) next = lane;
    }
    return next;
  }
}

/** The calls of one client. Callbacks, as most calls have their turn at once and need no promise of it. */
export class Lane {
  readonly #limit: number;
  readonly #admit: () => void;
  readonly #count: (by: 1 | -1) => void;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(limit: number, admit: () => void, count: (by: 1 | -1) => void) {
    this.#limit = limit;
    this.#admit = admit;
    this.#count = count;
  }

  get running(): number {
    return this.#running;
  }

  /** Is there a call that the client's own limit lets start? */
  get isWaiting(): boolean {
    return this.#waiting.size > 0 && this.#running < this.#limit;
  }

  /** @param call called when it is its turn, at once as a rule. It says by `ended` when it has ended */
  enter(call: () => void): void {
    this.#waiting.add(call);
    this.#admit();
  }

  /** The call is not to start any more. @returns false: it has */
  withdraw(call: () => void): boolean {
    return this.#waiting.delete(call);
  }

  /** A call that was started has ended. */
  ended(): void {
    this.#running -= 1;
    this.#count(-1);
    this.#admit();
  }

  /** It is the turn of the call that has waited longest. */
  start(): void {
    const [call] = this.#waiting as unknown as [() => void];
    this.#waiting.delete(call);
    this.#running += 1;
    this.#count(1);
    call();
  }
}
