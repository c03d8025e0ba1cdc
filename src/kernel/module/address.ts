import type { KernelAddress } from "../../protocol/messages.js";

/** Where a module kernel is: the export of a module. */
export interface ModuleAddress extends KernelAddress {
  readonly kind: "module";
  readonly url: string;
}
