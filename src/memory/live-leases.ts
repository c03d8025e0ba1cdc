/** Calls that have memory, until nobody holds it. */
export interface LiveLease {
  /** The call is over: only workers that are about to leave it hold its memory. */
  readonly isClosing: boolean;
  /** Does the call read or write this memory of the user's? */
  uses(buffer: ArrayBufferLike): boolean;
  /** Resolves when nobody holds the call's memory any more. */
  returned(): Promise<void>;
}

export class LiveLeases {
  readonly #leases = new Set<LiveLease>();

  opened(lease: LiveLease): void {
    this.#leases.add(lease);
  }

  returned(lease: LiveLease): void {
    this.#leases.delete(lease);
  }

  /** Resolves when no call uses this memory of the user's; undefined: none does. */
  unused(buffer: ArrayBufferLike): Promise<unknown> | undefined {
    const users = [...this.#leases].filter((lease) => lease.uses(buffer));
    return users.length === 0 ? undefined : Promise.all(users.map((lease) => lease.returned()));
  }

  /** Resolves when the next of the calls that are over has returned its memory; undefined: there is none. */
  nextReturn(): Promise<void> | undefined {
    const closing = [...this.#leases].filter((lease) => lease.isClosing);
    return closing.length === 0 ? undefined : Promise.race(closing.map((lease) => lease.returned()));
  }
}
