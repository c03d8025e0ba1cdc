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
  WORDS_BYTES,
} from "./messages.js";
import { noRoomError, type Transit } from "./transit.js";

export class PartWords {
  /** Where they are in the transit file. */
  readonly place: number;
  readonly #transit: Transit;
  readonly #told = new Int32Array(PARENT_WORDS);
  readonly #child = new Int32Array(CHILD_WORDS);
  readonly #childBytes = new Uint8Array(this.#child.buffer);
  #areThere: boolean;

  constructor(transit: Transit) {
    this.place = transit.take(WORDS_BYTES);
    this.#transit = transit;
    // Another child may have ended in the middle of a task, and left its words there.
    this.#areThere = this.#clear();
  }

  /** Whether the file had room for them. Once it had, it has. */
  get areThere(): boolean {
    return this.#areThere;
  }

  /** Sets the words for a part that begins. */
  begin(limit: number): void {
    this.#areThere ||= this.#clear();
    if (this.#told[LIMIT_WORD] === limit && this.#told[RETURN_WORD] === 0) return;
    this.#told[LIMIT_WORD] = limit;
    this.#told[RETURN_WORD] = 0;
    this.#write();
  }

  tellLimit(limit: number): void {
    if (this.#told[LIMIT_WORD] === limit) return;
    this.#told[LIMIT_WORD] = limit;
    this.#write();
  }

  /** @param isWanted whether the child is to give back what it has not begun. @returns whether that is news */
  tellReturn(isWanted: boolean): boolean {
    const word = isWanted ? 1 : 0;
    if (this.#told[RETURN_WORD] === word) return false;
    this.#told[RETURN_WORD] = word;
    this.#write();
    return true;
  }

  /** Reads where the child is. */
  readInto(meter: Float64Array): void {
    this.#transit.read(this.#childBytes, this.place + CHILD_WORDS_AT);
    meter[RUNNING] = this.#child[RUNNING_WORD] as number;
    meter[AT] = this.#child[AT_WORD] as number;
  }

  /** No child writes there any more. */
  close(): void {
    this.#transit.give(this.place, WORDS_BYTES);
  }

  #clear(): boolean {
    return this.#transit.write(new Uint8Array(WORDS_BYTES), this.place);
  }

  #write(): void {
    this.#transit.write(new Uint8Array(this.#told.buffer), this.place);
  }
}

// Few programs have more calls in progress at a time. These have their place in the file before it may be full.
const FIRST_PARTS = 8;

/** The words of all parts of one child. */
export class WordsPool {
  readonly #transit: Transit;
  /** All of them, because the child may still write those of a round that is over. */
  readonly #all: PartWords[] = [];
  readonly #free: PartWords[] = [];

  /** @throws Error if there is no room for them */
  constructor(transit: Transit) {
    this.#transit = transit;
    for (let i = 0; i < FIRST_PARTS; i += 1) this.#free.push(this.#make());
    if (this.#all.every(({ areThere }) => areThere)) return;
    this.close();
    throw noRoomError();
  }

  take(): PartWords {
    return this.#free.pop() ?? this.#make();
  }

  #make(): PartWords {
    const words = new PartWords(this.#transit);
    this.#all.push(words);
    return words;
  }

  give(words: PartWords): void {
    this.#free.push(words);
  }

  /** The child has ended. */
  close(): void {
    for (const words of this.#all) words.close();
  }
}
