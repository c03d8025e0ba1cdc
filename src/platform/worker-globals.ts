/** Tells which globals a fresh worker has. A kernel may use these, and none that the program has made for itself. */
import { COMMON_GLOBALS, globalProperty, isNative, looksBuiltIn } from "./common-globals.js";

/** Globals that only Node has. */
const NODE_GLOBALS = new Set(["Buffer", "clearImmediate", "global", "process", "setImmediate"]);

/** The version since which Node has other globals. Before that they are a library's. */
const SINCE = new Map(
  Object.entries({
    Navigator: 21,
    navigator: 21,
    WebSocket: 22,
    CloseEvent: 23,
    URLPattern: 24,
    ErrorEvent: 25,
    QuotaExceededError: 25,
    Storage: 25,
    localStorage: 25,
    sessionStorage: 25,
  }),
);

/** The last version of Node whose globals are known. */
const LATEST_KNOWN = 26;

export function isInWorkers(name: string): boolean {
  if (COMMON_GLOBALS.has(name) || NODE_GLOBALS.has(name)) return true;
  const major = nodeMajor();
  const since = SINCE.get(name);
  if (since !== undefined && major >= since) return true;
  // The globals of Bun, of Deno and of later versions are not known.
  if (major > LATEST_KNOWN || "Bun" in globalThis || "Deno" in globalThis) return looksBuiltIn(name);
  const property = globalProperty(name);
  return property !== undefined && isOfEngine(name, property);
}

/** V8's globals are functions and namespaces, as plain values that are not enumerable; only `gc` (`--expose-gc`) is. */
function isOfEngine(name: string, { value, enumerable }: PropertyDescriptor): boolean {
  if (enumerable === true && name !== "gc") return false;
  return isNative(value) || (name === "Temporal" && looksBuiltIn(name));
}

function nodeMajor(): number {
  return Number.parseInt(globalThis.process?.versions?.node ?? "", 10);
}
