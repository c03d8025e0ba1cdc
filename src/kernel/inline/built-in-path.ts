/** Built-in functions by the expression that leads to each in every thread: `const { sqrt } = Math` captures one. */
import { structuredClone } from "../../platform/builtins.js";
import { isNative } from "../../platform/common-globals.js";
import { FUNCTIONS, NAMESPACES } from "./lingering.js";

let paths: ReadonlyMap<unknown, string> | undefined;

/** The expression for a built-in function or namespace that leaves no work behind; `undefined` for anything else. */
export function builtInPath(value: unknown): string | undefined {
  // Since Node 22 it has a text, and no module exports it.
  if (value === structuredClone) return "structuredClone";
  const isNamespace = typeof value === "object" && NAMESPACES.has(tagOf(value));
  if (!isNamespace && !isNative(value)) return undefined;
  paths ??= findPaths();
  return paths.get(value);
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function findPaths(): Map<unknown, string> {
  const found = new Map<unknown, string>();
  for (const name of [...NAMESPACES, ...FUNCTIONS]) {
    const property = Object.getOwnPropertyDescriptor(globalThis, name);
    // Accessors load objects that few programs use.
    const holder: unknown = property?.value;
    if (holder === undefined || (typeof holder === "function" && !isNative(holder))) continue;
    found.set(holder, name);
    addMembers(found, holder as object, name);
    // Compilers keep methods in variables: `var __hasOwnProp = Object.prototype.hasOwnProperty`.
    const { prototype } = holder as { readonly prototype?: object };
    if (prototype !== undefined) addMembers(found, prototype, `${name}.prototype`);
  }
  return found;
}

function addMembers(found: Map<unknown, string>, holder: object, path: string): void {
  for (const [member, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
    if (isNative(value) && !found.has(value)) found.set(value, `${path}.${member}`);
  }
}
