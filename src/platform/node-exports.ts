/** Functions that Node's own modules export. `node-exports.browser.ts` is the twin. */
import { builtInModule } from "./built-in-module.js";

/** The way to a function in every thread. */
export interface NodeExport {
  /** `node:path` */
  readonly url: string;
  readonly name: string;
}

const exported = new WeakMap<object, NodeExport>();
let listed = 0;

/**
 * Where Node exports this function; `undefined` if no module that the program has loaded does. Listing what they export takes
 * some milliseconds, once.
 */
export function nodeExport(fn: object): NodeExport | undefined {
  // Node has the list for its own tests. Without it nothing is found.
  const { moduleLoadList = [] } = process as { readonly moduleLoadList?: readonly string[] };
  for (; listed < moduleLoadList.length; listed += 1) {
    const [, name] = PUBLIC.exec(moduleLoadList[listed] as string) ?? [];
    if (name !== undefined) list(`node:${name}`);
  }
  return exported.get(fn);
}

const PUBLIC = /^NativeModule ((?!internal\/)[a-z][\w/]*)$/;

function list(url: string): void {
  let module: object;
  try {
    module = builtInModule(url) as object;
  } catch {
    // The module is Node's own.
    return;
  }
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(module)))
    if (typeof value === "function" && !exported.has(value)) exported.set(value, { url, name });
}
