/** Draws numbers. Everything in a sequence is drawn from one seed, so that a seed names it. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** At least 0, less than 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Both ends included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  /** From 1 to `most`, as often below a tenth of it as above. */
  magnitude(most: number): number {
    return Math.max(1, Math.round(most ** this.next()));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)] as T;
  }

  /** A name of the table, the more often the greater its row's weight. */
  weighted<N extends string>(
    table: Readonly<Record<N, { readonly weight: number }>>,
    fits: (name: N) => boolean,
  ): N {
    const names = (Object.keys(table) as N[]).filter(fits);
    let at = this.next() * names.reduce((sum, name) => sum + table[name].weight, 0);
    for (const name of names) {
      at -= table[name].weight;
      if (at < 0) return name;
    }
    return names.at(-1) as N;
  }
}
