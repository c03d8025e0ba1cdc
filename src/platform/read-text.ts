/** Reads small files. Only files with a twin import it. */
import { builtInModule } from "./built-in-module.js";

const { readFileSync } = builtInModule("node:fs");

/** The text of a file; `undefined` if it can't be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
