/** From the caller's function to something that has a number, an address for workers, and runs here too. */
import type { KernelAddress } from "../protocol/messages.js";
import { compileInline } from "./compile.js";
import { type ModuleAddress, moduleAddress } from "./define.js";
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
const inlineKernels = new Map<string, Kernel>();
const moduleIds = new Map<string, number>();
// Programs that generate kernels must not grow for ever.
const MAX_KERNELS = 10_000;
let lastId = 0;

/** @throws KernelCaptureError, TypeError for functions that can't be kernels; before anything is dispatched */
export function resolveKernel(fn: AnyKernel): Kernel {
  const address = moduleAddress(fn);
  return address === undefined ? resolveInline(fn) : resolveModule(fn, address);
}

function resolveInline(fn: AnyKernel): Kernel {
  const { source, name, stateful } = readKernelSource(fn);
  const known = inlineKernels.get(source);
  if (known !== undefined) return known;
  let compiled: AnyKernel | undefined;
  const kernel: Kernel = {
    id: nextId(),
    name,
    address: { type: "inline", source, name, stateful },
    stateful,
    local: () => {
      compiled ??= compileInline(source, name);
      return compiled;
    },
  };
  if (inlineKernels.size >= MAX_KERNELS) inlineKernels.clear();
  inlineKernels.set(source, kernel);
  return kernel;
}

/** Here the very function runs that the caller passed; workers import their own. */
function resolveModule(fn: AnyKernel, { url, name }: ModuleAddress): Kernel {
  const key = `${url}#${name}`;
  const id = moduleIds.get(key) ?? nextId();
  moduleIds.set(key, id);
  return { id, name, address: { type: "module", url, name }, stateful: true, local: () => fn };
}

function nextId(): number {
  lastId += 1;
  return lastId;
}
