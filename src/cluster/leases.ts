/** Whether somebody still waits for a call: its client renews a key. When that is gone, the call's shards are aborted. */
import { clearInterval, setInterval } from "../platform/builtins.js";
import type { Store } from "./store.js";

const LOOK_MS = 300;

interface Watched {
  readonly controller: AbortController;
  users: number;
}

/** A shard's hold on its call. */
export interface HeldLease {
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
  release(): void;
}

export class Leases {
  readonly #store: Store;
  readonly #calls = new Map<string, Watched>();
  readonly #timer: ReturnType<typeof setInterval>;
  #isLooking = false;

  constructor(store: Store) {
    this.#store = store;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  /** @returns `undefined` if nobody waits for the call */
  async hold(call: string): Promise<HeldLease | undefined> {
    const [isAwaited] = await this.#store.areAwaited([call]);
    if (isAwaited !== true) return undefined;
    const watched = this.#calls.get(call) ?? { controller: new AbortController(), users: 0 };
    watched.users += 1;
    this.#calls.set(call, watched);
    return {
      signal: watched.controller.signal,
      release: () => {
        watched.users -= 1;
        if (watched.users === 0 && this.#calls.get(call) === watched) this.#calls.delete(call);
      },
    };
  }

  close(): void {
    clearInterval(this.#timer);
    for (const call of [...this.#calls.keys()]) this.#abort(call);
  }

  async #look(): Promise<void> {
    // While the store does not answer, nobody knows, and shards go on.
    if (this.#isLooking || this.#calls.size === 0 || !this.#store.isReady) return;
    this.#isLooking = true;
    try {
      const calls = [...this.#calls.keys()];
      const areAwaited = await this.#store.areAwaited(calls);
      for (const [i, call] of calls.entries()) if (areAwaited[i] !== true) this.#abort(call);
    } catch {
      // It is asked again.
    } finally {
      this.#isLooking = false;
    }
  }

  #abort(call: string): void {
    this.#calls.get(call)?.controller.abort(new DOMException("Nobody waits for the call", "AbortError"));
    this.#calls.delete(call);
  }
}
