import type { KernelAddress } from "../../protocol/messages.js";

/** Where an inline kernel is: its source text. */
export interface InlineAddress extends KernelAddress {
  readonly kind: "inline";
  /** A JavaScript expression that evaluates to the function. It must be compiled as strict code. */
  readonly source: string;
}
