import { type Node, parse } from "acorn";

/**
 * Whether a module exports a kernel, under any name: bundlers shorten names. An export has to do with the kernel if it mentions its
 * name, the call that defines it, or a variable that holds what the call gave.
 * @returns true, too, if the text can't tell: it is no JavaScript, or what defines the kernel does not show
 */
export function mayExport(text: string, name: string): boolean {
  const body = statementsOf(text);
  if (body === undefined) return true;
  const exported = exportsOf(body);
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
  for (const sourceType of ["module", "commonjs"] as const) {
    try {
      const program = parse(text, { ecmaVersion: "latest", sourceType, allowHashBang: true });
      return program.body as readonly Node[] as readonly Tree[];
    } catch {}
  }
  return undefined;
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

/** The statements that export: those of an ES module, or what CommonJS does with its own `exports`. */
function exportsOf(body: readonly Tree[]): readonly Tree[] {
  if (body.some(({ type }) => /^(Im|Ex)port/.test(type))) {
    return body.filter(({ type }) => type.startsWith("Export"));
  }
  const direct = body.filter(usesExports);
  // esbuild fills an object that it then makes the module's exports: __export(kernels_exports, { scale: () => scale }).
  const isExported = (node: unknown): boolean =>
    isNode(node) &&
    node.type === "Identifier" &&
    direct.some((statement) => has(statement, ({ name }) => name === node["name"]));
  const filling = body.filter((statement) => {
    const { type, arguments: given } = (statement["expression"] ?? statement) as Tree;
    return type === "CallExpression" && isExported((given as Tree[])[0]);
  });
  return [...direct, ...filling];
}

/** Whether a part of a file uses the `exports` or the `module` that Node gives it. Bundlers wrap modules in functions with their own. */
function usesExports(node: Tree): boolean {
  if (node.type === "Identifier") return isExportsName(node["name"]);
  const parameters = node["params"];
  if (Array.isArray(parameters) && parameters.some(({ name }) => isExportsName(name))) return false;
  // Of others.exports and { exports: 1 } the word is no variable.
  const word = node["computed"] === false ? (node["property"] ?? node["key"]) : undefined;
  return partsOf(node).some((part) => part !== word && usesExports(part));
}

function isExportsName(name: unknown): boolean {
  return name === "exports" || name === "module";
}

/** `defineKernel(import.meta.url, "name", …)`, whatever a bundler calls the function and the address. */
function isDefinition(node: Tree, name: string): boolean {
  const [, second] = node.type === "CallExpression" ? (node["arguments"] as Tree[]) : [];
  return second?.type === "Literal" && second["value"] === name;
}

/** What exports another module may export anything: `export * from`, `module.exports = require()`. */
function isOfAll(statement: Tree): boolean {
  if (statement.type === "ExportAllDeclaration") return statement["exported"] === null;
  return !statement.type.startsWith("Export") && has(statement, ({ name }) => name === "require");
}

/**
 * Collects what the call that defines the kernel is assigned to, what that is a part of, and records and lists of these.
 * @returns whether there is such a call
 */
function collectHolders(node: Tree, name: string, holders: Set<unknown>): boolean {
  let found = isDefinition(node, name);
  for (const part of partsOf(node)) found = collectHolders(part, name, holders) || found;
  // Of a declaration, a function or a class, and of an assignment.
  const target = node["id"] ?? node["left"];
  const value = node["init"] ?? (node.type === "AssignmentExpression" ? node["right"] : undefined);
  if (isNode(target) && (found || isHolder(value, holders))) {
    for (const holder of variablesIn(target)) if (!isExportsName(holder)) holders.add(holder);
  }
  return found;
}

/** Whether a value is a holder, or a record or a list with one in it. */
function isHolder(value: unknown, holders: ReadonlySet<unknown>): boolean {
  if (!isNode(value)) return false;
  if (value.type === "Identifier") return holders.has(value["name"]);
  if (value.type === "Property") return isHolder(value["value"], holders);
  return (
    /^(Object|Array)Expression$/.test(value.type) && partsOf(value).some((part) => isHolder(part, holders))
  );
}

function variablesIn(target: Tree): unknown[] {
  return target.type === "Identifier" ? [target["name"]] : partsOf(target).flatMap(variablesIn);
}
