/** What a kernel takes along from the scopes around it. */

/** Values by their paths from the kernel, as they were when the call was made: `rate`, `helper.rate`. */
export interface Captured {
  readonly values: Readonly<Record<string, unknown>>;
  /** The kernel and the functions that it captures. */
  readonly functions: readonly PlacedFunction[];
  /** Whether the text shows that one of them writes to a captured array on shared memory. */
  readonly writesShared: boolean;
}

/** A function in the source of a kernel. */
export interface PlacedFunction {
  readonly fn: object;
  /** The line of the source at which its text begins, from 0. */
  readonly line: number;
}

/** Whether captured variables are copied, or refused. */
export type CapturesMode = "copy" | "error";
