/** The file that a child process runs. */
import { builtInModule } from "./built-in-module.js";
import { CHILD_TEXT } from "./child-text.js";

export function childScript(): string {
  if (CHILD_TEXT !== "") return fileOf(CHILD_TEXT);
  return builtInModule("node:url").fileURLToPath(new URL("../worker/child.cjs", import.meta.url));
}

let written: string | undefined;

/** A file of this process's own with a script. Written once, and removed when the process exits. */
function fileOf(text: string): string {
  if (written !== undefined) return written;
  const { mkdtempSync, rmSync, writeFileSync } = builtInModule("node:fs");
  const { join } = builtInModule("node:path");
  const folder = mkdtempSync(join(builtInModule("node:os").tmpdir(), "sharray-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  written = join(folder, "child.cjs");
  writeFileSync(written, text);
  return written;
}
