import type { KernelAddress } from "../../protocol/messages.js";

/** Where an inline kernel is: its source text. */
export interface InlineAddress extends KernelAddress {
  readonly kind: "inline";
  /**
   * A JavaScript expression that evaluates to the function. It must be compiled as strict code. With `imports` it is
   * `(...imported) => (values) => function`.
   */
  readonly source: string;
  /** Of a kernel with captured variables: the kernels of modules among them. */
  readonly imports?: readonly { readonly url: string; readonly name: string }[];
}
