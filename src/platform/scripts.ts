/**
 * What workers and child processes of the pool run. Each is one CommonJS file of an entry and all that it imports, packages,
 * too. Otherwise Node spends most of a worker's start on finding and loading modules one by one (docs/decisions/0014). Tools
 * that pack or trace a program leave these files behind, but follow the import of their texts.
 */
import { builtInModule } from "./built-in-module.js";

/** @returns `undefined` if the file is not beside this package */
export function scriptFile(name: "entry" | "child"): URL | undefined {
  try {
    // In dist this is a part of core.js.
    const file = new URL(`./worker/${name}.cjs`, import.meta.url);
    return builtInModule("node:fs").existsSync(file) ? file : undefined;
  } catch {
    // A bundle need not have an address.
    return undefined;
  }
}

export function scriptTexts(): Promise<typeof import("./script-texts.js")> {
  return import("./script-texts.js");
}
