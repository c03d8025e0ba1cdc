/**
 * Which captured variables, and which of its parameters, a function writes into, and whether into itself: `o.n = 1`,
 * `list.push(x)`, also by a variable that never holds anything else (`const p = o.list`). Only what is certain counts, because
 * writing into a captured variable is refused.
 */
import type { ScopeManager, Variable } from "eslint-scope";
import type { CallExpression, Identifier, Node } from "estree";
import { isMutating, nameOf, writtenAt } from "./writing.js";

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** What a written value is, or is a part of: a captured variable or the function itself by its name, or a parameter by its place. */
type Root = string | number;

export interface WrittenInto {
  /** Assigned to, at any depth. */
  readonly assigned: ReadonlySet<Root>;
  /** Values on which a method is called whose name lists, arrays, dates and maps have for a method that changes them. */
  readonly mutated: ReadonlySet<Root>;
  /** Captured functions that are called with a part of a captured variable: their names, and at which place it is. */
  readonly handed: ReadonlyMap<string, readonly HandedTo[]>;
}

export interface HandedTo {
  readonly name: string;
  readonly place: number;
}

/** Functions that write to their first argument. */
const WRITERS = new Map([
  ["Object", words("assign defineProperty defineProperties setPrototypeOf")],
  ["Reflect", words("set defineProperty deleteProperty setPrototypeOf")],
  ["crypto", words("getRandomValues")],
  ["Atomics", words("add and compareExchange exchange or store sub xor")],
]);
/** Methods that return what they are called on, or a part of it. */
const LEADING = words("at find findLast subarray sort reverse fill copyWithin");

/**
 * @param nodes all nodes of the function
 * @param captured the variables that it uses and does not declare
 */
export function writtenInto(
  scopes: ScopeManager,
  fn: Node,
  nodes: Iterable<Node>,
  captured: { has(name: string): boolean },
): WrittenInto {
  const rootOf = rootsOf(scopes, fn, captured);
  const assigned = new Set<Root>();
  const mutated = new Set<Root>();
  const handed = new Map<string, HandedTo[]>();
  const note = (into: Set<Root>, node: Node | undefined): number => {
    const root = node && rootOf(node);
    if (root !== undefined) into.add(root);
    return 0;
  };
  for (const node of nodes) {
    switch (node.type) {
      case "AssignmentExpression":
      case "ForOfStatement":
      case "ForInStatement":
        writtenAt(node.left, (target) => note(assigned, target ?? undefined));
        break;
      case "UpdateExpression":
      case "UnaryExpression":
        if (node.type === "UpdateExpression" || node.operator === "delete")
          writtenAt(node.argument, (target) => note(assigned, target ?? undefined));
        break;
      case "CallExpression": {
        const { callee, arguments: given } = node;
        if (isWriter(node)) note(assigned, given[0]);
        else if (callee.type === "MemberExpression" && isMutating(nameOf(callee)))
          note(mutated, callee.object);
        if (callee.type !== "Identifier" || !captured.has(callee.name)) break;
        for (const [place, each] of given.entries()) {
          const root = rootOf(each);
          if (typeof root !== "string") continue;
          handed.set(root, [...(handed.get(root) ?? []), { name: callee.name, place }]);
        }
      }
    }
  }
  return { assigned, mutated, handed };
}

function isWriter({ callee }: CallExpression): boolean {
  if (callee.type !== "MemberExpression" || callee.object.type !== "Identifier") return false;
  return WRITERS.get(callee.object.name)?.has(nameOf(callee)) === true;
}

/** Tells of an expression what it is a part of for certain. */
function rootsOf(
  scopes: ScopeManager,
  fn: Node,
  captured: { has(name: string): boolean },
): (node: Node) => Root | undefined {
  const variables = new Map<Node, Variable>();
  for (const variable of scopes.scopes.flatMap((scope) => scope.variables))
    for (const { identifier } of variable.references) variables.set(identifier as Node, variable);

  const ofVariable = (identifier: Identifier, depth: number): Root | undefined => {
    const variable = variables.get(identifier);
    if (variable === undefined) return captured.has(identifier.name) ? identifier.name : undefined;
    const { type, block } = variable.scope;
    if (type === "function-expression-name" && (block as Node) === fn) return identifier.name;
    const [written, again] = variable.references.filter((reference) => reference.isWrite());
    const [def] = variable.defs;
    if (def?.type === "Parameter") {
      const { index, node } = def as { readonly index?: number; readonly node: Node };
      return node === fn && written === undefined ? index : undefined;
    }
    // More than its declaration may call a function.
    if (again !== undefined || !written?.writeExpr || depth === 0 || variable.defs.length !== 1)
      return undefined;
    return rootOf(written.writeExpr as Node, depth - 1);
  };
  const rootOf = (node: Node, depth = 8): Root | undefined => {
    switch (node.type) {
      case "Identifier":
        return ofVariable(node, depth);
      case "MemberExpression":
        return rootOf(node.object, depth);
      case "ChainExpression":
        return rootOf(node.expression, depth);
      case "CallExpression": {
        const { callee } = node;
        const leads = callee.type === "MemberExpression" && LEADING.has(nameOf(callee));
        return leads ? rootOf(callee.object, depth) : undefined;
      }
      case "NewExpression": {
        // A view of the same memory.
        const [given] = node.arguments;
        const isView = given?.type === "MemberExpression" && nameOf(given) === "buffer";
        return isView ? rootOf(given.object, depth) : undefined;
      }
      default:
        return undefined;
    }
  };
  return rootOf;
}
