/**
 * A message's place in the transit file, for one direction of a line. The reader looks at it for a moment before it sleeps; meanwhile
 * the writer need not wake it. Each side writes words of its own, the writer's after the bytes. A reader that has stopped looking looks
 * once more, and a writer that has put a message there looks whether the reader still does: so one of them sees the other.
 */

const READER_WORDS = 2;
const IS_LOOKING = 0;
/** The number of the message that was taken last. */
const TAKEN = 1;
const WRITER_WORDS = 3;
const WRITER_WORDS_AT = 64;
/** The number of the message that was put there last. */
const PUT = 0;
const LENGTH = 1;
/** Messages that were written to the stream before it. */
const AFTER = 2;
const BYTES_AT = 128;
// Short forms have 50 to 200 bytes.
const MOST_BYTES = 896;

export const MAILBOX_BYTES = BYTES_AT + MOST_BYTES;

/** The transit file. */
export interface MailFile {
  /** @returns false: there is no room for them */
  write(bytes: Uint8Array, at: number): boolean;
  read(bytes: Uint8Array, at: number): void;
}

class Words {
  readonly words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #file: MailFile;
  readonly #at: number;

  constructor(file: MailFile, at: number, length: number) {
    this.words = new Int32Array(length);
    this.#bytes = new Uint8Array(this.words.buffer);
    this.#file = file;
    this.#at = at;
  }

  read(): Int32Array {
    this.#file.read(this.#bytes, this.#at);
    return this.words;
  }

  write(): void {
    this.#file.write(this.#bytes, this.#at);
  }
}

export class MailWriter {
  readonly #file: MailFile;
  readonly #place: number;
  readonly #own: Words;
  readonly #readers: Words;

  /** @param place of the mailbox, all zero at first */
  constructor(file: MailFile, place: number) {
    this.#file = file;
    this.#place = place;
    this.#own = new Words(file, place + WRITER_WORDS_AT, WRITER_WORDS);
    this.#readers = new Words(file, place, READER_WORDS);
  }

  /**
   * Puts a message there if the reader looks.
   * @param after messages that were written to the stream so far
   * @returns whether it is there, and whether the reader sees it by itself
   */
  put(message: Uint8Array, after: number): "refused" | "seen" | "unseen" {
    if (message.length > MOST_BYTES) return "refused";
    const own = this.#own.words;
    const before = this.#readers.read();
    if (before[IS_LOOKING] === 0 || before[TAKEN] !== own[PUT]) return "refused";
    this.#file.write(message, this.#place + BYTES_AT);
    own[PUT] = (own[PUT] as number) + 1;
    own[LENGTH] = message.length;
    own[AFTER] = after;
    this.#own.write();
    const readers = this.#readers.read();
    return readers[IS_LOOKING] === 1 || readers[TAKEN] === own[PUT] ? "seen" : "unseen";
  }
}

export class MailReader {
  readonly #file: MailFile;
  readonly #place: number;
  readonly #own: Words;
  readonly #writers: Words;

  constructor(file: MailFile, place: number) {
    this.#file = file;
    this.#place = place;
    this.#own = new Words(file, place, READER_WORDS);
    this.#writers = new Words(file, place + WRITER_WORDS_AT, WRITER_WORDS);
  }

  /** From now on it is asked all the time, until a message is taken. */
  begin(): void {
    if (this.isLooking) return;
    this.#own.words[IS_LOOKING] = 1;
    this.#own.write();
  }

  /** From now on it is not; to be asked once more. */
  end(): void {
    this.#own.words[IS_LOOKING] = 0;
    this.#own.write();
  }

  get isLooking(): boolean {
    return this.#own.words[IS_LOOKING] === 1;
  }

  /** @param after messages that were read from the stream so far. @returns undefined: there is none, or others come before it */
  take(after: number): Uint8Array | undefined {
    const writers = this.#writers.read();
    const own = this.#own.words;
    if (writers[PUT] === own[TAKEN] || writers[AFTER] !== after) return undefined;
    const message = new Uint8Array(writers[LENGTH] as number);
    this.#file.read(message, this.#place + BYTES_AT);
    own[TAKEN] = writers[PUT] as number;
    own[IS_LOOKING] = 0;
    this.#own.write();
    return message;
  }
}
