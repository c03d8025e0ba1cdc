/** Which names a whole file declares, and where it uses them. */
import { analyze, type ScopeManager } from "eslint-scope";
import type { Program } from "estree";

/** @param program the parsed text, with ranges. A script is taken for CommonJS */
export function scopesOf(program: Program): ScopeManager {
  return analyze(program, {
    ecmaVersion: 2026,
    sourceType: program.sourceType,
    nodejsScope: program.sourceType === "script",
    // eslint-scope's own table lacks the second argument of import().
    childVisitorKeys: { ImportExpression: ["source", "options"] },
  });
}
