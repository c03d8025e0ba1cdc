/** Imports a module by its address, in TypeScript if the program runs that. `import-module.browser.ts` is the twin. */
import { builtInModule } from "./built-in-module.js";

export async function importModule(url: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    // On Node 20 and early 22 tsx does not work in workers, though they inherit its options (privatenumber/tsx#354).
    const isUnknown = (error as { code?: unknown }).code === "ERR_UNKNOWN_FILE_EXTENSION";
    const nodeOptions = process.env["NODE_OPTIONS"]?.split(/\s+/) ?? [];
    const api = isUnknown ? tsxApi([...process.execArgv, ...nodeOptions]) : undefined;
    if (api === undefined) throw error;
    const { register } = (await import(api)) as { register(): void };
    register();
    // Node's cache keeps that this address has failed. A fragment makes another address of the same file.
    return (await import(`${url}#tsx`)) as Record<string, unknown>;
  }
}

/** Address of the module with which the program's own tsx registers; `undefined` if the program does not run under tsx. */
function tsxApi(execArgv: readonly string[]): string | undefined {
  const { pathToFileURL } = builtInModule("node:url");
  for (const argument of execArgv) {
    const loader = argument.replace(/^--(import|loader|experimental-loader)=/, "");
    const home = /^(.*\/tsx\/dist\/)(loader|esm\/index)\.mjs$/.exec(loader)?.[1];
    if (home !== undefined) {
      const base = home.startsWith("file:") ? home : pathToFileURL(home).href;
      return new URL("esm/api/index.mjs", base.endsWith("/") ? base : `${base}/`).href;
    }
    if (loader === "tsx" || loader === "tsx/esm") {
      // Resolved for require, which is synchronous. The module for import is beside it.
      const resolved = builtInModule("node:module").createRequire(`${process.cwd()}/`).resolve("tsx/esm/api");
      return pathToFileURL(resolved.replace(/\.cjs$/, ".mjs")).href;
    }
  }
  return undefined;
}
