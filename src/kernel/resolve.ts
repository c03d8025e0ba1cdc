/** From the caller's function to something that has a number, an address for workers, and runs here too. */
import { RecentMap } from "../platform/recent-map.js";
import type { KernelAddress } from "../protocol/messages.js";
import { assertMayCompile, compileInline } from "./inline/compile.js";
import { type KernelSource, readKernelSource } from "./inline/source.js";
import { type ModuleAddress, moduleAddress } from "./module/define.js";
import { textKey } from "./text-key.js";
import type { AnyKernel } from "./types.js";

export interface Kernel {
  /** Names the kernel in messages. */
  readonly id: number;
  readonly name: string;
  readonly address: KernelAddress;
  /** May it run on several threads at once? */
  readonly isThreadSafe: boolean;
  /** May it hold on to arrays that it returns? */
  readonly stateful: boolean;
  /** May it touch its arrays after its task has ended? See `KernelText.lingers`. */
  readonly lingers: boolean;
  /** Which of its parameters it writes to. See `KernelText.writes`; 0 for module kernels, of which nobody knows. */
  readonly writes: number;
  /**
   * The function as it runs on this thread: for inline kernels compiled from its source, as in a worker. A module kernel
   * that another thread passed has to be imported first.
   */
  local(): AnyKernel | Promise<AnyKernel>;
}

// Programs that generate kernels must not grow for ever. One that comes back later gets another number.
const MOST_KERNELS = 500;
// Kernels written in a loop are new functions with the same text each time, so the text is the key.
const inlineKernels = new RecentMap<string | number, InlineKernel>(MOST_KERNELS);
// The same function again needs no look at its text.
const inlineFunctions = new WeakMap<AnyKernel, Kernel>();
// Noting each of a loop's functions costs more than it ever saves, so of one text no more are noted than a program has in
// several places.
const MOST_NOTED = 8;
const moduleIds = new RecentMap<string, number>(MOST_KERNELS);
let lastId = 0;

/**
 * @param hasShared whether the call has an option `shared`, for advice
 * @throws KernelCaptureError, TypeError for functions that can't be kernels; before anything is dispatched
 */
export function resolveKernel(fn: AnyKernel, hasShared = false): Kernel {
  const address = moduleAddress(fn);
  return address === undefined ? resolveInline(fn, hasShared) : resolveModule(fn, address);
}

/**
 * A kernel that another thread has resolved.
 * @param load imports a module kernel, where it is to run on this thread
 */
export function kernelAt(
  address: KernelAddress,
  load: (url: string, name: string) => Promise<AnyKernel>,
): Kernel {
  if (address.type === "inline") return inlineKernel(address);
  const { url, name } = address;
  return moduleKernel(address, () =>
    // As in a worker, a kernel that does not load is one that fails.
    load(url, name).catch((error: unknown) => () => {
      throw error;
    }),
  );
}

function resolveInline(fn: AnyKernel, hasShared: boolean): Kernel {
  let kernel = inlineFunctions.get(fn);
  if (kernel === undefined) {
    const source = readKernelSource(fn, hasShared);
    assertMayCompile(source.name);
    const inline = inlineKernel(source);
    kernel = inline;
    if (inline.noted < MOST_NOTED) {
      inline.noted += 1;
      inlineFunctions.set(fn, kernel);
    }
  }
  return kernel;
}

interface InlineKernel extends Kernel {
  readonly source: string;
  /** Functions that were noted to be this kernel. */
  noted: number;
}

function inlineKernel({ source, name, stateful, lingers, writes }: KernelSource): InlineKernel {
  const key = textKey(source);
  const known = inlineKernels.get(key);
  if (known !== undefined && known.source === source) return known;
  let compiled: AnyKernel | undefined;
  const kernel: InlineKernel = {
    id: nextId(),
    name,
    noted: 0,
    source,
    address: { type: "inline", source, name, stateful, lingers, writes },
    isThreadSafe: true,
    stateful,
    lingers,
    writes,
    local: () => {
      compiled ??= compileInline(source, name);
      return compiled;
    },
  };
  inlineKernels.set(key, kernel);
  return kernel;
}

/** Here the very function runs that the caller passed; workers import their own. */
function resolveModule(fn: AnyKernel, address: ModuleAddress): Kernel {
  return moduleKernel(address, () => fn, moduleLingers(fn));
}

const lingering = new WeakMap<AnyKernel, boolean>();

/** What a kernel uses of its module may do anything. One that uses nothing of it is as good as an inline one. */
function moduleLingers(fn: AnyKernel): boolean {
  let lingers = lingering.get(fn);
  if (lingers === undefined) {
    try {
      ({ lingers } = readKernelSource(fn));
    } catch {
      lingers = true;
    }
    lingering.set(fn, lingers);
  }
  return lingers;
}

function moduleKernel(
  { url, name, threadSafe }: ModuleAddress,
  local: Kernel["local"],
  lingers = true,
): Kernel {
  const key = `${url}#${name}`;
  let id = moduleIds.get(key);
  if (id === undefined) {
    id = nextId();
    moduleIds.set(key, id);
  }
  return {
    id,
    name,
    address: { type: "module", url, name, threadSafe },
    isThreadSafe: threadSafe,
    stateful: true,
    lingers,
    writes: 0,
    local,
  };
}

function nextId(): number {
  lastId += 1;
  return lastId;
}
