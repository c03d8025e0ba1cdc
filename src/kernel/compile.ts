/** From text to a function, in whichever thread is to run it. */
import { EvalForbiddenError, quote } from "../errors.js";
import type { AnyKernel } from "./types.js";

/**
 * Compiles an inline kernel's source, as strict code.
 * @throws Error where a Content-Security-Policy forbids it
 */
export function compileInline(source: string, name: string): AnyKernel {
  // The name shows in stack frames, in place of "<anonymous>".
  const label = name.replace(/[^\w$.-]/g, "_");
  const make = new Function(`"use strict"; return (${source}\n);\n//# sourceURL=sharray-kernel-${label}.js`);
  return make() as AnyKernel;
}

let isAllowed = false;

/** @throws EvalForbiddenError where no text may be compiled. Asked for at need: a page may be told of each attempt */
export function assertMayCompile(name: string): void {
  if (isAllowed) return;
  try {
    new Function("");
  } catch (cause) {
    throw new EvalForbiddenError(`kernel ${quote(name)}`, { cause });
  }
  isAllowed = true;
}
