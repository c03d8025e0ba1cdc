/** Calls that have memory, until nobody holds it. */
export interface LiveLease {
  /** When the call ended: since then only workers that are about to leave hold its memory. `undefined` if it has not ended. */
  readonly closingSince: number | undefined;
  /** Whether the call reads or writes this memory of the user's. */
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

  /** Resolves when no call uses this memory of the user's; `undefined` if none does now. */
  unused(buffer: ArrayBufferLike): Promise<unknown> | undefined {
    const users = [...this.#leases].filter((lease) => lease.uses(buffer));
    return users.length === 0 ? undefined : Promise.all(users.map((lease) => lease.returned()));
  }

  /** Whether workers have still to leave calls that ended then or later. */
  haveClosed(since: number): boolean {
    for (const { closingSince } of this.#leases) if ((closingSince ?? -Infinity) >= since) return true;
    return false;
  }

  /** Resolves when workers have left all calls that have ended by now. */
  async closed(): Promise<void> {
    const closing = [...this.#leases].filter((lease) => lease.closingSince !== undefined);
    await Promise.all(closing.map((lease) => lease.returned()));
  }
}
