/** Pages have no debugger to ask: there are no such functions. */
import type { Scope } from "./closure.js";

export type VariableReader = () => Scope;

export function variableReader(_fn: object, _names: readonly string[]): VariableReader | undefined {
  return undefined;
}
