/** Reads off a script which variables around its functions keep the value that they once have. */
import type { Reference, ScopeManager } from "eslint-scope";
import type { Node, VariableDeclaration } from "estree";
import { parseScript } from "./parser.js";
import { scopesOf } from "./scopes.js";

type Resolved = NonNullable<ScopeManager["scopes"][number]["through"][number]["resolved"]>;

/** What a script tells of one of its functions. */
export interface SteadyFunction {
  /** Where its text ends. */
  readonly end: number;
  /** Variables that it uses, that are declared around it in the script, and that nothing assigns to again. */
  readonly steady: ReadonlySet<string>;
}

/**
 * @returns the script's functions by where V8 says that they are: arrow functions at their beginning, others at their parameters.
 * None if it can't be told
 */
export function steadyVariables(source: string): ReadonlyMap<number, SteadyFunction> {
  const found = new Map<number, SteadyFunction>();
  const program = parseScript(source);
  if (program === undefined) return found;
  const scopes = scopesOf(program);
  // Code that is a text there may assign to anything.
  if (scopes.scopes.some((scope) => scope.type === "with" || usesEval(scope.references))) return found;
  for (const scope of scopes.scopes) {
    if (scope.type !== "function") continue;
    const { block } = scope;
    const [start, end] = rangeOf(block as Node);
    const name = "id" in block && block.id ? rangeOf(block.id as Node)[1] : start;
    const at = block.type === "ArrowFunctionExpression" ? start : source.indexOf("(", name);
    const names = new Set(scope.through.map(({ identifier }) => identifier.name as string));
    for (const { identifier, resolved } of scope.through)
      if (resolved === null || !isSteady(resolved)) names.delete(identifier.name as string);
    found.set(at, { end, steady: names });
  }
  return found;
}

function usesEval(references: readonly Reference[]): boolean {
  return references.some(({ identifier }) => identifier.name === "eval");
}

function isSteady({ defs, references, scope }: Resolved): boolean {
  const [def, another] = defs;
  if (def === undefined || another !== undefined) return false;
  const isAssigned = references.some((reference) => reference.isWrite() && !reference.init);
  switch (def.type) {
    case "Variable": {
      // A `var` has the value `undefined` before, and one variable for all turns of a loop.
      const { kind } = def.parent as VariableDeclaration;
      return kind === "const" || (kind === "let" && !isAssigned);
    }
    case "FunctionName":
      return !isAssigned;
    case "Parameter":
      // Code that is not strict may assign by `arguments[0]`. Arrow functions have none of their own.
      return !isAssigned && (scope.set.get("arguments")?.references.length ?? 0) === 0;
    default:
      // What another module exports may change.
      return (def.node as Node).type === "ImportNamespaceSpecifier";
  }
}

function rangeOf(node: Node): readonly [number, number] {
  return node.range ?? [0, 0];
}
