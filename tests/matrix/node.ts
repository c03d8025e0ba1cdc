/** Versions of Node, as npm packages have them: one for each system, which holds nothing but the executable. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm } from "../integration/install.js";
import { installed } from "../integration/installed.js";

const PACKAGE = `node-${process.platform}-${process.arch}`;

/**
 * Installed once, into a folder that stays as long as `node_modules` does.
 * @param version as npm understands it: "24" is the latest 24
 * @returns the executable
 */
export function nodeOf(version: string): string {
  const home = join(installed.root, "node_modules/.cache/sharray-nodes", version);
  const node = join("node_modules", PACKAGE, "bin/node");
  if (!existsSync(join(home, node))) {
    const attempt = `${home}-${process.pid}`;
    mkdirSync(attempt, { recursive: true });
    writeFileSync(join(attempt, "package.json"), JSON.stringify({ private: true }));
    // Without scripts: there is nothing to run, and npm may ask before it runs any.
    npm(
      ["install", `${PACKAGE}@${version}`, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"],
      attempt,
    );
    // Whole or not at all, also where two runs do this at once.
    if (!existsSync(join(home, node))) {
      rmSync(home, { recursive: true, force: true });
      renameSync(attempt, home);
    }
    rmSync(attempt, { recursive: true, force: true });
  }
  return join(home, node);
}
