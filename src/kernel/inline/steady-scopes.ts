/**
 * Functions whose scopes need no reading any more, because no variable that they use can change. V8 does not tell which can.
 * The script does. A look at it takes as long as some hundred readings, so only a function that was read as often is looked
 * for.
 */
import type { Scope } from "../../platform/closure.js";
import { scriptOf, sourceOf } from "../../platform/function-place.js";
import { RecentMap } from "../../platform/recent-map.js";
import type { FreeVariable } from "./kernel-text.js";
import { type SteadyFunction, steadyVariables } from "./steady-variables.js";
import { scopeWith } from "./variable-value.js";

// The first look takes 26 ms of CPU time, later ones 5, and 1 ms more for each 1,000 characters of the script. A reading takes
// 0.1 ms (Node 20, a busy machine).
const READINGS = 256;
// Characters. This thread does nothing else meanwhile.
const LARGEST_SCRIPT = 32 * 1024;

interface Script {
  readonly source: string;
  readonly functions: ReadonlyMap<number, SteadyFunction>;
}

interface Seen {
  readings: number;
  scopes: readonly Scope[] | undefined;
}

const seen = new WeakMap<object, Seen>();
const MOST_SCRIPTS = 20;
const scripts = new RecentMap<string, Script>(MOST_SCRIPTS);
const UNKNOWN: Script = { source: "", functions: new Map() };

/** What identifies the scopes of a function: the variables that it uses. `undefined` if the scopes must be read. */
export function steadyScopesOf(fn: object): readonly Scope[] | undefined {
  return seen.get(fn)?.scopes;
}

/** The scopes of a function were read, and no global that it uses is hidden there. */
export function noteReading(fn: object, variables: readonly FreeVariable[], scopes: readonly Scope[]): void {
  const known = seen.get(fn);
  if (known === undefined) seen.set(fn, { readings: 1, scopes: undefined });
  else {
    known.readings += 1;
    if (known.readings === READINGS) known.scopes = steadyScope(fn, variables, scopes);
  }
}

function steadyScope(
  fn: object,
  variables: readonly FreeVariable[],
  scopes: readonly Scope[],
): readonly Scope[] | undefined {
  const steady = steadyNames(fn);
  const values: Record<string, unknown> = {};
  for (const { name } of variables) {
    const value = steady?.has(name) === true ? scopeWith(name, scopes)?.[name] : undefined;
    // Node 20 gives this for a variable that has no value yet.
    if (value === undefined) return undefined;
    values[name] = value;
  }
  return [values];
}

function steadyNames(fn: object): ReadonlySet<string> | undefined {
  const place = scriptOf(fn);
  if (place === undefined) return undefined;
  const { id, line, column } = place;
  let script = scripts.get(id);
  if (script === undefined) {
    const source = sourceOf(id) ?? "";
    const isLarge = source.length > LARGEST_SCRIPT;
    script = isLarge ? UNKNOWN : { source, functions: steadyVariables(source) };
    scripts.set(id, script);
  }
  const { source, functions } = script;
  const lines = source.split("\n", line);
  const offset = lines.reduce((sum, each) => sum + each.length + 1, column);
  const found = functions.get(offset);
  if (found === undefined) return undefined;
  // The place may be that of another function, because not every script begins at line 0.
  const text = Function.prototype.toString.call(fn);
  return text.endsWith(source.slice(offset, found.end)) ? found.steady : undefined;
}
