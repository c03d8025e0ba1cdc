/**
 * Closures that programs call again and again. To read the scopes of a function takes 0.1 ms each time. To have a function made that
 * reads its variables takes as long as some hundred readings, so only one that was read as often gets it.
 */
import type { Scope } from "../../platform/closure.js";
import { type VariableReader, variableReader } from "../../platform/variable-reader.js";
import type { FreeVariable } from "./kernel-text.js";
import { scopeWith } from "./variable-value.js";

const READINGS = 128;

interface Seen {
  readings: number;
  /** How many there are before the next attempt to have a reader made. */
  next: number;
  reader: VariableReader | undefined;
}

const seen = new WeakMap<object, Seen>();

/** What stands for the scopes of a function: its variables as they are now. `undefined` if the scopes are to be read. */
export function liveScopesOf(fn: object): readonly Scope[] | undefined {
  const reader = seen.get(fn)?.reader;
  if (reader === undefined) return undefined;
  try {
    return [reader()];
  } catch {
    // A variable is not initialised: the scopes tell which.
    return undefined;
  }
}

/** The scopes of a function were read, and no global that it uses is hidden there. */
export function noteReading(fn: object, variables: readonly FreeVariable[], scopes: readonly Scope[]): void {
  let known = seen.get(fn);
  if (known === undefined) {
    known = { readings: 0, next: READINGS, reader: undefined };
    seen.set(fn, known);
  }
  known.readings += 1;
  if (known.readings < known.next || known.reader !== undefined) return;
  known.next *= 2;
  known.reader = agreeingReader(fn, variables, scopes);
}

/** A reader that tells of every variable what the scopes do: the function may have another one of that name within. */
function agreeingReader(
  fn: object,
  variables: readonly FreeVariable[],
  scopes: readonly Scope[],
): VariableReader | undefined {
  const names = variables.map(({ name }) => name);
  try {
    const values = names.map((name) => scopeWith(name, scopes)?.[name]);
    // Of a variable without a value, Node 20 does not tell whether it is initialised. Globals are in no scope.
    if (names.length === 0 || values.includes(undefined)) return undefined;
    const reader = variableReader(fn, names);
    const told = reader?.();
    return names.every((name, i) => Object.is(told?.[name], values[i])) ? reader : undefined;
  } catch {
    // A variable is not initialised.
    return undefined;
  }
}
