import type { InlineAddress } from "../../../src/kernel/inline/address.js";

/** The address of an inline kernel that keeps nothing and writes to nothing. */
export function inlineAddress(source: string, name = "kernel"): InlineAddress {
  return { kind: "inline", name, source, stateful: false, lingers: false, writes: 0 };
}
