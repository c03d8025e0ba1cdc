import type { KernelLoader } from "../kind.js";
import type { ModuleAddress } from "./address.js";
import { importKernel } from "./import-kernel.js";

export const moduleLoader: KernelLoader<ModuleAddress> = {
  runsCode: () => true,
  load: ({ url, name }) => importKernel(url, name),
};
