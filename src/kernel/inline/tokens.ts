/** The tokens and words of a kernel's text, as far as plain kernels have them. */

export interface Token {
  readonly text: string;
  readonly kind: "name" | "number" | "string" | "other";
  /** Whether a new line comes before it. */
  readonly startsLine: boolean;
}

/** What comes after the last one. */
export const END: Token = { text: "", kind: "other", startsLine: false };

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** Words that begin a statement. */
export const STATEMENTS = words("let const return if else for while do break continue");
export const LITERALS = words("true false null");
/** Names with other meanings, or forbidden in strict code. */
const OTHER_WORDS = words(
  "arguments async await case catch class debugger default delete enum eval export extends finally function " +
    "implements import in instanceof interface new package private protected public static super switch this " +
    "throw try typeof var void with yield",
);
export const GLOBALS = words("undefined NaN Infinity Math");
export const BINARY = words("+ - * / % ** << >> >>> < > <= >= == != === !== & | ^ && || ?? ? :");
export const UNARY = words("+ - ! ~");
export const ASSIGNMENT = words("= += -= *= /= %= **= <<= >>= >>>= &= |= ^= &&= ||= ??=");

/**
 * Whether a variable may have that name. Not one of a global's names, because such a variable may be used before it is
 * declared.
 */
export function isVariable(name: string): boolean {
  return ![OTHER_WORDS, STATEMENTS, LITERALS, GLOBALS].some((words) => words.has(name));
}

// Comments of HTML, and rare ends of lines.
const ODD = ["<!--", "-->", "\u2028", "\u2029"];

/** @returns `undefined` if there is anything else */
export function tokensOf(text: string): Token[] | undefined {
  const isOdd = ODD.some((each) => text.includes(each)) || text.replaceAll("\r\n", "").includes("\r");
  if (isOdd) return undefined;
  const tokens: Token[] = [];
  let startsLine = false;
  for (let at = 0; at < text.length; ) {
    const first = text[at] as string;
    let end = gapEnd(text, at);
    if (end > at) {
      startsLine ||= text.slice(at, end).includes("\n");
      at = end;
      continue;
    }
    let kind: Token["kind"] = "other";
    if (isLetter(first)) {
      kind = "name";
      end = runEnd(text, at, (each) => isLetter(each) || isDigit(each));
    } else if (isDigit(first) || (first === "." && isDigit(text[at + 1]))) {
      kind = "number";
      end = numberEnd(text, at);
    } else if (first === '"' || first === "'") {
      kind = "string";
      end = stringEnd(text, at, first);
    } else if (OPERATORS.includes(first)) {
      end = runEnd(text, at, (each) => OPERATORS.includes(each));
    } else if (BRACKETS.includes(first)) {
      end = at + 1;
    }
    if (end === at) return undefined;
    tokens.push({ text: text.slice(at, end), kind, startsLine });
    startsLine = false;
    at = end;
  }
  return tokens;
}

const OPERATORS = "-+*/%<>=!&|^?";
const BRACKETS = "()[]{}.,;:~";
const DIGITS = "0123456789";

// Written by hand: compiling a regular expression for it takes a millisecond, more than reading most kernels.
function runEnd(text: string, start: number, isIn: (character: string) => boolean): number {
  let end = start;
  while (end < text.length && isIn(text[end] as string)) end += 1;
  return end;
}

function isLetter(character: string): boolean {
  return (
    (character >= "a" && character <= "z") ||
    (character >= "A" && character <= "Z") ||
    character === "_" ||
    character === "$"
  );
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && DIGITS.includes(character);
}

/** The end of the blanks and comments that begin there. */
function gapEnd(text: string, start: number): number {
  let end = start;
  for (;;) {
    const [first, second] = [text[end], text[end + 1]];
    if (first === " " || first === "\n" || first === "\t" || first === "\r") end += 1;
    else if (first !== "/" || (second !== "/" && second !== "*")) return end;
    else {
      const close = text.indexOf(second === "/" ? "\n" : "*/", end + 2);
      // A text ends with its function.
      if (close === -1) return end;
      end = second === "/" ? close : close + 2;
    }
  }
}

/** Decimals, with a fraction and an exponent or as bigints, and hexadecimals. @returns `start` for all others */
function numberEnd(text: string, start: number): number {
  if (text[start] === "0" && (text[start + 1] === "x" || text[start + 1] === "X")) {
    return runEnd(
      text,
      start + 2,
      (each) => isDigit(each) || (each >= "a" && each <= "f") || (each >= "A" && each <= "F"),
    );
  }
  if (text[start] === "0" && isDigit(text[start + 1])) return start;
  let end = runEnd(text, start, isDigit);
  if (text[end] === "n") return end + 1;
  if (text[end] === ".") end = runEnd(text, end + 1, isDigit);
  if (text[end] !== "e" && text[end] !== "E") return end;
  const exponent = text[end + 1] === "-" || text[end + 1] === "+" ? end + 2 : end + 1;
  return runEnd(text, exponent, isDigit);
}

/** @returns `start` for what has anything but plain characters */
function stringEnd(text: string, start: number, quote: string): number {
  const end = text.indexOf(quote, start + 1);
  const isPlain = end !== -1 && !/[\\\n]/.test(text.slice(start, end));
  return isPlain ? end + 1 : start;
}
