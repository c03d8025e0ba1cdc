/** The kinds of kernels. A new kind adds a line to each half. Bundles of workers have the second half only. */
import type { KernelAddress } from "../protocol/messages.js";
import { inlineKernels } from "./inline/index.js";
import { inlineLoader } from "./inline/loader.js";
import type { KernelKind, KernelLoader } from "./kind.js";
import { moduleKernels } from "./module/index.js";
import { moduleLoader } from "./module/loader.js";

/** Asked in this order whether a function is theirs. `inline` takes every function, so it is the last. */
export const KERNEL_KINDS: readonly KernelKind[] = [moduleKernels, inlineKernels];

const LOADERS: Readonly<Record<string, KernelLoader>> = {
  module: moduleLoader,
  inline: inlineLoader,
};

/** The loader for an address. */
export function loaderOf({ kind }: KernelAddress): KernelLoader {
  return LOADERS[kind] as KernelLoader;
}
