/** The text of an inline kernel, checked and made into an expression that compiles anywhere. */
import type {
  BlockStatement,
  ClassExpression,
  ExpressionStatement,
  FunctionExpression,
  MethodDefinition,
  Node,
  ObjectExpression,
  Program,
  Property,
  ReturnStatement,
} from "estree";
import { KernelCaptureError, quote } from "../errors.js";
import { enclosingNames } from "../platform/closure.js";
import { RecentMap } from "../platform/recent-map.js";
import { type FunctionNode, findReferences, type OuterWord } from "./captures.js";
import { parseProgram } from "./parser.js";
import { textKey } from "./text-key.js";

export interface KernelSource {
  /** A JavaScript expression (text) that evaluates to the function. It must be compiled as strict code. */
  readonly source: string;
  /** Function name for messages and stack frames, on one line; "kernel" for anonymous ones. */
  readonly name: string;
  /**
   * True where the kernel could keep an array beyond its task: it refers to a global object, `process`, `require`,
   * `eval` or `Function`, imports dynamically, sets a timer, changes a global, or stores on its own function. Its returned arrays must then be copied, never transferred.
   */
  readonly stateful: boolean;
  /**
   * Whether the kernel may leave work behind that touches its arrays after its task has ended: an un-awaited promise, a
   * timer, a callback. False only if nothing in its text can schedule anything; always true if `stateful` is.
   */
  readonly lingers: boolean;
  /** Bit `i` is set if the text shows that it writes to its parameter `i`, or to a part of it. */
  readonly writes: number;
}

/** What is remembered of a text. */
interface Known {
  readonly text: string;
  readonly kernel: KernelSource;
  /** The name of the function that it was first seen of, as that function has it. */
  readonly givenAs: unknown;
  readonly globals: ReadonlySet<string>;
  /** Functions of this text whose surroundings were looked at. */
  readonly looked: WeakSet<object>;
  looks: number;
}

// Programs that generate kernels must not grow for ever.
const MOST_KNOWN = 500;
// The same text may stand in several places, of which one hides a global. A look costs 0.3-0.8 ms, and a kernel written
// in a loop is a new function every time, so after this many functions of one text the rest is trusted.
const MAX_LOOKS = 8;
const cache = new RecentMap<string | number, Known>(MOST_KNOWN);

/**
 * Cached by source text.
 * @param hasShared whether the call has an option `shared`, for advice
 * @throws KernelCaptureError when the kernel uses variables of the scope around it
 * @throws TypeError when it is no function, or of a kind whose source cannot run on its own
 */
export function readKernelSource(fn: unknown, hasShared = false): KernelSource {
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot use this value as a kernel as a kernel must be a function: current value is ${quote(fn)}; ` +
        "pass an inline function, or one made with defineKernel()",
    );
  }
  // Not fn.toString(): an own method of that name need not tell the truth.
  const text = Function.prototype.toString.call(fn);
  const key = textKey(text);
  let known = cache.get(key);
  if (known === undefined || known.text !== text) {
    const { source, stateful, lingers, writes, globals } = analyse(text, nameOf(fn), hasShared);
    const kernel = Object.freeze({ source, stateful, lingers, writes, name: kernelName(fn) });
    known = { text, kernel, givenAs: fn.name, globals, looked: new WeakSet(), looks: 0 };
    cache.set(key, known);
  }
  checkSurroundings(fn, known, text, hasShared);
  // The same name needs no look at its characters.
  const name = fn.name === known.givenAs ? known.kernel.name : kernelName(fn);
  return known.kernel.name === name ? known.kernel : Object.freeze({ ...known.kernel, name });
}

/** @throws KernelCaptureError where a variable around the function hides a global that it uses */
function checkSurroundings(fn: Named, known: Known, text: string, hasShared: boolean): void {
  if (known.globals.size === 0 || known.looks >= MAX_LOOKS || known.looked.has(fn)) return;
  const names = enclosingNames(fn);
  const hidden = [...known.globals].filter((global) => names?.has(global));
  if (hidden.length > 0)
    throw new KernelCaptureError(`kernel ${labelOf(text, nameOf(fn))}`, hidden, hasShared);
  known.looked.add(fn);
  known.looks += 1;
}

function labelOf(text: string, name: string): string {
  return quote(name === "" ? text.replace(/\s+/g, " ") : name);
}

interface Named {
  /** A static member or a defineProperty may put anything in its place. */
  readonly name: unknown;
}

function nameOf({ name }: Named): string {
  return typeof name === "string" ? name.replace(/\s+/g, " ").trim() : "";
}

function kernelName(fn: Named): string {
  const name = nameOf(fn);
  return name === "" ? "kernel" : name;
}

function analyse(
  text: string,
  name: string,
  hasShared: boolean,
): Omit<KernelSource, "name"> & Pick<Known, "globals"> {
  const label = labelOf(text, name);
  const refuse = (why: string, advice: string): never => {
    throw new TypeError(`Cannot use ${label} as a kernel as ${why}: ${advice}`);
  };

  if (/\{\s*\[native code\]\s*\}$/.test(text)) {
    if (name === "bound" || name.startsWith("bound ")) {
      refuse("a bound function has no source", 'pass the function itself, and what is bound to it in "args"');
    }
    refuse("a native function (or a Proxy of one) has no source", "wrap its call in an arrow function");
  }

  const parsed = orTooDeep(() => parseKernel(text)) ?? refuse(...TOO_DEEP);
  if (parsed instanceof SyntaxError) {
    const problem = parsed.message.replace(/ \(\d+:\d+\)$/, "");
    return refuse(
      `kernels are compiled as strict code and its source is not: ${problem}`,
      "rewrite it so that it runs in a module",
    );
  }
  const { node, kind } = parsed;
  if (kind === "get" || kind === "set") {
    refuse(`a kernel must be a plain function and it is a ${kind}ter`, "wrap its work in a function");
  }
  if (node.type === "ClassExpression") {
    refuse('kernels are called without "new" and it is a class', "pass a function that creates the instance");
  }
  if (!isFunction(node)) {
    return refuse(`its source must be a function and is ${node.type}`, "pass a plain function");
  }
  if (node.generator === true) {
    refuse(
      "a kernel must return one value and it is a generator",
      "pass a function that returns an array of what it yields",
    );
  }

  const { captures, globals, helpers, outer, stateful, lingers, writes } =
    orTooDeep(() => findReferences(parsed.program, parsed.wrapper, node)) ?? refuse(...TOO_DEEP);
  if (outer !== undefined) {
    refuse(`its source runs alone in workers and it uses "${outer}" from outside`, OUTER_ADVICE[outer]);
  }
  if (captures.length > 0) throw new KernelCaptureError(`kernel ${label}`, captures, hasShared);

  const [start, end] = node.range ?? [0, 0];
  const body = parsed.input.slice(start, end);
  // The function of a method starts at its parameter list.
  const source = kind === undefined ? body : `${node.async === true ? "async " : ""}function ${body}`;
  return { source: supply(source, helpers), stateful, lingers, writes, globals };
}

const TOO_DEEP = [
  "its source is nested too deeply to be analysed",
  "use a loop over an array, or export it from a module with defineKernel()",
] as const;

/** @returns undefined if the stack does not suffice */
function orTooDeep<T>(analyse: () => T): T | undefined {
  try {
    const result = analyse();
    // So acorn reports it.
    const isTooDeep = result instanceof SyntaxError && result.message.startsWith("Not enough stack space");
    return isTooDeep ? undefined : result;
  } catch (error) {
    // Firefox has an InternalError.
    const isTooDeep =
      error instanceof RangeError || (error instanceof Error && error.name === "InternalError");
    if (isTooDeep) return undefined;
    throw error;
  }
}

const OUTER_ADVICE: Record<OuterWord, string> = {
  this: 'pass what it needs of the object in "args"',
  super: "call a function that is declared inside the kernel",
  "new.target": 'pass what depends on it in "args"',
  arguments: "name its parameters, or take them as (...rest)",
};

function supply(source: string, helpers: ReadonlyMap<string, string>): string {
  if (helpers.size === 0) return source;
  return `((${[...helpers.keys()].join(", ")}) => (${source}))(${[...helpers.values()].join(", ")})`;
}

interface ParsedKernel {
  readonly input: string;
  readonly program: Program;
  readonly wrapper: FunctionExpression;
  readonly node: Node;
  /** The kind of member; undefined for what stands on its own. */
  readonly kind: "init" | "method" | "constructor" | "get" | "set" | undefined;
}

// In a function, so that an arrow's `arguments` and `new.target` parse and can be reported.
const HEAD = '(function(){"use strict";return';
const TAIL = "})";
/** A function's text is an expression, a method of an object, or a private method of a class. */
const FORMS = [
  ["(", ")"],
  ["({", "})"],
  ["(class{", "})"],
] as const;
type Open = (typeof FORMS)[number][0];

/** The first form that parses; otherwise the error of the form that came furthest, as that is the right one. */
function parseKernel(text: string): ParsedKernel | SyntaxError {
  let furthest = -1;
  let problem = new SyntaxError("it is empty");
  for (const [open, close] of FORMS) {
    const input = `${HEAD}${open}${text}${close}${TAIL}`;
    try {
      const program = parseProgram(input);
      return { input, program, ...unwrap(program, open) };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const position = "pos" in error ? Number(error.pos) - HEAD.length - open.length : 0;
      if (position > furthest) {
        furthest = position;
        problem = error;
      }
    }
  }
  return problem;
}

/** Undoes HEAD and FORMS; the casts say what those are. */
function unwrap(program: Program, open: Open): Pick<ParsedKernel, "wrapper" | "node" | "kind"> {
  const wrapper = (program.body[0] as ExpressionStatement).expression as FunctionExpression;
  const node = ((wrapper.body as BlockStatement).body[1] as ReturnStatement).argument as Node;
  if (open === "(") return { wrapper, node, kind: undefined };
  const members = open === "({" ? (node as ObjectExpression).properties : (node as ClassExpression).body.body;
  const { value, kind } = members[0] as Property | MethodDefinition;
  return { wrapper, node: value, kind };
}

function isFunction(node: Node): node is FunctionNode {
  return node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression";
}
