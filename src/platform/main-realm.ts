/**
 * Hands values over to scripts of the main realm: those of node:vm's `runInThisContext` and of the inspector. In a context of
 * node:vm, such as Jest's and Vitest's, this module has another global object than they have. Only files with a twin import it.
 */
import { builtInModule } from "./built-in-module.js";

const { Script } = builtInModule("node:vm");

const KEY = Symbol.for("sharray.handed-over");
const NAME = `[Symbol.for(${JSON.stringify(KEY.description)})]`;

/** In a script of the main realm: the value that was handed over. */
export const HANDED_OVER = `(globalThis${NAME} ?? globalThis.process${NAME})`;

interface Place {
  [KEY]?: unknown;
}

/** Its global object. */
export const MAIN_REALM = new Script("globalThis").runInThisContext() as typeof globalThis;

/** Does `work`, during which `HANDED_OVER` is `value`. @returns what `work` returns */
export function handOver<T>(value: object, work: () => T): T {
  // The global object may be frozen.
  const place = (Object.isExtensible(MAIN_REALM) ? MAIN_REALM : MAIN_REALM.process) as Place;
  const before = place[KEY];
  place[KEY] = value;
  try {
    return work();
  } finally {
    if (before === undefined) delete place[KEY];
    else place[KEY] = before;
  }
}
