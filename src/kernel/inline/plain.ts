/**
 * Reads plain kernels without a parser: arithmetic on parameters and local variables, loops, `Math`. Most kernels are plain,
 * and loading and running a parser takes 15 ms of a young process. `analyse` does the rest.
 */
import { HARMLESS, type KernelText } from "./kernel-text.js";
import { Nesting } from "./nesting.js";
import { TELLING } from "./telling.js";
import { TokenCursor } from "./token-cursor.js";
import {
  ASSIGNMENT,
  BINARY,
  GLOBALS,
  isVariable,
  LITERALS,
  STATEMENTS,
  type Token,
  tokensOf,
  UNARY,
} from "./tokens.js";

// Longer texts are rarely plain, and would be read twice.
const LONGEST = 4096;

/** What comes next: a statement or an operand, an operand, or something that follows one: a variable, or any other. */
type Place = "statement" | "operand" | "after variable" | "after value";

/**
 * A plain kernel captures nothing, keeps nothing, and writes to no parameter.
 * @returns what `analyse` would; `undefined` if the kernel is not plain, or if that is not certain
 */
export function readPlain(text: string): KernelText | undefined {
  if (text.length > LONGEST) return undefined;
  const tokens = tokensOf(text);
  if (tokens === undefined) return undefined;
  const reader = new PlainReader(tokens);
  if (!reader.read()) return undefined;
  const { globals } = reader;
  return { ...HARMLESS, source: text, globals };
}

class PlainReader {
  readonly globals = new Set<string>();
  readonly #cursor: TokenCursor;
  #place: Place = "statement";
  readonly #nesting = new Nesting();
  /** How many brackets are open around the declaration that is being read; `undefined` if none is. */
  #declaring: number | undefined;

  constructor(tokens: readonly Token[]) {
    this.#cursor = new TokenCursor(tokens);
  }

  read(): boolean {
    const hasBlock = this.#head();
    if (hasBlock === undefined) return false;
    this.#place = hasBlock ? "statement" : "operand";
    if (hasBlock && !this.#open("{")) return false;
    while (!this.#cursor.hasEnded) {
      if (hasBlock && this.#nesting.depth === 0) return false;
      if (!this.#token(this.#cursor.next)) return false;
    }
    return this.#nesting.depth === 0;
  }

  /** @returns whether the body is a block; `undefined` if it is no plain function */
  #head(): boolean | undefined {
    const isFunction = this.#cursor.skip("function");
    if (isFunction && this.#cursor.next.kind === "name" && !isVariable(this.#cursor.take())) return undefined;
    if (!isFunction && this.#cursor.next.kind === "name") {
      if (!this.#declare()) return undefined;
    } else if (!this.#parameters()) return undefined;
    if (!isFunction && !this.#cursor.skip("=>")) return undefined;
    const hasBlock = this.#cursor.next.text === "{";
    return isFunction && !hasBlock ? undefined : hasBlock;
  }

  #parameters(): boolean {
    if (!this.#cursor.skip("(")) return false;
    while (!this.#cursor.skip(")")) {
      if (!this.#declare()) return false;
      if (this.#cursor.next.text !== ")" && !this.#cursor.skip(",")) return false;
    }
    return true;
  }

  #token(token: Token): boolean {
    const { text, kind, startsLine } = token;
    // A new line ends a statement if nothing else could follow.
    if (startsLine && this.#isAfter && (kind !== "other" || text === "{" || text === "}"))
      this.#endStatement();
    if (kind === "name") return this.#name(text);
    if (kind !== "other") return !TELLING.has(text.slice(1, -1)) && this.#operand("after value");
    switch (text) {
      case "(":
      case "[":
      case "{":
        return this.#open(text);
      case ")":
      case "]":
      case "}":
        return this.#close(text);
      case ";":
        this.#cursor.advance();
        this.#endStatement();
        return true;
      case ",":
        this.#cursor.advance();
        this.#place = "operand";
        return this.#declaring !== this.#nesting.depth || this.#declare();
      case ".":
        return this.#member();
      case "++":
      case "--":
        return !startsLine && this.#update();
      default:
        return this.#operator(text);
    }
  }

  #name(name: string): boolean {
    const isLabel = this.#place === "statement" && this.#cursor.afterNext === ":";
    if (isLabel) return false;
    if (STATEMENTS.has(name)) return this.#beginStatement(name);
    if (name === "of" && this.#place === "after variable" && this.#nesting.isInFor) {
      this.#cursor.advance();
      this.#declaring = undefined;
      this.#place = "operand";
      return true;
    }
    if (LITERALS.has(name)) return this.#operand("after value");
    if (this.#nesting.has(name)) return this.#operand("after variable");
    if (!GLOBALS.has(name) || !(name in globalThis)) return false;
    this.globals.add(name);
    return this.#operand("after value") && (name !== "Math" || this.#math());
  }

  /** `Math.PI`, `Math.sqrt(`: no function there keeps anything. */
  #math(): boolean {
    if (!this.#member()) return false;
    if (this.#cursor.next.text !== "(") return true;
    this.#place = "operand";
    return this.#open("(");
  }

  #member(): boolean {
    if (!this.#isAfter || !this.#cursor.skip(".") || this.#cursor.next.kind !== "name") return false;
    const name = this.#cursor.take();
    this.#place = "after value";
    return !TELLING.has(name) && name !== "prototype";
  }

  #beginStatement(name: string): boolean {
    const isFirstInFor = this.#nesting.isInFor && this.#cursor.before === "(";
    if (this.#place !== "statement" && !isFirstInFor) return false;
    this.#cursor.advance();
    this.#place = "operand";
    switch (name) {
      case "let":
      case "const":
        this.#declaring = this.#nesting.depth;
        return this.#declare();
      case "if":
      case "for":
      case "while":
        return this.#cursor.next.text === "(" && this.#open("(", name);
      case "else":
      case "do":
        this.#place = "statement";
        return true;
      case "break":
      case "continue":
        // No label follows.
        this.#place = "after value";
        return true;
      default:
        return true;
    }
  }

  #endStatement(): void {
    this.#place = this.#nesting.isInFor ? "operand" : "statement";
    this.#declaring = undefined;
  }

  /** @param head the statement whose head it is */
  #open(open: string, head?: string): boolean {
    // Otherwise it is an object, or a call.
    if (open === "{" ? this.#place !== "statement" : open === "(" && this.#isAfter) return false;
    this.#cursor.advance();
    this.#nesting.open(open, head);
    this.#place = open === "{" ? "statement" : "operand";
    return true;
  }

  #close(bracket: string): boolean {
    const ended = this.#nesting.close(bracket);
    this.#cursor.advance();
    this.#place = "after value";
    if (ended === null || ended === undefined) return ended === undefined;
    this.#place = "statement";
    this.#declaring = undefined;
    return ended !== "for" || this.#cursor.next.text === "{";
  }

  /** `++` and `--` are plain only on whole variables. */
  #update(): boolean {
    this.#cursor.advance();
    if (this.#place === "after variable") {
      this.#place = "after value";
      return true;
    }
    if (this.#place === "after value" || this.#cursor.next.kind !== "name") return false;
    return this.#name(this.#cursor.next.text) && this.#isVariableAlone;
  }

  /** Whether an operand has just ended. */
  get #isAfter(): boolean {
    return this.#place === "after variable" || this.#place === "after value";
  }

  get #isVariableAlone(): boolean {
    return this.#place === "after variable" && !/^[.[(]/.test(this.#cursor.next.text);
  }

  #operator(text: string): boolean {
    const isAllowed = this.#isAfter
      ? BINARY.has(text) || (ASSIGNMENT.has(text) && this.#place === "after variable")
      : UNARY.has(text);
    this.#cursor.advance();
    this.#place = "operand";
    return isAllowed;
  }

  #operand(after: Place): boolean {
    const isExpected = !this.#isAfter;
    this.#cursor.advance();
    this.#place = after;
    return isExpected;
  }

  #declare(): boolean {
    if (this.#cursor.next.kind !== "name") return false;
    const name = this.#cursor.take();
    this.#place = "after variable";
    return isVariable(name) && !TELLING.has(name) && this.#nesting.declare(name);
  }
}
