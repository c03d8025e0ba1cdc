/** Refuses module kernels that a worker could only get by running the whole program again. */
import { isMainScript, moduleText } from "../../platform/program-files.js";
import type { ModuleExport } from "./define.js";
import { exportsPlainly } from "./exports-plainly.js";
import { mayExport } from "./may-export.js";

/** @throws TypeError if the module is the program's main script, or does not export the kernel. It imports nothing */
export function assertImportable({ url, name }: ModuleExport): void {
  const text = moduleText(url);
  if (text === undefined) return;
  // A script that asks which thread it is on knows that workers may run it.
  if (isMainScript(url) && !/\bisMainThread\b/.test(text)) {
    refuse(name, `it is in ${url}, the program's main script, which every worker would run again`);
  }
  if (exportsPlainly(text, name) || mayExport(text, name)) return;
  refuse(name, `${url} does not export it, and looks like a program, which every worker would run again`);
}

function refuse(name: string, found: string): never {
  throw new TypeError(
    `Cannot send kernel "${name}" to workers as it must be in a module of its own: ${found}. Export it from a file that ` +
      "only defines kernels; if a bundler packs the program, make that file a second entry (docs/toolchains.md)",
  );
}
