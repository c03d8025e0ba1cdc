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

  /** Are there calls that are over, and that workers have not left? */
  get areClosing(): boolean {
    for (const lease of this.#leases) if (lease.isClosing) return true;
    return false;
  }

  /** Resolves when workers have left all calls that are over by now. */
  async closed(): Promise<void> {
    const closing = [...this.#leases].filter((lease) => lease.isClosing);
    await Promise.all(closing.map((lease) => lease.returned()));
  }
}
