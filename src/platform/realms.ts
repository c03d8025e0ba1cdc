/**
 * Knows built-in objects of any realm. `instanceof` knows only those of its own realm, not those of `node:vm` contexts and
 * frames.
 */

export function isDate(value: object): value is Date {
  return value instanceof Date || has(value, "Date", Date.prototype.getTime);
}

export function isMap(value: object): value is Map<unknown, unknown> {
  return value instanceof Map || has(value, "Map", Map.prototype.keys);
}

export function isSet(value: object): value is Set<unknown> {
  return value instanceof Set || has(value, "Set", Set.prototype.keys);
}

// Node's own errors are of the main realm, even in a context of node:vm.
const ERRORS = /^\[object (Error|DOMException)\]$/;

/** Whether it is an error. @throws what a proxy throws that does not even tell its prototype */
export function isError(value: unknown): value is Error {
  if (value instanceof Error) return true;
  try {
    return ERRORS.test(tagOf(value));
  } catch {
    return false;
  }
}

export function isSignal(signal: AbortSignal): boolean {
  return (
    signal instanceof AbortSignal ||
    (tagOf(signal) === "[object AbortSignal]" &&
      typeof (signal as AbortSignal).addEventListener === "function")
  );
}

/** @param method one that throws on anything but an object of that kind, even if an object pretends to be one */
function has(value: object, kind: string, method: (this: never) => unknown): boolean {
  if (tagOf(value) !== `[object ${kind}]`) return false;
  try {
    Reflect.apply(method, value, []);
    return true;
  } catch {
    return false;
  }
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value);
}
