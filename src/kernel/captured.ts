/** What a kernel takes along of the scopes around it. */

/** Values by their paths from the kernel, as they were when the call was made: `rate`, `helper.rate`. */
export interface Captured {
  readonly values: Readonly<Record<string, unknown>>;
  /** The kernel and the functions that it captures, in the order of their places in its source. */
  readonly functions: readonly object[];
}

/** Whether captured variables are copied, or refused. */
export type CapturesMode = "copy" | "error";
