/** Rounds that have ended and that the child still knows: to have it take part in one that is the same takes few bytes. */
import type { PartWords } from "./part-words.js";

/** A round as the child knows it. */
export interface KnownRound {
  /** By which messages name it. */
  readonly name: number;
  readonly words: PartWords;
}

// Calls that take turns. Each round that is kept holds some memory of the child's.
const MOST = 8;

export class KeptRounds {
  /** By the version of the round, those that ended last behind. */
  readonly #rounds = new Map<number, KnownRound>();

  /** The round of that version, which is in use again; undefined: the child does not know it. */
  take(version: number): KnownRound | undefined {
    const round = this.#rounds.get(version);
    if (round !== undefined) this.#rounds.delete(version);
    return round;
  }

  /** @returns another one, which is not kept any more; undefined: there was room */
  keep(version: number, round: KnownRound): KnownRound | undefined {
    this.#rounds.set(version, round);
    if (this.#rounds.size <= MOST) return undefined;
    const [oldest] = this.#rounds.keys();
    return this.take(oldest as number);
  }

  /** Keeps none of them any more. */
  clear(): KnownRound[] {
    const rounds = [...this.#rounds.values()];
    this.#rounds.clear();
    return rounds;
  }
}
