/** The value of a captured variable: of a scope around the kernel, or of the global object. */

import type { Scope } from "../../platform/closure.js";
import { globalProperty } from "../../platform/common-globals.js";
import { DATA, Refusal } from "./captured-data.js";

export function scopeWith(name: string, scopes: readonly Scope[]): Scope | undefined {
  return scopes.find((scope) => Object.hasOwn(scope, name));
}

/** The value of a global of the program. @throws Refusal for one that is computed */
export function globalValue(name: string, path: string): unknown {
  const property = globalProperty(name);
  if (property === undefined) throw new Refusal(path, "is not defined");
  if (!("value" in property)) throw new Refusal(path, `${DATA}, got an accessor`);
  return property.value;
}

/** The value of a variable. @throws Refusal if it has none yet */
export function valueIn(scope: Scope, name: string, path: string): unknown {
  try {
    return scope[name];
  } catch {
    throw new Refusal(path, "must have a value before the call");
  }
}
