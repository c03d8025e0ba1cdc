/**
 * Hands values to scripts of the main realm, which `runInThisContext` of node:vm and the inspector run. They have another global object
 * than this module if it is in a context of node:vm, such as Jest's and Vitest's. Only files with a twin import it.
 */
import { builtInModule } from "./built-in-module.js";

const { Script } = builtInModule("node:vm");

const KEY = Symbol.for("sharray.handed-over");

/** Source text that is the value that was handed over, in a script of the main realm. */
export const HANDED_OVER = `globalThis.process[Symbol.for(${JSON.stringify(KEY.description)})]`;

/** The global object of the main realm. */
export const MAIN_REALM = new Script("globalThis").runInThisContext() as typeof globalThis;

interface Place {
  [KEY]?: unknown;
}

/** Does `work`. Meanwhile `HANDED_OVER` is `value`. @returns what `work` returns */
export function handOver<T>(value: object, work: () => T): T {
  // This is not on the global object, which may be frozen, and becomes slow if properties come and go.
  const place = MAIN_REALM.process as Place;
  const before = place[KEY];
  place[KEY] = value;
  try {
    return work();
  } finally {
    if (before === undefined) delete place[KEY];
    else place[KEY] = before;
  }
}
