/** Module kernels: imported from where the user's program has them. */
import type { AnyKernel } from "../kernel/types.js";
import { importModule } from "../platform/import-module.js";

/** Imports a module kernel. @throws Error naming the module and the export */
export async function importKernel(url: string, name: string): Promise<AnyKernel> {
  let module: Record<string, unknown>;
  try {
    module = await importModule(url);
  } catch (cause) {
    throw new Error(`Cannot load kernel "${name}" as its module ${url} does not load in a worker`, { cause });
  }
  const kernel = module[name];
  if (typeof kernel !== "function") {
    throw new Error(
      `Cannot load kernel "${name}" as module ${url} must export a function of that name: ` +
        `it exports ${Object.keys(module).join(", ") || "nothing"}`,
    );
  }
  return kernel as AnyKernel;
}
