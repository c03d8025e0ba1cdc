/** The file that a child process runs. */
import { builtInModule } from "./built-in-module.js";
import { scriptFile, scriptTexts } from "./scripts.js";

let written: Promise<string> | undefined;

/** @returns its path, or a promise of one if it has to be written first */
export function childScript(): string | Promise<string> {
  const file = scriptFile("child");
  if (file !== undefined) return builtInModule("node:url").fileURLToPath(file);
  written ??= write();
  return written;
}

/** Writes a file of this process's own, which is removed when the process exits. */
async function write(): Promise<string> {
  const { CHILD_TEXT } = await scriptTexts();
  const { mkdtempSync, rmSync, writeFileSync } = builtInModule("node:fs");
  const { join } = builtInModule("node:path");
  const folder = mkdtempSync(join(builtInModule("node:os").tmpdir(), "sharray-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "child.cjs");
  writeFileSync(path, CHILD_TEXT);
  return path;
}
