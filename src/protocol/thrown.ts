/**
 * What a kernel threw, as data: class, message, stack, own fields and nested causes survive the way between threads.
 * The sequential strategy takes the same way, so that `error.cause` is the same wherever the kernel ran.
 */

/** A thrown value in a form that structured clone carries. */
export type Thrown =
  | { readonly type: "value"; readonly value: unknown }
  | {
      readonly type: "error";
      readonly name: string;
      /** The built-in class to rebuild: `TypeError` for `class Mine extends TypeError`. */
      readonly base: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly cause: Thrown | undefined;
      /** The errors of an `AggregateError`. */
      readonly errors: readonly Thrown[] | undefined;
    };

const BUILT_IN: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

// A chain of causes may be a ring; deeper ones are of no use to a reader.
const MAX_CAUSES = 16;
// Text beyond this helps nobody and would travel through memory several times.
const MAX_TEXT = 64 * 1024;

export function packThrown(thrown: unknown, depth = 0): Thrown {
  try {
    if (thrown instanceof Error) return packError(thrown, depth);
    return { type: "value", value: clonable(thrown) };
  } catch {
    // Proxies and hostile getters: nothing of them can be read.
    return { type: "value", value: "a thrown value that cannot be read" };
  }
}

export function unpackThrown(packed: Thrown): unknown {
  if (packed.type === "value") return packed.value;
  const Base = BUILT_IN[packed.base] ?? Error;
  const error: Error =
    packed.errors === undefined
      ? new Base(packed.message)
      : new AggregateError(packed.errors.map(unpackThrown), packed.message);
  const hidden = { configurable: true, writable: true, enumerable: false };
  if (error.name !== packed.name) Object.defineProperty(error, "name", { ...hidden, value: packed.name });
  Object.defineProperty(error, "stack", { ...hidden, value: packed.stack });
  if (packed.cause !== undefined) {
    Object.defineProperty(error, "cause", { ...hidden, value: unpackThrown(packed.cause) });
  }
  for (const [key, value] of Object.entries(packed.fields)) {
    Object.defineProperty(error, key, { ...hidden, enumerable: true, value });
  }
  return error;
}

function packError(error: Error, depth: number): Thrown {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (key === "cause" || key === "errors" || key === "stack" || key === "message" || key === "name")
      continue;
    fields[key] = clonable((error as unknown as Record<string, unknown>)[key]);
  }
  const hasCause = error.cause !== undefined && depth < MAX_CAUSES;
  return {
    type: "error",
    name: text(ownName(error)),
    base: builtInBase(error),
    message: text(error.message),
    stack: error.stack === undefined ? undefined : text(error.stack),
    fields,
    cause: hasCause ? packThrown(error.cause, depth + 1) : undefined,
    errors:
      error instanceof AggregateError && depth < MAX_CAUSES
        ? error.errors.map((each) => packThrown(each, depth + 1))
        : undefined,
  };
}

/** A class that does not set `name` is still known by its own name. */
function ownName(error: Error): string {
  const constructorName: unknown = error.constructor?.name;
  const inherited = error.name in BUILT_IN && typeof constructorName === "string" && constructorName !== "";
  return inherited ? (constructorName as string) : error.name;
}

function builtInBase(error: Error): string {
  let prototype: unknown = Object.getPrototypeOf(error);
  while (prototype !== null && typeof prototype === "object") {
    for (const [name, builtIn] of Object.entries(BUILT_IN)) {
      if (builtIn.prototype === prototype) return name;
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  return "Error";
}

function text(value: unknown): string {
  const string = String(value);
  return string.length > MAX_TEXT ? `${string.slice(0, MAX_TEXT)}...` : string;
}

/** The value, or a description of one that structured clone refuses or that is shared memory. */
function clonable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return typeof value === "function" ? `[function ${value.name}]` : `[${text(value)}]`;
  }
}
