import { quote } from "../../errors.js";
import { isRecord } from "../../memory/inputs.js";
import { urlOf } from "../../platform/file-url.js";
import { rememberKernel } from "../../platform/kernel-registry.js";
import type { AnyKernel } from "../types.js";

/** Where a module exports a kernel. */
export interface ModuleExport {
  readonly url: string;
  readonly name: string;
  /** Whether it may run on several threads at once. */
  readonly threadSafe: boolean;
}

/** What the engine must know of a kernel. */
export interface KernelOptions {
  /** Whether it may run on several threads of one process at once. Default: true. */
  readonly threadSafe?: boolean;
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
 * A kernel that must not run on several threads of one process, for what it imports, says so: `{ threadSafe: false }`. It runs
 * on the strategies `processes` and `sequential` only.
 *
 * @param place `import.meta.url` of the module, or `__filename` in CommonJS
 * @param name name under which the module exports the kernel
 * @returns `fn` itself, which stays callable
 */
export function defineKernel<F extends AnyKernel>(
  place: string | URL,
  name: string,
  fn: F,
  options: KernelOptions = {},
): F {
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
  const threadSafe = readThreadSafe(name, options);
  holder[DEFINED] ??= new WeakMap();
  holder[DEFINED].set(fn, { url, name, threadSafe });
  rememberKernel(url, name, fn);
  return fn;
}

function readThreadSafe(kernel: string, options: unknown): boolean {
  const cannot = `Cannot define kernel "${kernel}" as its options must be`;
  if (!isRecord(options)) throw new TypeError(`${cannot} a plain object: current value is ${quote(options)}`);
  const unknown = Object.keys(options).find((name) => name !== "threadSafe");
  if (unknown !== undefined)
    throw new TypeError(`${cannot} "threadSafe" alone: current value has ${quote(unknown)}`);
  const { threadSafe = true } = options as { readonly threadSafe?: unknown };
  if (typeof threadSafe !== "boolean") {
    throw new TypeError(`${cannot} "threadSafe": true or false: current value is ${quote(threadSafe)}`);
  }
  return threadSafe;
}

/** Where `defineKernel` was told that the function is exported; `undefined` if it was not told. */
export function moduleExport(fn: AnyKernel): ModuleExport | undefined {
  return holder[DEFINED]?.get(fn);
}
