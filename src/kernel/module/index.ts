/** Module kernels: functions that travel as the address of their module and the name of an export. */
import { readKernelSource } from "../inline/source.js";
import type { Addressed, KernelKind } from "../kind.js";
import type { AnyKernel } from "../types.js";
import type { ModuleAddress } from "./address.js";
import { assertImportable } from "./assert-importable.js";
import { moduleExport } from "./define.js";

const kernels = new WeakMap<AnyKernel, Addressed<ModuleAddress>>();

export const moduleKernels: KernelKind<ModuleAddress> = {
  kind: "module",
  // A debugger and the program's own modules see the function that the caller passed. Workers import their own.
  runsAsPassed: true,
  addressOf(fn) {
    const defined = moduleExport(fn);
    if (defined === undefined) return undefined;
    const known = kernels.get(fn);
    // A function may be defined again under another name.
    const { url, name, threadSafe } = defined;
    if (
      known?.address.url === url &&
      known.address.name === name &&
      (known.address.threadSafe ?? true) === threadSafe
    )
      return known;
    assertImportable(defined, fn);
    const own = { kind: "module", url, name, stateful: true, lingers: lingers(fn), writes: 0 } as const;
    const address = threadSafe ? own : { ...own, threadSafe };
    const addressed = { address, captured: undefined };
    kernels.set(fn, addressed);
    return addressed;
  },
  keyOf: ({ url, name }) => `${url}#${name}`,
};

/** The things that a kernel uses of its module may do anything. A kernel that uses nothing of it is judged as an inline one. */
function lingers(fn: AnyKernel): boolean {
  try {
    return readKernelSource(fn).lingers;
  } catch {
    return true;
  }
}
