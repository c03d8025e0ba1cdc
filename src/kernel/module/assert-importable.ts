/** Refuses module kernels that a worker could only get by running the whole program again. */
import { isRecord } from "../../memory/inputs.js";
import { isMainScript, loadedExports, moduleText } from "../../platform/program-files.js";
import type { AnyKernel } from "../types.js";
import type { ModuleExport } from "./define.js";
import { exportsPlainly } from "./exports-plainly.js";
import { mayExport } from "./may-export.js";

/** @throws TypeError if the module is the program's main script, or does not export the kernel. It imports nothing */
export function assertImportable({ url, name }: ModuleExport, kernel: AnyKernel): void {
  const text = moduleText(url);
  if (text === undefined) return;
  // A script that asks which thread it is on knows that workers may run it.
  if (isMainScript(url) && !/\bisMainThread\b/.test(text)) {
    refuse(name, `it is in ${url}, the program's main script, which every worker would run again`);
  }
  // What a loaded module exports is there to see. Of others only the text tells.
  const exports = loadedExports(url);
  const exported =
    exports === undefined
      ? exportsPlainly(text, name) || mayExport(text, name)
      : hasKernel(exports, name) || contains(exports, kernel, 2);
  if (!exported) {
    refuse(name, `${url} does not export it, and looks like a program, which every worker would run again`);
  }
}

/** Whether a module has a function under the name of the kernel. A module that was loaded again has another function than the caller. */
function hasKernel(exports: unknown, name: string): boolean {
  return typeof (exports as Readonly<Record<string, unknown>> | null)?.[name] === "function";
}

/** Whether a module exports the kernel under another name, or in a record, a list or a class. */
function contains(value: unknown, kernel: AnyKernel, depth: number): boolean {
  if (value === kernel) return true;
  if (Array.isArray(value)) return value.includes(kernel);
  if (depth === 0 || !(isRecord(value) || typeof value === "function")) return false;
  return Object.values(value).some((part) => contains(part, kernel, depth - 1));
}

function refuse(name: string, found: string): never {
  throw new TypeError(
    `Cannot send kernel "${name}" to workers as it must be in a module of its own: ${found}. Export it from a file that ` +
      "only defines kernels; if a bundler packs the program, make that file a second entry (docs/toolchains.md)",
  );
}
