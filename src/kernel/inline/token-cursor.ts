/** Goes through the tokens of a kernel's text, from the first to the last. */
import { END, type Token } from "./tokens.js";

export class TokenCursor {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get hasEnded(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** The token at the cursor; `END` behind the last one. */
  get next(): Token {
    return this.#tokens[this.#at] ?? END;
  }

  /** The text of the token before the cursor. */
  get before(): string | undefined {
    return this.#tokens[this.#at - 1]?.text;
  }

  /** The text of the token behind that at the cursor. */
  get afterNext(): string | undefined {
    return this.#tokens[this.#at + 1]?.text;
  }

  advance(): void {
    this.#at += 1;
  }

  /** Advances. @returns the text of the token that it was at */
  take(): string {
    const { text } = this.next;
    this.#at += 1;
    return text;
  }

  /** Advances if the token at the cursor has that text. @returns whether it has */
  skip(text: string): boolean {
    const isIt = this.next.text === text;
    if (isIt) this.#at += 1;
    return isIt;
  }
}
