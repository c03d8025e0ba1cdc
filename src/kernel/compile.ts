/** From text or address to a function, in whichever thread is to run it. */
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

/** Imports a module kernel. @throws Error naming the module and the export */
export async function importKernel(url: string, name: string): Promise<AnyKernel> {
  let module: Record<string, unknown>;
  try {
    module = (await import(url)) as Record<string, unknown>;
  } catch (cause) {
    throw new Error(`Cannot load kernel "${name}" as its module ${url} does not load in a worker`, { cause });
  }
  const kernel = module[name];
  if (typeof kernel !== "function") {
    throw new Error(
      `Cannot load kernel "${name}" as module ${url} must export a function of that name: ` +
        `it exports ${Object.keys(module).join(", ") || "nothing"}`,
    );
  }
  return kernel as AnyKernel;
}
