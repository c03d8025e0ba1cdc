import type { KernelLoader } from "../kind.js";
import { importKernel } from "../module/import-kernel.js";
import type { AnyKernel } from "../types.js";
import type { InlineAddress } from "./address.js";
import { compileInline } from "./compile.js";

type Maker = (...imported: AnyKernel[]) => AnyKernel;

export const inlineLoader: KernelLoader<InlineAddress> = {
  runsCode: ({ imports = [] }) => imports.length > 0,
  load({ source, name, imports }) {
    const compiled = compileInline(source, name);
    if (imports === undefined) return compiled;
    const make = compiled as Maker;
    if (imports.length === 0) return make();
    return Promise.all(imports.map(({ url, name }) => importKernel(url, name))).then((all) => make(...all));
  },
};
