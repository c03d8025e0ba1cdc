/** From text to a function, in whichever thread is to run it. */
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
