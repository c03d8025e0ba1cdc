/** From the caller's function to a kernel: it has a number, an address for workers, and runs here too. */
import { RecentMap } from "../platform/recent-map.js";
import type { KernelAddress } from "../protocol/messages.js";
import type { Captured } from "./captured.js";
import type { KernelKind, KernelUse } from "./kind.js";
import { KERNEL_KINDS, loaderOf } from "./registry.js";
import { textKey } from "./text-key.js";
import type { AnyKernel } from "./types.js";

export interface Kernel extends Pick<KernelAddress, "name" | "stateful" | "lingers" | "writes"> {
  /** Names the kernel in messages. */
  readonly id: number;
  readonly address: KernelAddress;
  /** Whether it may run on several threads of one process. */
  readonly isThreadSafe: boolean;
  /**
   * The function as it runs on this thread. A promise if it has to be imported first. A kernel that does not load fails, as in
   * a worker. With captured values it is a function of these, which returns the kernel.
   */
  local(): AnyKernel | Promise<AnyKernel>;
  /** What it takes along on this call; `undefined` if nothing. */
  readonly captured: Captured | undefined;
}

interface Numbered {
  readonly id: number;
  readonly key: string;
  /** The kernel as it is loaded from its address. */
  loaded: Kernel | undefined;
}

// Programs that generate kernels must not grow for ever. A kernel that comes back later gets another number.
const MOST_KERNELS = 500;
const numbers = new RecentMap<string | number, Numbered>(MOST_KERNELS);
const kernels = new WeakMap<KernelAddress, Kernel>();
let lastId = 0;

const ALONE: KernelUse = { captures: "error" };

/**
 * @param use default: a kernel that takes nothing along
 * @throws KernelCaptureError, TypeError for functions that can't be kernels; before anything is dispatched
 */
export function resolveKernel(fn: AnyKernel, use: KernelUse = ALONE): Kernel {
  for (const kind of KERNEL_KINDS) {
    const addressed = kind.addressOf(fn, use);
    if (addressed === undefined) continue;
    const { address, captured } = addressed;
    const known = kernels.get(address);
    if (known !== undefined) return captured === undefined ? known : { ...known, captured };
    const numbered = numberedAs(kind, address);
    const kernel = kind.runsAsPassed ? kernelOf(numbered, address, () => fn) : loaded(numbered, address);
    kernels.set(address, kernel);
    return captured === undefined ? kernel : { ...kernel, captured };
  }
  throw new TypeError("Cannot use this value as a kernel: it must be of a known kind");
}

/** A kernel that another thread has resolved. */
export function kernelAt(address: KernelAddress): Kernel {
  const kind = KERNEL_KINDS.find(({ kind }) => kind === address.kind);
  return loaded(numberedAs(kind as KernelKind, address), address);
}

function numberedAs(kind: KernelKind, address: KernelAddress): Numbered {
  const key = `${kind.kind} ${kind.keyOf(address)}`;
  const short = textKey(key);
  const known = numbers.get(short);
  if (known?.key === key) return known;
  lastId += 1;
  const numbered = { id: lastId, key, loaded: undefined };
  numbers.set(short, numbered);
  return numbered;
}

function loaded(numbered: Numbered, address: KernelAddress): Kernel {
  numbered.loaded ??= kernelOf(numbered, address, loadOnce(address));
  return numbered.loaded;
}

function kernelOf({ id }: Numbered, address: KernelAddress, local: Kernel["local"]): Kernel {
  const { name, stateful, lingers, writes } = address;
  const isThreadSafe = address.threadSafe !== false;
  return { id, name, stateful, lingers, writes, address, isThreadSafe, local, captured: undefined };
}

function loadOnce(address: KernelAddress): Kernel["local"] {
  let fn: ReturnType<Kernel["local"]> | undefined;
  return () => {
    if (fn !== undefined) return fn;
    const loading = loaderOf(address).load(address);
    fn = loading instanceof Promise ? loading.catch(failing) : loading;
    return fn;
  };
}

/** A kernel that fails with this. */
function failing(error: unknown): AnyKernel {
  return () => {
    throw error;
  };
}
