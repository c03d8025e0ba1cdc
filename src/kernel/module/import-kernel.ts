/** Imports module kernels from the user's own modules. */

import { importModule } from "../../platform/import-module.js";
import {
  definedKernel,
  LOADING_ADVICE,
  noteImport,
  rememberedKernel,
} from "../../platform/kernel-registry.js";
import type { AnyKernel } from "../types.js";

/** Imports a module kernel. @throws Error naming the module and the export */
export async function importKernel(url: string, name: string): Promise<AnyKernel> {
  const known = rememberedKernel(url, name);
  if (known !== undefined) return known as AnyKernel;
  let module: Record<string, unknown>;
  noteImport(url);
  try {
    module = await importModule(url);
  } catch (cause) {
    const message = `Cannot load kernel "${name}" as its module ${url} does not load in a worker`;
    throw new Error(message + LOADING_ADVICE, { cause });
  }
  // Node knows some CommonJS modules only as a whole, and bundlers shorten the names of exports.
  const whole = module["default"] as Record<string, unknown> | null | undefined;
  const kernel = module[name] ?? whole?.[name] ?? definedKernel(url, name);
  if (typeof kernel !== "function") {
    throw new Error(
      `Cannot load kernel "${name}" as module ${url} must export a function of that name: ` +
        `it exports ${Object.keys(module).join(", ") || "nothing"}${LOADING_ADVICE}`,
    );
  }
  return kernel as AnyKernel;
}
