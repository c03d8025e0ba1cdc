/** Names outside of itself that a kernel uses: variables that it would lose, helpers to supply, state that it could keep. */
import { analyze } from "eslint-scope";
import type { ArrowFunctionExpression, FunctionExpression, Identifier, Literal, Node, Program } from "estree";
import { isInWorkers } from "../../platform/worker-globals.js";
import type { FreeVariable, KernelText, VariableUse } from "./kernel-text.js";
import { letsWorkGoOn, mayLinger } from "./lingering.js";
import { isCallee, type Parents, withUse } from "./variable-use.js";
import { VITE_IMPORT } from "./vite-import.js";
import { writesOf } from "./writing.js";
import { writtenInto } from "./written-into.js";

export type FunctionNode = FunctionExpression | ArrowFunctionExpression;

export type OuterWord = "this" | "super" | "new.target" | "arguments";

export interface KernelReferences extends Omit<KernelText, "source"> {
  /** Free names that tools put into the source, each with an expression that replaces it. */
  readonly helpers: ReadonlyMap<string, string>;
  /** The first word that belongs to the code around the kernel, or to a receiver that no kernel has. */
  readonly outer: OuterWord | undefined;
  /** The first module that it imports from a path beside its own file. */
  readonly neighbour: string | undefined;
}

/** Each leads to every object of the worker, so what a kernel does with one can't be seen. */
const DOORS = new Set(
  "globalThis self global window frames parent top process require eval Function".split(" "),
);
const VITE_META = "__vite_ssr_import_meta__";
const VITE_DYNAMIC_IMPORT = "__vite_ssr_dynamic_import__";
/** esbuild's helper, which `keepNames` (and so tsx) inserts; numbered if a bundle holds several. */
const NAME_HELPER = /^__name\d*$/;
const COVERAGE = /^cov_[a-z0-9]+$/i;

const SET_NAME = '(fn, name) => Object.defineProperty(fn, "name", { value: name, configurable: true })';
// Replaces `cov_x().s[0]++` and `cov_x().b[1][0]++`. Every counter is an element of one array that nobody reads.
const COUNT_NOTHING =
  "(() => { const n = [], b = new Proxy(n, { get: () => n }), c = { s: n, f: n, b, bT: b }; return () => c; })()";

/** @param program the parsed text, with ranges: one function (the wrapper) that returns `kernel` */
export function findReferences(program: Program, wrapper: Node, kernel: FunctionNode): KernelReferences {
  const { parents, outer, metas, imports, neighbour, goesOn } = walk(kernel);
  const scopes = analyze(program, {
    ecmaVersion: 2026,
    sourceType: "script",
    // Strict eval declares nothing around it. It would make every local name look free.
    ignoreEval: true,
    // eslint-scope's own table lacks the second argument of import().
    childVisitorKeys: { ImportExpression: ["source", "options"] },
  });

  const helpers = new Map<string, string>();
  const globals = new Set<string>();
  const captures = metas.map((at) => ({ name: "import.meta", at }));
  const variables = new Map<string, VariableUse>();
  let stateful = imports;
  let lingers = goesOn;
  for (const reference of scopes.globalScope.through) {
    const identifier = reference.identifier as Identifier;
    if (!isInside(identifier, kernel)) continue;
    const helper = helperFor(identifier, parents);
    if (helper !== undefined) {
      helpers.set(identifier.name, helper);
      stateful ||= identifier.name === VITE_DYNAMIC_IMPORT;
    } else if (isGlobal(identifier.name)) {
      globals.add(identifier.name);
      stateful ||= reference.isWrite() || reachesState(identifier, parents);
      lingers ||= mayLinger(identifier, parents);
    } else {
      captures.push({ name: displayName(identifier, parents), at: startOf(identifier) });
      const { name } = identifier;
      variables.set(name, withUse(variables.get(name), identifier, reference.isWrite(), parents));
    }
  }

  // A property on the kernel's own function outlives the task. Recursion is harmless.
  const own = scopes.acquireAll(kernel)?.find((scope) => scope.type === "function-expression-name");
  let itself: VariableUse | undefined;
  for (const { identifier } of own?.variables[0]?.references ?? []) {
    if (!isCallee(identifier, parents)) itself = withUse(itself, identifier, false, parents);
  }
  stateful ||= itself !== undefined;

  const written = writtenInto(scopes, kernel, parents.keys(), variables);
  const told = (use: VariableUse): FreeVariable => ({
    ...use,
    isWrittenInto: written.assigned.has(use.name),
    isMutated: written.mutated.has(use.name),
    handedTo: written.handed.get(use.name) ?? [],
  });
  captures.sort((a, b) => a.at - b.at);
  // An arrow has no `arguments` of its own: its uses resolve to the wrapper's.
  const outerArguments = scopes.acquire(wrapper)?.set.get("arguments")?.references ?? [];
  return {
    captures: [...new Set(captures.map(({ name }) => name))],
    variables: [...variables.values()].map(told),
    globals,
    helpers,
    neighbour,
    outer: outer ?? (outerArguments.some((r) => isInside(r.identifier, kernel)) ? "arguments" : undefined),
    itself: itself && told(itself),
    stateful,
    lingers: lingers || stateful,
    writes: writesOf(scopes, kernel, parents.keys()),
    writesInto: new Set([...written.assigned, ...written.mutated]),
  };
}

/** One walk for all that scope analysis does not report. */
function walk(kernel: FunctionNode) {
  const parents = new Map<Node, Node>();
  const metas: number[] = [];
  let outer: OuterWord | undefined;
  let imports = false;
  let neighbour: string | undefined;
  let goesOn = false;

  const visit = (node: Node, ownsThis: boolean): void => {
    if (node.type === "BinaryExpression" || node.type === "LogicalExpression") flattenChain(node);
    goesOn ||= letsWorkGoOn(node);
    if (node.type === "ThisExpression" && !ownsThis) outer ??= "this";
    else if (node.type === "Super" && !ownsThis) outer ??= "super";
    else if (node.type === "ImportExpression") {
      imports = true;
      if (isNeighbour(node.source)) neighbour ??= String(node.source.value);
    } else if (node.type === "MetaProperty") {
      if (node.meta.name === "import") metas.push(startOf(node));
      else if (!ownsThis && kernel.type === "ArrowFunctionExpression") outer ??= "new.target";
    }
    const isNested =
      node !== kernel && (node.type === "FunctionExpression" || node.type === "FunctionDeclaration");
    const ownsAll = ownsThis || isNested || node.type === "StaticBlock";
    for (const key in node) {
      const value: unknown = node[key as keyof Node];
      if (typeof value !== "object" || value === null || key === "range") continue;
      const owns = ownsAll || (node.type === "PropertyDefinition" && key === "value");
      if (!Array.isArray(value)) note(value, node, owns);
      else for (const child of value) note(child, node, owns);
    }
  };
  const note = (child: unknown, parent: Node, owns: boolean): void => {
    if (!isNode(child)) return;
    parents.set(child, parent);
    children.push([child, owns]);
  };

  // Goes in the order of the source. It has a stack of its own, because generated kernels can be nested deeply.
  const children: [node: Node, ownsThis: boolean][] = [];
  const stack: typeof children = [[kernel, false]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    visit(...next);
    for (let child = children.pop(); child !== undefined; child = children.pop()) stack.push(child);
  }
  return { parents, outer, metas, imports, neighbour, goesOn };
}

/** Whether it is the specifier of a module that is found from the file of the code around it. */
function isNeighbour(specifier: Node): specifier is Literal {
  return specifier.type === "Literal" && /^(?:\.\.?\/|#)/.test(String(specifier.value));
}

// Far more than anybody writes. The scope analysis takes some stack for each.
const LONGEST_CHAIN = 100;

/** Makes a sequence of the operands of a very long `a + b + c`. It has the same names. */
function flattenChain(node: Node): void {
  const operands: Node[] = [];
  let left = node;
  while (left.type === "BinaryExpression" || left.type === "LogicalExpression") {
    operands.push(left.right);
    left = left.left;
  }
  if (operands.length <= LONGEST_CHAIN) return;
  operands.push(left);
  Object.assign(node, {
    type: "SequenceExpression",
    expressions: operands.reverse(),
    left: null,
    right: null,
  });
}

/** The replacement of a name that a tool inserted. Its use is judged, too, because users may have such names. */
function helperFor(identifier: Identifier, parents: Parents): string | undefined {
  const { name } = identifier;
  const call = parents.get(identifier);
  if (call?.type !== "CallExpression" || call.callee !== identifier) return undefined;
  if (NAME_HELPER.test(name) && call.arguments.length === 2) return SET_NAME;
  if (name === VITE_DYNAMIC_IMPORT) return "(specifier) => import(specifier)";
  if (!COVERAGE.test(name) || call.arguments.length > 0) return undefined;
  const member = parents.get(call);
  if (member?.type !== "MemberExpression" || member.property.type !== "Identifier") return undefined;
  const field = member.property.name;
  return ["s", "f", "b", "bT", `${name}_temp`].includes(field) ? COUNT_NOTHING : undefined;
}

/**
 * Whether it is a global here and in a fresh worker. Every object has the names of Object.prototype, so the user's own
 * `toString` would pass for a global.
 */
function isGlobal(name: string): boolean {
  return name in globalThis && !(name in Object.prototype) && isInWorkers(name);
}

/** Whether this use of a global could leave something behind for the next task. */
function reachesState(identifier: Identifier, parents: Parents): boolean {
  if (DOORS.has(identifier.name)) return true;
  // Built-in objects are not enumerable, and lazy ones (crypto, performance) are accessors. So this is a timer, or a function
  // that keeps nothing.
  const property = Object.getOwnPropertyDescriptor(globalThis, identifier.name);
  if (property?.enumerable === true && "value" in property && mayLinger(identifier, parents)) return true;

  let target: Node = identifier;
  let parent = parents.get(target);
  while (parent?.type === "MemberExpression" && parent.object === target) {
    target = parent;
    parent = parents.get(target);
  }
  return (
    (parent?.type === "AssignmentExpression" && parent.left === target) ||
    parent?.type === "UpdateExpression" ||
    (parent?.type === "UnaryExpression" && parent.operator === "delete")
  );
}

/** The name as the user wrote it. */
function displayName(identifier: Identifier, parents: Parents): string {
  if (identifier.name === VITE_META) return "import.meta";
  if (!VITE_IMPORT.test(identifier.name)) return identifier.name;
  const member = parents.get(identifier);
  if (member?.type !== "MemberExpression" || member.object !== identifier) return "import *";
  const { property } = member;
  return property.type === "Identifier"
    ? property.name
    : String(property.type === "Literal" ? property.value : "*");
}

/** False for names in the computed key of a method: the key stays behind. */
function isInside(node: Node, kernel: FunctionNode): boolean {
  return startOf(node) >= startOf(kernel);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
