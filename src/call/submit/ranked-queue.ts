/** A queue by rank: higher priority first, and within one the order of submission. A binary heap. */

export interface Ranked {
  readonly priority: number;
  /** The order of submission; no two in a queue have the same. */
  readonly order: number;
  /** Its place in its queue, which alone sets this; -1 if it is in none. */
  place: number;
}

export class RankedQueue<T extends Ranked> {
  readonly #heap: T[] = [];

  get length(): number {
    return this.#heap.length;
  }

  get first(): T | undefined {
    return this.#heap[0];
  }

  /** The priority of the best one behind the first; -Infinity if there is none. */
  get nextPriority(): number {
    return Math.max(this.#heap[1]?.priority ?? -Infinity, this.#heap[2]?.priority ?? -Infinity);
  }

  add(entry: T): void {
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  /** Takes an entry out of the queue. */
  remove(entry: T): void {
    const { place } = entry;
    const last = this.#heap.pop() as T;
    entry.place = -1;
    if (last === entry) return;
    last.place = place;
    this.moved(last);
  }

  /** The rank of an entry in the queue has changed. */
  moved(entry: T): void {
    const { place } = entry;
    this.#rise(entry, place);
    if (entry.place === place) this.#sink(entry, place);
  }

  #rise(entry: T, from: number): void {
    const heap = this.#heap;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = heap[above] as T;
      if (!precedes(entry, other)) break;
      heap[place] = other;
      other.place = place;
      place = above;
    }
    heap[place] = entry;
    entry.place = place;
  }

  #sink(entry: T, from: number): void {
    const heap = this.#heap;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && precedes(heap[below + 1] as T, heap[below] as T)) below += 1;
      const other = heap[below] as T;
      if (!precedes(other, entry)) break;
      heap[place] = other;
      other.place = place;
      place = below;
    }
    heap[place] = entry;
    entry.place = place;
  }
}

/** Whether `a` comes first. */
export function precedes(a: Ranked, b: Ranked): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.order < b.order);
}
