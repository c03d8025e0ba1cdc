/**
 * Whose call runs next: clients take turns, so that one with a thousand calls does not keep the others waiting.
 *
 * A client without a running call may always start one. Beyond that there are as many calls at once as keep the workers
 * busy; a free place goes to the client with the fewest running calls, and among those to the one that has waited
 * longest for its turn.
 */
export class Turns {
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

  /** The client is gone. Its waiting calls are for whoever waits for them to abort. */
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

/** The calls of one client. */
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

  /** Resolves when it is the call's turn. @returns ends the call @throws the signal's reason, when it aborts before */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(start);
        reject(signal.reason);
      };
      this.#waiting.add(start);
      this.#admit();
      // Most calls have their turn at once.
      if (this.#waiting.has(start)) signal.addEventListener("abort", leave, { once: true });
    });
    return () => {
      this.#running -= 1;
      this.#count(-1);
      this.#admit();
    };
  }

  /** It is the turn of the call that has waited longest. */
  start(): void {
    const [start] = this.#waiting as unknown as [() => void];
    this.#waiting.delete(start);
    this.#running += 1;
    this.#count(1);
    start();
  }
}
