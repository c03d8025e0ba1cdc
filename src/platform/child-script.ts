/** The program of a child process, for Node. */
import { builtInModule } from "./built-in-module.js";

export function childScript(): string {
  return builtInModule("node:url").fileURLToPath(new URL("../worker/child.cjs", import.meta.url));
}
