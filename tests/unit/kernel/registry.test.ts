/** A kernel kind of another folder: its two halves, and a line in each half of the registry. No other file knows of it. */
import { afterAll, expect, it, vi } from "vitest";
import { ParallelExecutor } from "../../../src/executor/parallel-executor.js";
import type { KernelKind, KernelLoader } from "../../../src/kernel/kind.js";
import { kernelAt, resolveKernel } from "../../../src/kernel/resolve.js";
import type { AnyKernel } from "../../../src/kernel/types.js";
import type { KernelAddress } from "../../../src/protocol/messages.js";
import { WorkerKernels } from "../../../src/strategies/threads/worker/worker-kernels.js";

const { named, TABLE } = vi.hoisted(() => {
  /** What every thread has: kernels by name. */
  const TABLE: Readonly<Record<string, (x: number) => number>> = {
    double: (x) => 2 * x,
    square: (x) => x * x,
  };
  return { TABLE, named: new WeakMap<object, string>() };
});

vi.mock("../../../src/kernel/registry.js", async (original) => {
  const registry = await original<typeof import("../../../src/kernel/registry.js")>();
  const kind: KernelKind = {
    kind: "named",
    runsAsPassed: false,
    addressOf(fn) {
      const name = named.get(fn);
      return name === undefined
        ? undefined
        : {
            address: { kind: "named", name, stateful: false, lingers: false, writes: 0 },
            captured: undefined,
          };
    },
    keyOf: ({ name }) => name,
  };
  const loader: KernelLoader = {
    runsCode: () => false,
    load: ({ name }) => TABLE[name] as AnyKernel,
  };
  return {
    KERNEL_KINDS: [kind, ...registry.KERNEL_KINDS],
    loaderOf: (address: KernelAddress) => (address.kind === "named" ? loader : registry.loaderOf(address)),
  };
});

function byName(name: string): (x: number) => number {
  // Its text would do something else, so what runs was loaded from the address.
  const fn = (): number => Number.NaN;
  named.set(fn, name);
  return fn;
}

const executor = new ParallelExecutor({ strategy: "sequential" });
afterAll(() => executor.shutdown());

it("a kernel of a new kind runs in a call", async () => {
  expect(await executor.map([1, 2, 3], byName("square"))).toEqual([1, 4, 9]);
});

it("a kernel of a new kind has a number, by the key that its kind gives it", () => {
  const [a, b, c] = ["double", "double", "square"].map((name) => resolveKernel(byName(name)));
  expect(a?.id).toBe(b?.id);
  expect(a?.id).not.toBe(c?.id);
  expect(kernelAt(structuredClone(a?.address as KernelAddress)).id).toBe(a?.id);
});

it("a worker loads a kernel of a new kind from its address", async () => {
  const kernels = new WorkerKernels();
  kernels.add(7, structuredClone(resolveKernel(byName("double")).address));
  const { fn, mend } = await kernels.get(7);
  expect((fn as (x: number) => number)(21)).toBe(42);
  expect(mend).toBeUndefined();
});

it("kernels of the other kinds stay with their kinds", async () => {
  expect(await executor.map([1, 2, 3], (x) => x + 1)).toEqual([2, 3, 4]);
});
