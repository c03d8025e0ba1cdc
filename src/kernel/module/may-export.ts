import { type Node, parse } from "acorn";

/**
 * Whether a module exports a kernel, under any name: bundlers shorten names. An export may be the kernel if it mentions its
 * name, the call that defines it, or a variable that holds what the call gave.
 * @returns true, too, if the text can't tell: it is no JavaScript, or CommonJS, or the definition of the kernel is not in it
 */
export function mayExport(text: string, name: string): boolean {
  const body = statementsOf(text);
  if (body === undefined) return true;
  if (!body.some(({ type }) => /^(Im|Ex)port/.test(type))) return /\bexports\b/.test(text);
  const exported = body.filter(({ type }) => type.startsWith("Export"));
  const names = new Set<unknown>();
  const defining = body.filter((statement) => collectHolders(statement, name, names));
  if (defining.length === 0) return exported.length > 0;
  names.add(name);
  const isOfKernel = (node: Tree): boolean => isDefinition(node, name) || names.has(node["name"]);
  return exported.some((statement) => isOfAll(statement) || has(statement, isOfKernel));
}

/** One of acorn's nodes, as a walk sees it. */
type Tree = Node & Readonly<Record<string, unknown>>;

function statementsOf(text: string): readonly Tree[] | undefined {
  try {
    const program = parse(text, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
    return program.body as readonly Node[] as readonly Tree[];
  } catch {
    return undefined;
  }
}

function partsOf(node: Tree): Tree[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is Tree {
  return typeof (value as Partial<Node> | null | undefined)?.type === "string";
}

function has(node: Tree, matches: (node: Tree) => boolean): boolean {
  return matches(node) || partsOf(node).some((part) => has(part, matches));
}

/** `defineKernel(import.meta.url, "name", …)`, with any names that a bundler gives the function and the address. */
function isDefinition(node: Tree, name: string): boolean {
  const [, second] = node.type === "CallExpression" ? (node["arguments"] as Tree[]) : [];
  return second?.type === "Literal" && second["value"] === name;
}

/** `export * from` a module may export anything. */
function isOfAll(statement: Tree): boolean {
  return statement.type === "ExportAllDeclaration" && statement["exported"] === null;
}

/**
 * Collects the variables that the call that defines the kernel is assigned to, and the expressions around it.
 * @returns whether there is such a call
 */
function collectHolders(node: Tree, name: string, holders: Set<unknown>): boolean {
  let found = isDefinition(node, name);
  for (const part of partsOf(node)) found = collectHolders(part, name, holders) || found;
  // The name of a declaration, a function or a class, and of an assignment.
  const target = node["id"] ?? node["left"];
  if (found && isNode(target)) for (const holder of variablesIn(target)) holders.add(holder);
  return found;
}

function variablesIn(target: Tree): unknown[] {
  return target.type === "Identifier" ? [target["name"]] : partsOf(target).flatMap(variablesIn);
}
