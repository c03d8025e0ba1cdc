/** The words that a process and a child have in common for the child's part in a round, as the process sees them. */
import { AT, RUNNING } from "../../protocol/meter.js";
import {
  AT_WORD,
  CHILD_WORDS,
  CHILD_WORDS_AT,
  LIMIT_WORD,
  PARENT_WORDS,
  RETURN_WORD,
  RUNNING_WORD,
} from "./messages.js";
import type { Transit } from "./transit.js";

export class PartWords {
  /** Where they are in the transit file. */
  readonly place: number;
  readonly #transit: Transit;
  readonly #told = new Int32Array(PARENT_WORDS);

  constructor(place: number, transit: Transit, limit: number) {
    this.place = place;
    this.#transit = transit;
    this.#told[LIMIT_WORD] = limit;
    this.#write();
  }

  tellLimit(limit: number): void {
    if (this.#told[LIMIT_WORD] === limit) return;
    this.#told[LIMIT_WORD] = limit;
    this.#write();
  }

  /** @param isWanted the child is to give back what it has not begun. @returns whether it has not been told so */
  tellReturn(isWanted: boolean): boolean {
    const word = isWanted ? 1 : 0;
    if (this.#told[RETURN_WORD] === word) return false;
    this.#told[RETURN_WORD] = word;
    this.#write();
    return true;
  }

  /** Reads where the child is. */
  readInto(meter: Float64Array): void {
    const words = new Int32Array(CHILD_WORDS);
    this.#transit.read(new Uint8Array(words.buffer), this.place + CHILD_WORDS_AT);
    meter[RUNNING] = words[RUNNING_WORD] as number;
    meter[AT] = words[AT_WORD] as number;
  }

  #write(): void {
    this.#transit.write(new Uint8Array(this.#told.buffer), this.place);
  }
}
