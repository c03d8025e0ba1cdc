import { parse } from "acorn";
import { analyze } from "eslint-scope";
import type { Program } from "estree";

/**
 * Whether a module exports a kernel, under any name: bundlers shorten names. An export may be the kernel if it mentions its
 * name, the call that defines it, or a variable that holds what the call gave.
 * @returns true, too, if the text can't tell: it is no JavaScript, or the definition of the kernel is not in it
 */
export function mayExport(text: string, name: string): boolean {
  const program = parsed(text);
  if (program === undefined) return true;
  const exported = exportsOf(program);
  const names = new Set<unknown>();
  const defining = statementsOf(program).filter((statement) => collectHolders(statement, name, names));
  if (defining.length === 0) return exported.length > 0;
  names.add(name);
  const isOfKernel = (node: Tree): boolean => isDefinition(node, name) || names.has(node["name"]);
  return exported.some((statement) => isOfAll(statement) || has(statement, isOfKernel));
}

/** A node of the syntax tree, as a walk sees it. */
type Tree = { readonly type: string; readonly range: readonly [number, number] } & Readonly<
  Record<string, unknown>
>;

function parsed(text: string): Program | undefined {
  for (const sourceType of ["module", "commonjs"] as const) {
    try {
      const options = { ecmaVersion: "latest", sourceType, allowHashBang: true, ranges: true } as const;
      return parse(text, options) as unknown as Program;
    } catch {
      // The other, or none.
    }
  }
  return undefined;
}

function statementsOf({ body }: Program): readonly Tree[] {
  return body as unknown as readonly Tree[];
}

function partsOf(node: Tree): Tree[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is Tree {
  return typeof (value as Partial<Tree> | null | undefined)?.type === "string";
}

function has(node: Tree, matches: (node: Tree) => boolean): boolean {
  return matches(node) || partsOf(node).some((part) => has(part, matches));
}

/** The statements that export: those of an ES module, or what CommonJS does with its own `exports`. */
function exportsOf(program: Program): readonly Tree[] {
  const body = statementsOf(program);
  if (body.some(({ type }) => /^(Im|Ex)port/.test(type))) {
    return body.filter(({ type }) => type.startsWith("Export"));
  }
  const places = placesOfExports(program);
  const direct = body.filter(({ range: [start, end] }) => places.some((at) => start <= at && at < end));
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

// eslint-scope's own table lacks the second argument of import().
const IMPORTS = { ImportExpression: ["source", "options"] };

/** Where a file uses the `exports` or the `module` that Node gives it. Bundlers wrap modules in functions that have their own. */
function placesOfExports(program: Program): readonly number[] {
  return analyze(program, { ecmaVersion: 2026, sourceType: "script", childVisitorKeys: IMPORTS })
    .globalScope.through.filter(({ identifier: { name } }) => name === "exports" || name === "module")
    .map(({ identifier }) => (identifier as unknown as Tree).range[0]);
}

/** `defineKernel(import.meta.url, "name", …)`, with any names that a bundler gives the function and the address. */
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
 * Collects the variables that the call that defines the kernel is assigned to, the expressions around it, and records and lists of these.
 * @returns whether there is such a call
 */
function collectHolders(node: Tree, name: string, holders: Set<unknown>): boolean {
  let found = isDefinition(node, name);
  for (const part of partsOf(node)) found = collectHolders(part, name, holders) || found;
  // The name of a declaration, a function or a class, and of an assignment.
  const target = node["id"] ?? node["left"];
  const value = node["init"] ?? (node.type === "AssignmentExpression" ? node["right"] : undefined);
  if (isNode(target) && (found || isHolder(value, holders))) {
    for (const holder of variablesIn(target)) holders.add(holder);
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
  if (target.type !== "Identifier") return partsOf(target).flatMap(variablesIn);
  // Of exports.scale it is "scale" that tells.
  return /^(exports|module)$/.test(String(target["name"])) ? [] : [target["name"]];
}
