/** From the caller's function to something that has a number, an address for workers, and runs here too. */
import type { KernelAddress } from "../protocol/messages.js";
import { compileInline } from "./compile.js";
import { moduleAddress } from "./define.js";
import { readKernelSource } from "./source.js";
import type { AnyKernel } from "./types.js";

export interface Kernel {
  /** Names the kernel in messages. */
  readonly id: number;
  readonly name: string;
  readonly address: KernelAddress;
  /** May it hold on to arrays that it returns? */
  readonly stateful: boolean;
  /** The function as it runs on this thread: for inline kernels compiled from its source, as in a worker. */
  local(): AnyKernel;
}

// Kernels written in a loop are new functions with the same text each time, so the text is the key.
const kernels = new Map<string, Kernel>();
// Programs that generate kernels must not grow for ever.
const MAX_KERNELS = 10_000;
let lastId = 0;

/** @throws KernelCaptureError, TypeError for functions that can't be kernels; before anything is dispatched */
export function resolveKernel(fn: AnyKernel): Kernel {
  const address = moduleAddress(fn);
  if (address !== undefined) {
    const { url, name } = address;
    return remember(`${url}#${name}`, name, true, { type: "module", url, name }, () => () => fn);
  }
  const { source, name, stateful } = readKernelSource(fn);
  const inline: KernelAddress = { type: "inline", source, name, stateful };
  return remember(source, name, stateful, inline, () => {
    let compiled: AnyKernel | undefined;
    return () => {
      compiled ??= compileInline(source, name);
      return compiled;
    };
  });
}

function remember(
  key: string,
  name: string,
  stateful: boolean,
  address: KernelAddress,
  local: () => () => AnyKernel,
): Kernel {
  let kernel = kernels.get(key);
  if (kernel === undefined) {
    if (kernels.size >= MAX_KERNELS) kernels.clear();
    lastId += 1;
    kernel = { id: lastId, name, stateful, address, local: local() };
    kernels.set(key, kernel);
  }
  return kernel;
}
