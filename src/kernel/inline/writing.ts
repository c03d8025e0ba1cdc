/**
 * Which of its parameters a kernel writes to, as far as its text shows: `x[i] += 1`, `x.sort()`, `Atomics.add(x, 0, 1)`,
 * also through variables that hold them or parts of them. A task that does must not be given up half-way and run again.
 */
import type { ScopeManager, Variable } from "eslint-scope";
import type { Identifier, MemberExpression, Node } from "estree";

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** Methods that change their object, or may be asked to. Those of DataView begin with "set". */
const MUTATING = words("fill sort reverse copyWithin push pop shift unshift splice add delete clear");
/** Methods whose result is new: writing to it changes nothing else. */
const COPYING = words("slice map filter toSorted toReversed toSpliced with concat join reduce");
/** Functions of these change their arguments, except for those that only read. */
const WRITERS = words("Atomics Object Reflect crypto");
const READERS = words(
  "load isLockFree wait notify keys values entries fromEntries is isFrozen hasOwn has get ownKeys getPrototypeOf",
);
/** All parameters that kernels have. */
const ALL = 0b111;

/** After this many rounds a variable counts as any parameter. */
const MOST_PASSES = 32;

type Given = (node: Node | null | undefined) => number;

/**
 * @param nodes all nodes of the kernel
 * @returns bit `i` is set if it writes to its parameter `i`
 */
export function writesOf(scopes: ScopeManager, kernel: Node, nodes: Iterable<Node>): number {
  const given = givenBy(scopes, kernel);
  let writes = 0;
  for (const node of nodes) writes |= writtenBy(node, given);
  return writes;
}

/** Tells of each expression which parameters it may be, or be a part of. */
function givenBy(scopes: ScopeManager, kernel: Node): Given {
  const bits = new Map<Variable, number>();
  const variableOf = new Map<Node, Variable>();
  const assigned: (readonly [Variable, Node])[] = [];
  for (const variable of scopes.scopes.flatMap((scope) => scope.variables)) {
    for (const { identifier, writeExpr } of variable.references) {
      variableOf.set(identifier as Node, variable);
      if (writeExpr) assigned.push([variable, writeExpr as Node]);
    }
    for (const def of variable.defs) {
      if (def.type !== "Parameter") continue;
      // The arguments of a function within it are unknown.
      const { index } = def as { readonly index?: number };
      bits.set(variable, def.node === kernel && index !== undefined ? 1 << index : ALL);
    }
  }
  const given: Given = (node) => {
    switch (node?.type) {
      case "Identifier":
        return bits.get(variableOf.get(node) as Variable) ?? 0;
      case "MemberExpression":
        return given(node.object);
      case "CallExpression": {
        const { callee } = node;
        return callee.type !== "MemberExpression" || COPYING.has(nameOf(callee)) ? 0 : given(callee.object);
      }
      case "NewExpression":
        // A view of the same memory.
        return union(node.arguments.filter(isBuffer), given);
      case "ConditionalExpression":
        return given(node.consequent) | given(node.alternate);
      case "LogicalExpression":
        return given(node.left) | given(node.right);
      case "AssignmentExpression":
        return given(node.right);
      case "SequenceExpression":
        return given(node.expressions.at(-1));
      case "AwaitExpression":
      case "ChainExpression":
      case "SpreadElement":
        return given(node.type === "ChainExpression" ? node.expression : node.argument);
      case "ArrayExpression":
        return union(node.elements, given);
      case "ObjectExpression":
        return union(
          node.properties.map((property) => (property.type === "Property" ? property.value : property)),
          given,
        );
      default:
        return 0;
    }
  };
  // Repeats until nothing changes, because a variable may be given what another one is given later. Goes forwards and
  // backwards, because generated kernels may have thousands in either order.
  let hasChanged = true;
  for (let pass = 0; hasChanged; pass += 1) {
    if (pass === MOST_PASSES) {
      for (const [variable] of assigned) bits.set(variable, ALL);
      break;
    }
    hasChanged = false;
    for (const [variable, value] of assigned.reverse()) {
      const before = bits.get(variable) ?? 0;
      const after = before | given(value);
      if (after === before) continue;
      bits.set(variable, after);
      hasChanged = true;
    }
  }
  return given;
}

function writtenBy(node: Node, given: Given): number {
  switch (node.type) {
    case "AssignmentExpression":
      return writtenAt(node.left, given);
    case "UpdateExpression":
      return writtenAt(node.argument, given);
    case "UnaryExpression":
      return node.operator === "delete" ? writtenAt(node.argument, given) : 0;
    case "ForOfStatement":
    case "ForInStatement":
      return writtenAt(node.left, given);
    case "CallExpression": {
      const { callee } = node;
      if (callee.type !== "MemberExpression") return 0;
      const { object } = callee;
      const name = nameOf(callee);
      const isWriter = object.type === "Identifier" && WRITERS.has(object.name) && !READERS.has(name);
      // A borrowed method.
      const borrowed =
        (name === "call" || name === "apply") && object.type === "MemberExpression" ? object : undefined;
      if (isWriter || name === "encodeInto" || (borrowed !== undefined && isMutating(nameOf(borrowed)))) {
        return union(node.arguments, given);
      }
      return isMutating(name) ? given(object) : 0;
    }
    default:
      return 0;
  }
}

/** What an assignment to this changes, beside variables. */
export function writtenAt(target: Node, given: Given): number {
  switch (target.type) {
    case "MemberExpression":
      return given(target.object);
    case "ArrayPattern":
      return target.elements.reduce((bits, each) => bits | (each === null ? 0 : writtenAt(each, given)), 0);
    case "ObjectPattern":
      return target.properties.reduce(
        (bits, each) => bits | writtenAt(each.type === "Property" ? each.value : each, given),
        0,
      );
    case "AssignmentPattern":
      return writtenAt(target.left, given);
    case "RestElement":
      return writtenAt(target.argument, given);
    default:
      return 0;
  }
}

function union(nodes: Iterable<Node | null>, given: Given): number {
  let bits = 0;
  for (const node of nodes) bits |= given(node);
  return bits;
}

/** Whether it is the name of a method that changes what it is called on. */
export function isMutating(name: string): boolean {
  return MUTATING.has(name) || name.startsWith("set");
}

/** The name of a member; empty if it is computed. */
export function nameOf({ property, computed }: MemberExpression): string {
  return computed ? "" : (property as Identifier).name;
}

function isBuffer(node: Node): boolean {
  return node.type === "MemberExpression" && nameOf(node) === "buffer";
}
