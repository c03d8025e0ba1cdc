/** The shared memory that a worker has handles of, or may still have as garbage. */
import type { CollectMessage } from "../../protocol/messages.js";

export class KnownMemory {
  readonly #send: (message: CollectMessage) => void;
  readonly #onGone: (ids: readonly number[]) => void;
  /** Bytes by id. */
  readonly #known = new Map<number, number>();
  /** Ids for the next message. */
  #untold: number[] = [];
  /** Told, and not confirmed: its bytes by id. */
  readonly #garbage = new Map<number, number>();
  #garbageBytes = 0;
  /** Waits for the worker's collector. */
  #collecting: Promise<void> | undefined;
  #endCollecting = (): void => {};
  #hasEnded = false;

  /**
   * @param send sends a message to the worker
   * @param onGone told what the worker can't reach any more
   */
  constructor(send: (message: CollectMessage) => void, onGone: (ids: readonly number[]) => void) {
    this.#send = send;
    this.#onGone = onGone;
  }

  /** Bytes that the worker must let go, and may have as garbage. */
  get garbageBytes(): number {
    return this.#garbageBytes;
  }

  /** Pieces of it. */
  get garbageCount(): number {
    return this.#garbage.size;
  }

  has(id: number): boolean {
    return this.#known.has(id);
  }

  add(id: number, bytes: number): void {
    this.#known.set(id, bytes);
  }

  /** Whether the worker may reach this memory. */
  holds(id: number): boolean {
    return this.#known.has(id) || this.#garbage.has(id);
  }

  /** The worker must let this memory go. */
  forget(id: number): void {
    const bytes = this.#known.get(id);
    if (bytes === undefined) return;
    this.#known.delete(id);
    this.#untold.push(id);
    this.#garbage.set(id, bytes);
    this.#garbageBytes += bytes;
  }

  /** What the next message has to tell; `null` if nothing. */
  takeUntold(): number[] | null {
    if (this.#untold.length === 0) return null;
    const untold = this.#untold;
    this.#untold = [];
    return untold;
  }

  /** Has the worker collect its garbage. Resolves when it has, or has ended. */
  collect(): Promise<void> {
    if (this.#hasEnded) return Promise.resolve();
    if (this.#collecting !== undefined) {
      return this.#untold.length === 0 ? this.#collecting : this.#collecting.then(() => this.collect());
    }
    this.#collecting = new Promise((resolve) => {
      this.#endCollecting = resolve;
    });
    this.#send({ round: null, forget: this.takeUntold() });
    return this.#collecting;
  }

  /** The worker has collected its garbage. @param gone what it can't reach any more */
  collected(gone: readonly number[]): void {
    for (const id of gone) {
      this.#garbageBytes -= this.#garbage.get(id) ?? 0;
      this.#garbage.delete(id);
    }
    this.#end(gone);
  }

  /** The worker has ended. */
  ended(): void {
    this.#hasEnded = true;
    const all = [...this.#known.keys(), ...this.#garbage.keys()];
    this.#known.clear();
    this.#garbage.clear();
    this.#untold = [];
    this.#garbageBytes = 0;
    this.#end(all);
  }

  #end(gone: readonly number[]): void {
    this.#onGone(gone);
    this.#collecting = undefined;
    this.#endCollecting();
  }
}
