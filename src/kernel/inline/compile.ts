/** From text to a function, in whichever thread is to run it. */
import { EvalForbiddenError, quote } from "../../errors.js";
import { textKey } from "../text-key.js";
import type { AnyKernel } from "../types.js";

/**
 * Compiles an inline kernel's source, as strict code.
 * @throws EvalError if a Content-Security-Policy forbids it
 */
export function compileInline(source: string, name: string): AnyKernel {
  // The name shows in stack frames, in place of "<anonymous>".
  const label = name.replace(/[^\w$.-]/g, "_");
  const end = `${apart(source)}//# sourceURL=sharray-kernel-${label}.js`;
  const make = new Function(`${HEAD}${source}\n);\n${end}`);
  return make() as AnyKernel;
}

const HEAD = '"use strict"; return (';
// `new Function` puts two lines before it, those of the parameters.
const LINES_BEFORE = 2;

/** A position in a compiled kernel as stack frames name it, from 1, as one in its source, from 0. */
export function placeInSource(
  line: number,
  column: number,
): { readonly line: number; readonly column: number } {
  const own = line - 1 - LINES_BEFORE;
  return { line: own, column: column - 1 - (own === 0 ? HEAD.length : 0) };
}

// V8 finds compiled texts by their hash. The hash of a long text is its length alone. With a thousand texts of one length each
// look takes 5 ms.
const MOST_LINES = 4096;

/** Counts of empty lines. They give long texts of the same length different lengths. */
function apart(source: string): string {
  const key = textKey(source);
  return typeof key === "number" ? "\n".repeat(key % MOST_LINES) : "";
}

let isAllowed = false;

/** @throws EvalForbiddenError if no text may be compiled. Asks only if it must: a page may be told of each attempt */
export function assertMayCompile(name: string): void {
  if (isAllowed) return;
  try {
    new Function("");
  } catch (cause) {
    throw new EvalForbiddenError(`kernel ${quote(name)}`, { cause });
  }
  isAllowed = true;
}
