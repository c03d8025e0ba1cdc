import { quote } from "../../errors.js";
import { urlOf } from "../../platform/file-url.js";
import { rememberKernel } from "../../platform/kernel-registry.js";
import type { AnyKernel } from "../types.js";

/** Where a module exports a kernel. */
export interface ModuleExport {
  readonly url: string;
  readonly name: string;
}

// On the global object, because a program may load this package as an ES module and as CommonJS.
const DEFINED = Symbol.for("sharray.defined-kernels");
const holder = globalThis as { [DEFINED]?: WeakMap<AnyKernel, ModuleExport> };

/**
 * Declares an exported function as a kernel that workers import from its own module, so that it may use imports and
 * module variables, and needs no `eval`:
 *
 * ```ts
 * export const rms = defineKernel(import.meta.url, "rms", (x: ReadOnly<Float64Array>) => norm(x) / x.length);
 * ```
 *
 * Keep such kernels in modules without side effects: every worker imports the module once.
 *
 * @param place `import.meta.url` of the module, or `__filename` in CommonJS
 * @param name name under which the module exports the kernel
 * @returns `fn` itself, which stays callable
 */
export function defineKernel<F extends AnyKernel>(place: string | URL, name: string, fn: F): F {
  const url = urlOf(place);
  if (url === undefined) {
    throw new TypeError(
      `Cannot define a kernel as its url must be import.meta.url, or __filename in CommonJS: current value is ${quote(place)}`,
    );
  }
  if (typeof name !== "string" || name === "") {
    throw new TypeError(
      `Cannot define a kernel as its name must be the name it is exported under: current value is ${quote(name)}`,
    );
  }
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot define kernel "${name}" as it must be a function: current value is ${quote(fn)}`,
    );
  }
  holder[DEFINED] ??= new WeakMap();
  holder[DEFINED].set(fn, { url, name });
  rememberKernel(url, name, fn);
  return fn;
}

/** Where `defineKernel` was told that the function is exported; `undefined` if it was not told. */
export function moduleExport(fn: AnyKernel): ModuleExport | undefined {
  return holder[DEFINED]?.get(fn);
}
