/** The jobs of a group that wait. Most come in the order of their ranks and form a line, which costs less than a heap. */
import { precedes, type Ranked, RankedQueue } from "./ranked-queue.js";

// If this many have left the line, their part is cut off.
const LONG = 1024;

/** Its priority may be set anew. */
export interface Rankable extends Ranked {
  priority: number;
}

export class JobQueue<E extends Rankable> {
  /** By rank. Those that have left are gaps, except at both ends. */
  #line: (E | undefined)[] = [];
  /** Where the line begins. */
  #head = 0;
  #inLine = 0;
  /** Those that came out of order. */
  readonly #others = new RankedQueue<E>();

  get length(): number {
    return this.#inLine + this.#others.length;
  }

  get first(): E | undefined {
    const head = this.#line[this.#head];
    const other = this.#others.first;
    if (head === undefined || other === undefined) return head ?? other;
    return precedes(head, other) ? head : other;
  }

  add(entry: E): void {
    const line = this.#line;
    const last = line.at(-1);
    if (last !== undefined && !precedes(last, entry)) {
      this.#others.add(entry);
      return;
    }
    entry.place = line.push(entry) - 1;
    this.#inLine += 1;
  }

  remove(entry: E): void {
    const line = this.#line;
    if (line[entry.place] !== entry) {
      this.#others.remove(entry);
      return;
    }
    line[entry.place] = undefined;
    entry.place = -1;
    this.#inLine -= 1;
    while (line.length > 0 && line.at(-1) === undefined) line.pop();
    while (this.#head < line.length && line[this.#head] === undefined) this.#head += 1;
    if (line.length === 0) this.#head = 0;
    else if (this.#head > LONG && 2 * this.#head > line.length) this.#cut();
  }

  #cut(): void {
    this.#line = this.#line.slice(this.#head);
    this.#head = 0;
    for (let place = 0; place < this.#line.length; place += 1) {
      const entry = this.#line[place];
      if (entry !== undefined) entry.place = place;
    }
  }

  /** Changes the priority of an entry in the queue. */
  rank(entry: E, priority: number): void {
    this.remove(entry);
    entry.priority = priority;
    this.add(entry);
  }
}
