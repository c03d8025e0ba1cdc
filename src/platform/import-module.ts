/** Imports a module by its address, in TypeScript if the program runs that. `import-module.browser.ts` is the twin. */
import { builtInModule } from "./built-in-module.js";

export async function importModule(url: string): Promise<Record<string, unknown>> {
  try {
    return await importAt(url);
  } catch (error) {
    if (!TYPESCRIPT.test(url) || !UNLOADED.has((error as { code?: unknown }).code)) throw error;
    // On Node 20 and early 22 tsx does not work in workers, though they inherit its options (privatenumber/tsx#354). Test runners
    // compile TypeScript in their own way, which workers know nothing of.
    const nodeOptions = process.env["NODE_OPTIONS"]?.split(/\s+/) ?? [];
    const api = tsxApi([...process.execArgv, ...nodeOptions]) ?? installedTsx(url);
    if (api === undefined) throw new Error(`${(error as Error).message}. ${ADVICE}`, { cause: error });
    return await importByTsx(api, url);
  }
}

async function importByTsx(api: string, url: string): Promise<Record<string, unknown>> {
  const { register } = (await importAt(api)) as { register(): void };
  register();
  try {
    // Node's cache keeps that this address has failed. A fragment makes another address of the same file.
    return await importAt(`${url}#tsx`);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_MODULE_NOT_FOUND") throw error;
    // CommonJS, which tsx loads in another way.
    const { createRequire } = builtInModule("node:module");
    const { fileURLToPath } = builtInModule("node:url");
    const path = fileURLToPath(url);
    const tsx = createRequire(api)(fileURLToPath(new URL("../../cjs/api/index.cjs", api))) as TsxForCommonJs;
    return tsx.require(path, path);
  }
}

interface TsxForCommonJs {
  require(path: string, from: string): Record<string, unknown>;
}

const TYPESCRIPT = /\.[cm]?tsx?$/;
/** Codes of errors at TypeScript that Node does not load by itself: it knows types at most, and resolves no extensions or aliases. */
const UNLOADED: ReadonlySet<unknown> = new Set([
  "ERR_UNKNOWN_FILE_EXTENSION",
  "ERR_MODULE_NOT_FOUND",
  "ERR_UNSUPPORTED_DIR_IMPORT",
  "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX",
]);
const ADVICE = "Workers load TypeScript with tsx, if it is installed: npm install --save-dev tsx";

/** Address of the module with which tsx registers, if a package around the file has it. */
function installedTsx(url: string): string | undefined {
  try {
    return besides(builtInModule("node:module").createRequire(url).resolve("tsx/esm/api"));
  } catch {
    return undefined;
  }
}

/** Resolved for require, which is synchronous. The module for import is beside it. */
function besides(resolved: string): string {
  return builtInModule("node:url").pathToFileURL(resolved.replace(/\.cjs$/, ".mjs")).href;
}

/** Each bundler has a word of its own for an import that it leaves as it is. */
function importAt(url: string): Promise<Record<string, unknown>> {
  return import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ url);
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
      return besides(builtInModule("node:module").createRequire(`${process.cwd()}/`).resolve("tsx/esm/api"));
    }
  }
  return undefined;
}
