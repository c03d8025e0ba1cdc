/** The words that a child and its parent have in common for the child's part in a round, as the child sees them. */
import { readBytes, TRANSIT_FD, writeBytes } from "../../../platform/transit-file.js";
import {
  AT_WORD,
  CHILD_WORDS,
  CHILD_WORDS_AT,
  LIMIT_WORD,
  PARENT_WORDS,
  RETURN_WORD,
  RUNNING_WORD,
} from "../messages.js";

/** What the parent tells. */
export interface Told {
  readonly limit: number;
  readonly wantsBack: boolean;
}

export class ChildWords {
  readonly #place: number;
  readonly #told = new Int32Array(PARENT_WORDS);
  readonly #toldBytes = new Uint8Array(this.#told.buffer);
  readonly #own = new Int32Array(CHILD_WORDS);
  readonly #ownBytes = new Uint8Array(this.#own.buffer);

  /** @param place where they are in the transit file */
  constructor(place: number) {
    this.#place = place;
  }

  /** Tasks at or past this position are not wanted. */
  get limit(): number {
    return this.read().limit;
  }

  /** Takes 0.4 µs (Node 20). */
  read(): Told {
    readBytes(TRANSIT_FD, this.#toldBytes, this.#place);
    return { limit: this.#told[LIMIT_WORD] as number, wantsBack: this.#told[RETURN_WORD] === 1 };
  }

  /** A task begins. If it ends this process, the parent knows which it was. Takes 0.5 µs (Node 20). */
  begin(at: number): void {
    this.#own[RUNNING_WORD] = 1;
    this.#own[AT_WORD] = at;
    this.#write();
  }

  /** The child is at no task. */
  pause(): void {
    if (this.#own[RUNNING_WORD] === 0) return;
    this.#own[RUNNING_WORD] = 0;
    this.#write();
  }

  #write(): void {
    writeBytes(TRANSIT_FD, this.#ownBytes, this.#place + CHILD_WORDS_AT);
  }
}
