import type { KernelAddress } from "../../protocol/messages.js";

/** Where an inline kernel is: its source text. */
export interface InlineAddress extends KernelAddress {
  readonly kind: "inline";
  /**
   * A JavaScript expression that evaluates to the function. It must be compiled as strict code. With `imports` it is
   * `(...imported) => (values) => function`.
   */
  readonly source: string;
  /** The module kernels among the captured variables, if there are any. */
  readonly imports?: readonly { readonly url: string; readonly name: string }[];
}
