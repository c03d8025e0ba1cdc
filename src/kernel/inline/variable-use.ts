/** What a text does with a variable that it does not declare. */
import type { Identifier, Node } from "estree";
import type { VariableUse } from "./kernel-text.js";

export type Parents = ReadonlyMap<Node, Node>;

const NONE: ReadonlySet<string> = new Set();

/**
 * The variable with one more use of it.
 * @param before what earlier uses say; `undefined` if there are none
 */
export function withUse(
  before: VariableUse | undefined,
  identifier: Identifier,
  isWrite: boolean,
  parents: Parents,
): VariableUse {
  const member = memberOf(identifier, parents);
  const isRead = member !== undefined && !isTarget(parents.get(identifier) as Node, parents);
  const members = before === undefined ? NONE : before.members;
  return {
    name: identifier.name,
    members: isRead
      ? members && new Set([...members, member])
      : isCallee(identifier, parents)
        ? members
        : undefined,
    isAssigned: isWrite || before?.isAssigned === true,
    isProbed: isOperandOf("typeof", identifier, parents) || before?.isProbed === true,
  };
}

/** The member that is read of a variable; `undefined` if it has no name. */
function memberOf(identifier: Identifier, parents: Parents): string | undefined {
  const parent = parents.get(identifier);
  if (parent?.type !== "MemberExpression" || parent.object !== identifier) return undefined;
  const { property, computed } = parent;
  if (property.type === "Identifier" && !computed) return property.name;
  return property.type === "Literal" && typeof property.value === "string" ? property.value : undefined;
}

/** Whether something is assigned to this expression. */
function isTarget(node: Node, parents: Parents): boolean {
  const parent = parents.get(node);
  switch (parent?.type) {
    case "AssignmentExpression":
    case "AssignmentPattern":
    case "ForInStatement":
    case "ForOfStatement":
      return parent.left === node;
    case "UpdateExpression":
    case "ArrayPattern":
    case "RestElement":
      return true;
    case "UnaryExpression":
      return parent.operator === "delete";
    case "Property":
      return parent.value === node && parents.get(parent)?.type === "ObjectPattern";
    default:
      return false;
  }
}

function isOperandOf(operator: string, node: Node, parents: Parents): boolean {
  const parent = parents.get(node);
  return parent?.type === "UnaryExpression" && parent.operator === operator;
}

export function isCallee(node: Node, parents: Parents): boolean {
  const call = parents.get(node);
  return call?.type === "CallExpression" && call.callee === node;
}
