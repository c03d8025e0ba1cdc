/** The brackets that are open at a place of a kernel's text, and the variables that can be seen there. */

interface Bracket {
  readonly open: string;
  /** The statement (`if`, `for`, `while`) whose head it is. */
  readonly head: string | undefined;
  /** Scopes that end with it. */
  readonly scopes: number;
}

const PAIRS: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

export class Nesting {
  readonly #scopes: Set<string>[] = [new Set()];
  readonly #brackets: Bracket[] = [];
  /** Whether the head of a `for` has just ended. */
  #isLoop = false;

  get depth(): number {
    return this.#brackets.length;
  }

  /** Whether this is the head of a `for`. */
  get isInFor(): boolean {
    return this.#brackets.at(-1)?.head === "for";
  }

  has(name: string): boolean {
    return this.#scopes.some((scope) => scope.has(name));
  }

  /** @returns false if its scope has it already */
  declare(name: string): boolean {
    const scope = this.#scopes.at(-1) as Set<string>;
    if (scope.has(name)) return false;
    scope.add(name);
    return true;
  }

  open(open: string, head: string | undefined): void {
    const isBlock = open === "{";
    if (isBlock || head === "for") this.#scopes.push(new Set());
    // Variables of a loop's head end with its block.
    const scopes = isBlock ? (this.#isLoop ? 2 : 1) : 0;
    this.#isLoop = false;
    this.#brackets.push({ open, head, scopes });
  }

  /** @returns the statement whose head has ended, or "{" if a block has; `undefined` if neither has; `null` if that is not open */
  close(bracket: string): string | undefined | null {
    const opened = this.#brackets.pop();
    if (opened === undefined || opened.open !== PAIRS[bracket]) return null;
    this.#scopes.length -= opened.scopes;
    this.#isLoop = opened.head === "for";
    return bracket === "}" ? "{" : opened.head;
  }
}
