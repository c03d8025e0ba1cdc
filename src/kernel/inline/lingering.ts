/**
 * Whether a kernel may leave work behind that goes on after its task: a promise that nobody waits for, a timer, a callback. The
 * memory that such a kernel was given must not be used for anything else while its worker lives.
 */
import type { Identifier, Node } from "estree";
import { TELLING } from "./telling.js";

type Parents = ReadonlyMap<Node, Node>;

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** Nothing that is reached from these schedules anything. Names that are in none of these lists count as if they did. */
export const FUNCTIONS = words(
  "Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date Error AggregateError EvalError " +
    "RangeError ReferenceError SyntaxError TypeError URIError DOMException Float16Array Float32Array Float64Array " +
    "Int8Array Int16Array Int32Array Iterator Map Number Object RegExp Set SharedArrayBuffer String Symbol " +
    "TextDecoder TextEncoder Uint8Array Uint8ClampedArray Uint16Array Uint32Array WeakMap WeakSet " +
    "atob btoa decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape isFinite isNaN " +
    "parseFloat parseInt structuredClone",
);
export const NAMESPACES = words("Atomics Intl JSON Math Reflect");
const VALUES = words("undefined NaN Infinity");
/** Globals of which only some members are harmless. */
const MEMBERS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["performance", words("now timeOrigin")],
  ["crypto", words("getRandomValues randomUUID")],
  ["WebAssembly", words("Module Instance Memory Table Global Tag Exception validate")],
]);
/** Functions that are handed on to others as they are, as in `list.map(Number)`. */
const CONVERTERS = words("BigInt Boolean Number String isFinite isNaN parseFloat");

/** Whether a node of a kernel lets work go on, by itself. */
export function letsWorkGoOn(node: Node): boolean {
  switch (node.type) {
    case "FunctionExpression":
    case "FunctionDeclaration":
    case "ArrowFunctionExpression":
      return node.async === true;
    case "MethodDefinition":
      // The key of a class's own constructor says nothing.
      return node.kind !== "constructor" && isTelling(node.key);
    case "MemberExpression":
      return isTelling(node.property);
    case "Property":
    case "PropertyDefinition":
      return isTelling(node.key);
    case "Literal":
    case "TemplateElement":
      return isTelling(node);
    default:
      return false;
  }
}

function isTelling(node: Node): boolean {
  if (node.type === "Identifier") return TELLING.has(node.name);
  if (node.type === "Literal") return typeof node.value === "string" && TELLING.has(node.value);
  return node.type === "TemplateElement" && TELLING.has(node.value.cooked ?? "");
}

/** Whether this use of a global could let work go on, or keep what it is given for a later task. */
export function mayLinger(identifier: Identifier, parents: Parents): boolean {
  const { name } = identifier;
  if (VALUES.has(name)) return false;
  const parent = parents.get(identifier);
  const member = parent?.type === "MemberExpression" && parent.object === identifier ? parent : undefined;
  if (member !== undefined) {
    // The name may be any, but no member of Math leads further.
    if (member.computed) return name !== "Math";
    const property = member.property as Identifier;
    const known = MEMBERS.get(name);
    if (known !== undefined) return !known.has(property.name);
    if (property.name === "prototype") return !isObjectOfMember(member, parents);
    return !FUNCTIONS.has(name) && !NAMESPACES.has(name);
  }
  if (!FUNCTIONS.has(name) || parent === undefined) return true;
  switch (parent.type) {
    case "CallExpression":
      return parent.callee !== identifier && !CONVERTERS.has(name);
    case "NewExpression":
      return parent.callee !== identifier;
    case "BinaryExpression":
      return parent.operator !== "instanceof";
    case "UnaryExpression":
      return parent.operator !== "typeof";
    default:
      return true;
  }
}

/** `Array.prototype.slice` is read; `Array.prototype` itself may be written to. */
function isObjectOfMember(node: Node, parents: Parents): boolean {
  const parent = parents.get(node);
  return parent?.type === "MemberExpression" && parent.object === node;
}
