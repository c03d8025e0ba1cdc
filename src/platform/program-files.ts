/** The files of the program. `program-files.browser.ts` is the twin. */
import { builtInModule } from "./built-in-module.js";
import { readText } from "./read-text.js";

/** The text of the module at an address; `undefined` if it is no file that can be read. */
export function moduleText(url: string): string | undefined {
  const path = pathOf(url);
  return path === undefined ? undefined : readText(path);
}

/** Whether a module is the script that the program was started with. */
export function isMainScript(url: string): boolean {
  const given = process.argv[1];
  const path = pathOf(url);
  if (given === undefined || path === undefined) return false;
  return realPath(path) === realPath(scriptAt(given));
}

/** The file that Node runs if it is given a path: of a folder its main file, and of a name without an extension the file that has one. */
function scriptAt(given: string): string {
  const path = builtInModule("node:path").resolve(given);
  try {
    return builtInModule("node:module").createRequire(path).resolve(path);
  } catch {
    return path;
  }
}

/** What the CommonJS module at an address exports; `undefined` if this thread has not loaded it to its end. */
export function loadedExports(url: string): unknown {
  const path = pathOf(url);
  if (path === undefined) return undefined;
  const module = builtInModule("node:module").createRequire(path).cache[path];
  return module?.loaded === true ? module.exports : undefined;
}

function pathOf(url: string): string | undefined {
  try {
    return builtInModule("node:url").fileURLToPath(url);
  } catch {
    return undefined;
  }
}

function realPath(path: string): string | undefined {
  try {
    return builtInModule("node:fs").realpathSync(path);
  } catch {
    return undefined;
  }
}
