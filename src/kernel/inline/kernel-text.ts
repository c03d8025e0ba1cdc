import type { HandedTo } from "./written-into.js";

/** One use of a variable that a text does not declare. */
export interface VariableUse {
  /** As the text has it. */
  readonly name: string;
  /**
   * The members that the text reads of it; `undefined` if it does anything else with the variable than read members and call
   * it.
   */
  readonly members: ReadonlySet<string> | undefined;
  /** Whether the text assigns to it. */
  readonly isAssigned: boolean;
  /** Whether the text asks for its type, as it does of what may not be declared. */
  readonly isProbed: boolean;
}

/** A variable that a text uses and does not declare. */
export interface FreeVariable extends VariableUse {
  /** Whether the text assigns to a member of it, at any depth. */
  readonly isWrittenInto: boolean;
  /**
   * Whether the text calls a method of it, or of a part of it, whose name is that of a built-in method that changes its object.
   */
  readonly isMutated: boolean;
  /** The captured functions that the text calls with the variable or a part of it, and the places of these arguments. */
  readonly handedTo: readonly HandedTo[];
}

/** What the text of a function says. */
export interface KernelText {
  /** A JavaScript expression (text) that evaluates to the function. It must be compiled as strict code. */
  readonly source: string;
  /**
   * Whether the kernel could keep an array beyond its task. It could if it refers to a global object, `process`, `require`,
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
  /** The parameters that it writes into for certain, as `writtenInto` tells. */
  readonly writesInto: ReadonlySet<unknown>;
  /** What it does with itself, by the name in its own text; `undefined` if no more than call itself. */
  readonly itself: FreeVariable | undefined;
  /** Globals of the runtime that it uses. A variable of the same name around it would hide one, which no text shows. */
  readonly globals: ReadonlySet<string>;
  /** Variables of the program that it uses, as the user wrote them, in the order of their first use. */
  readonly captures: readonly string[];
  /** The same as the text has them: tools rewrite some. */
  readonly variables: readonly FreeVariable[];
}

/** The text of a function that uses nothing of the program's, keeps nothing, and writes to nothing. */
export const HARMLESS = {
  stateful: false,
  lingers: false,
  writes: 0,
  writesInto: new Set(),
  itself: undefined,
  captures: [],
  variables: [],
} as const satisfies Omit<KernelText, "source" | "globals">;
