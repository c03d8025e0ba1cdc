/**
 * A map that forgets what was not used for long. It keeps the `limit` keys that were used last, and up to as many older ones. A key that
 * is used all the time costs one look-up. A list in order of use would change at each.
 */
export class RecentMap<K, V> {
  readonly #limit: number;
  readonly #onForget: ((keys: Iterable<K>) => void) | undefined;
  #recent = new Map<K, V>();
  #before = new Map<K, V>();

  constructor(limit: number, onForget?: (keys: Iterable<K>) => void) {
    this.#limit = limit;
    this.#onForget = onForget;
  }

  get size(): number {
    return this.#recent.size + this.#before.size;
  }

  /** The value of a key. This counts as use. */
  get(key: K): V | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const value = this.#before.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  /** All values. Those that were used last come last. */
  *values(): Iterable<V> {
    yield* this.#before.values();
    yield* this.#recent.values();
  }

  set(key: K, value: V): void {
    this.#before.delete(key);
    this.#recent.set(key, value);
    if (this.#recent.size < this.#limit) return;
    const forgotten = this.#before;
    this.#before = this.#recent;
    this.#recent = new Map();
    if (forgotten.size > 0) this.#onForget?.(forgotten.keys());
  }
}
