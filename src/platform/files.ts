/** Writing files; `files.browser.ts` is the twin. */
import { builtInModule } from "./built-in-module.js";

export function writeFile(path: string | URL, pieces: Iterable<string>): Promise<void> {
  return builtInModule("node:fs/promises").writeFile(path, pieces);
}
