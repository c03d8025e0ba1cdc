/**
 * Decides which client's call runs next. Clients take turns, so that one with a thousand calls does not keep the others
 * waiting.
 * A client without a running call may always start one. Beyond that as many calls run at once as keep the workers busy. A free
 * place goes to the client with the fewest running calls, and among those to the one that has waited longest.
 */
export class FairQueue {
  readonly #places: number;
  readonly #lanes = new Set<Lane>();
  #running = 0;

  /** @param places calls that may run at once, over all clients */
  constructor(places: number) {
    this.#places = places;
  }

  /** The lane of a new client. @param limit calls of this client that may run at once */
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

  /** The client is gone, and so are its waiting calls. Running calls must still be ended by `ended`. */
  remove(lane: Lane): void {
    this.#lanes.delete(lane);
  }

  #admit(): void {
    for (let lane = this.#next(); lane !== undefined; lane = this.#next()) {
      // The lane goes to the end of the line.
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

/** The calls of one client. They are callbacks, because most calls start at once and need no promise. */
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

  /** Whether a call waits that the client's own limit lets start. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0 && this.#running < this.#limit;
  }

  /** @param call called when its turn comes, usually at once; it says by `ended` when it has ended */
  enter(call: () => void): void {
    this.#waiting.add(call);
    this.#admit();
  }

  /** The call is not to start any more. @returns false if it has started */
  withdraw(call: () => void): boolean {
    return this.#waiting.delete(call);
  }

  /** A call that was started has ended. */
  ended(): void {
    this.#running -= 1;
    this.#count(-1);
    this.#admit();
  }

  /** Starts the call that has waited longest. */
  start(): void {
    const [call] = this.#waiting as unknown as [() => void];
    this.#waiting.delete(call);
    this.#running += 1;
    this.#count(1);
    call();
  }
}
