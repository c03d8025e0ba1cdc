/** What the text of a kernel says. */
export interface KernelText {
  /** A JavaScript expression (text) that evaluates to the function. It must be compiled as strict code. */
  readonly source: string;
  /**
   * True where the kernel could keep an array beyond its task: it refers to a global object, `process`, `require`,
   * `eval` or `Function`, imports dynamically, sets a timer, changes a global, or stores on its own function. Its returned
   * arrays must then be copied, never transferred.
   */
  readonly stateful: boolean;
  /**
   * Whether the kernel may leave work behind that touches its arrays after its task has ended: an un-awaited promise, a
   * timer, a callback. False only if nothing in its text can schedule anything; always true if `stateful` is.
   */
  readonly lingers: boolean;
  /** Bit `i` is set if the text shows that it writes to its parameter `i`, or to a part of it. */
  readonly writes: number;
  /** Globals of the runtime that it uses. A variable of the same name around it would hide one, which no text shows. */
  readonly globals: ReadonlySet<string>;
}
