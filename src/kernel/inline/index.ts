/** Inline kernels: functions that travel as their source text. */
import type { KernelKind } from "../kind.js";
import type { AnyKernel } from "../types.js";
import type { InlineAddress } from "./address.js";
import { assertMayCompile } from "./compile.js";
import { readKernelSource } from "./source.js";

// The same function again needs no look at its text.
const addresses = new WeakMap<AnyKernel, InlineAddress>();
// Noting each of a loop's functions costs more than it ever saves, so of one text no more are noted than a program has in
// several places.
const MOST_NOTED = 8;
const noted = new WeakMap<InlineAddress, number>();

export const inlineKernels: KernelKind<InlineAddress> = {
  kind: "inline",
  runsAsPassed: false,
  addressOf(fn, hasShared) {
    const known = addresses.get(fn);
    if (known !== undefined) return known;
    const address = readKernelSource(fn, hasShared);
    assertMayCompile(address.name);
    const count = noted.get(address) ?? 0;
    if (count < MOST_NOTED) {
      noted.set(address, count + 1);
      addresses.set(fn, address);
    }
    return address;
  },
  keyOf: ({ source }) => source,
};
