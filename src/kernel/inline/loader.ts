import type { KernelLoader } from "../kind.js";
import type { InlineAddress } from "./address.js";
import { compileInline } from "./compile.js";

export const inlineLoader: KernelLoader<InlineAddress> = {
  runsCode: false,
  load: ({ source, name }) => compileInline(source, name),
};
