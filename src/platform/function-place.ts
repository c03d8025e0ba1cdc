/**
 * Where a function is in the program's files. V8's inspector tells the script and the position. It tells the address of a
 * script only to a debugger. So that domain is enabled for a moment if a script is not known yet. This takes 20 ms, when a
 * kernel has failed.
 */
import type { Debugger, Runtime } from "node:inspector";
import { builtInModule } from "./built-in-module.js";
import { inspect, type Post, type Session } from "./inspector.js";
import { HANDED_OVER, handOver } from "./main-realm.js";

/** A position in a file as V8 has it: after a loader, before source maps. From 0. */
export interface FilePlace {
  readonly url: string;
  /** Whether the function is in an ES module. Scripts are known by their paths, of which Node's inspector makes addresses. */
  readonly isModule: boolean;
  readonly line: number;
  readonly column: number;
}

interface Properties {
  readonly result: readonly Runtime.PropertyDescriptor[];
  readonly internalProperties?: readonly Runtime.InternalPropertyDescriptor[];
}

const addresses = new Map<string, string>();

/** Where the text of an arrow function begins, or the parameters of another function. `undefined` if it is in no file. */
export function placeOfFunction(fn: object): FilePlace | undefined {
  try {
    return handOver(fn, () => inspect(locate));
  } catch {
    // The inspector is not V8's, or the function is bound.
    return undefined;
  }
}

function locate({ post, on }: Session): FilePlace | undefined {
  const { result } = post<{ result: Runtime.RemoteObject }>("Runtime.evaluate", { expression: HANDED_OVER });
  const { internalProperties = [] } = propertiesOf(result, post);
  const internal = (wanted: string) => internalProperties.find(({ name }) => name === wanted)?.value;
  const location: Debugger.Location | undefined = internal("[[FunctionLocation]]")?.value;
  if (location === undefined) return undefined;
  const { scriptId, lineNumber: line, columnNumber: column = 0 } = location;
  if (!addresses.has(scriptId)) {
    on("Debugger.scriptParsed", ({ scriptId, url }) => addresses.set(scriptId, url));
    post("Debugger.enable", {});
    post("Debugger.disable", {});
  }
  const url = addresses.get(scriptId) ?? "";
  if (url === "") return undefined;
  const scopes = propertiesOf(internal("[[Scopes]]"), post).result;
  return { url, isModule: scopes.some(({ value }) => value?.description === "Module"), line, column };
}

function propertiesOf(object: Runtime.RemoteObject | undefined, post: Post): Properties {
  return post("Runtime.getProperties", { objectId: object?.objectId, ownProperties: true });
}

/**
 * A place as a stack frame of this thread names it: as `url:line:column`, or what source maps make of it if the program has
 * them on, or its loader or test runner does. There is no function for that, so a script of that address makes an error there.
 */
export function framePlace({ url, isModule, line, column }: FilePlace): string {
  const isPath = !isModule && url.startsWith("file:");
  const filename = isPath ? builtInModule("node:url").fileURLToPath(url) : url;
  const plain = `${filename}:${line + 1}:${column + 1}`;
  try {
    const { Script } = builtInModule("node:vm");
    const script = new Script("new Error().stack", { filename, lineOffset: line, columnOffset: column });
    const [, frame = ""] = String(script.runInThisContext()).split("\n");
    return /^\s+at (?:.* \()?(.*:\d+:\d+)\)?$/.exec(frame)?.[1] ?? plain;
  } catch {
    return plain;
  }
}
