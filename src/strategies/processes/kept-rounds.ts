/** Rounds that have ended and that the child still knows. Few bytes make it take part in one that is the same. */
import type { PartWords, WordsPool } from "./part-words.js";

/** A round as the child knows it. */
export interface KnownRound {
  /** The name that messages give it. */
  readonly name: number;
  readonly words: PartWords;
}

// As many as calls that take turns. Each kept round holds some memory of the child's.
const MOST = 8;

export class KeptRounds {
  readonly #words: WordsPool;
  /** By the version of the round. The one that ended last is the last. */
  readonly #rounds = new Map<number, KnownRound>();
  /** Rounds that the child must be told to let go. */
  #over: number[] = [];

  /** @param words gets the words of rounds that are not kept any more */
  constructor(words: WordsPool) {
    this.#words = words;
  }

  /** The round of that version, which is in use again; `undefined` if the child does not know it. */
  take(version: number): KnownRound | undefined {
    const round = this.#rounds.get(version);
    if (round !== undefined) this.#rounds.delete(version);
    return round;
  }

  keep(version: number, round: KnownRound): void {
    this.#rounds.set(version, round);
    if (this.#rounds.size <= MOST) return;
    const [oldest] = this.#rounds.keys();
    this.letGo(this.take(oldest as number) as KnownRound);
  }

  /** The child need not know it any more. */
  letGo({ name, words }: KnownRound): void {
    this.#words.give(words);
    this.#over.push(name);
  }

  letAllGo(): void {
    for (const round of this.#rounds.values()) this.letGo(round);
    this.#rounds.clear();
  }

  /** The names of rounds that the child is now told to let go. */
  takeOver(): number[] {
    const over = this.#over;
    this.#over = [];
    return over;
  }
}
