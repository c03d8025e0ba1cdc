/**
 * Parses the text of a function. Tells whether the function can run from its text, what it needs from outside, and what it
 * could do.
 */
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
import { type FunctionNode, findReferences, type OuterWord } from "./free-variables.js";
import type { KernelText } from "./kernel-text.js";
import { parseProgram } from "./parser.js";

/** Throws an error. Gets why a function can't be a kernel, and what to do about it. */
export type Refuse = (why: string, advice: string) => never;

/**
 * @param name of the function, on one line
 * @param refuse told if its source can't run on its own
 */
export function analyse(text: string, name: string, refuse: Refuse): KernelText {
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

  const { helpers, outer, neighbour, ...references } =
    orTooDeep(() => findReferences(parsed.program, parsed.wrapper, node)) ?? refuse(...TOO_DEEP);
  if (outer !== undefined) {
    // TypeScript compiles async arrow functions to this for targets before ES2017.
    const advice = /\b__awaiter\(this\b/.test(text) ? AWAITER_ADVICE : OUTER_ADVICE[outer];
    refuse(`its source runs alone in workers and it uses "${outer}" from outside`, advice);
  }

  if (neighbour !== undefined) {
    refuse(
      `its source runs alone in workers and it imports "${neighbour}" from beside its file`,
      "import that by its whole URL, or export the kernel from a module with defineKernel()",
    );
  }

  const [start, end] = node.range ?? [0, 0];
  const body = parsed.input.slice(start, end);
  // The function of a method starts at its parameter list.
  const source = kind === undefined ? body : `${node.async === true ? "async " : ""}function ${body}`;
  return { ...references, source: supply(source, helpers) };
}

const TOO_DEEP = [
  "its source is nested too deeply to be analysed",
  "use a loop over an array, or export it from a module with defineKernel()",
] as const;

/** @returns `undefined` if the stack does not suffice */
function orTooDeep<T>(analyse: () => T): T | undefined {
  try {
    const result = analyse();
    // acorn reports it in this way.
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

const AWAITER_ADVICE = "your compiler added __awaiter(this): raise its target to ES2017 or later";

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
  /** The kind of member; `undefined` if it is no member. */
  readonly kind: "init" | "method" | "constructor" | "get" | "set" | undefined;
}

// The text goes into a function, so that an arrow's `arguments` and `new.target` parse and can be reported.
const HEAD = '(function(){"use strict";return';
const TAIL = "})";
/** A function's text is an expression, a method of an object, or a private method of a class. */
const FORMS = [
  ["(", ")"],
  ["({", "})"],
  ["(class{", "})"],
] as const;
type Open = (typeof FORMS)[number][0];

/** The first form that parses. Otherwise the error of the form that came furthest, because that is the right one. */
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

/** Undoes HEAD and FORMS. The casts follow from these. */
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
