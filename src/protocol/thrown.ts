/**
 * What a kernel threw, as data. Class, message, stack, own fields and nested causes cross threads. The sequential strategy packs and
 * unpacks, too, so that `error.cause` is the same wherever the kernel ran.
 */

import { quote } from "../errors.js";
import { structuredClone } from "../platform/builtins.js";
import { isError } from "../platform/realms.js";
import { ResultCopier } from "./result-copy.js";

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

// A chain of causes may be a ring, and aggregates may hold each other. More of them do not help a reader.
const MAX_DEPTH = 16;
const MAX_ERRORS = 100;
/** Fields that are packed apart from the others. */
const OWN_WAY = new Set(["cause", "errors", "stack", "message", "name"]);
// Characters. More text does not help a reader, and would be copied several times.
const MAX_TEXT = 64 * 1024;
// Each takes some 20 µs to copy, so more would keep the call waiting for its error.
const MAX_FIELDS = 1000;

export function packThrown(thrown: unknown): Thrown {
  return pack(thrown, { errorsLeft: MAX_ERRORS }, 0);
}

/** How many causes and errors of aggregates may still be packed. */
interface Budget {
  errorsLeft: number;
}

function pack(thrown: unknown, budget: Budget, depth: number): Thrown {
  try {
    if (isError(thrown)) return packError(thrown, budget, depth);
    return { type: "value", value: clonable(() => thrown) };
  } catch {
    // A proxy that does not even tell its prototype.
    return { type: "value", value: "a thrown value that cannot be read" };
  }
}

export function unpackThrown(packed: Thrown): unknown {
  if (packed.type === "value") return packed.value;
  const error = newError(packed);
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

function newError({ base, name, message, errors }: Thrown & { type: "error" }): Error {
  if (errors !== undefined) return new AggregateError(errors.map(unpackThrown), message);
  if (base === "DOMException") return new DOMException(message, name);
  return new (BUILT_IN[base] ?? Error)(message);
}

/** Reads part by part. Each may be a getter that throws, and the others still arrive. */
function packError(error: Error, budget: Budget, depth: number): Thrown {
  budget.errorsLeft -= 1;
  const goesOn = depth < MAX_DEPTH && budget.errorsLeft > 0;
  const fields: Record<string, unknown> = {};
  for (const key of attempt(() => Object.keys(error), []).slice(0, MAX_FIELDS)) {
    if (!OWN_WAY.has(key)) fields[key] = clonable(() => (error as unknown as Record<string, unknown>)[key]);
  }
  const cause = goesOn ? attempt(() => error.cause, undefined) : undefined;
  const errors = attempt(() => isAggregate(error), false)
    ? attempt(() => (error as AggregateError).errors as unknown[], [])
    : undefined;
  return {
    type: "error",
    name: attempt(() => text(ownName(error)), "Error"),
    base: attempt(() => builtInBase(error), "Error"),
    message: attempt(() => text(error.message), "[a message that cannot be read]"),
    stack: attempt(() => (error.stack === undefined ? undefined : text(error.stack)), undefined),
    fields,
    cause: cause === undefined ? undefined : pack(cause, budget, depth + 1),
    errors: errors && (goesOn ? attempt(() => packAll(errors, budget, depth + 1), []) : []),
  };
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

function packAll(errors: readonly unknown[], budget: Budget, depth: number): Thrown[] {
  const packed: Thrown[] = [];
  for (const error of errors) {
    if (budget.errorsLeft <= 0) break;
    packed.push(pack(error, budget, depth));
  }
  return packed;
}

/** The error's name, or its class's name if the class does not set one. */
function ownName(error: Error): string {
  const constructorName: unknown = error.constructor?.name;
  const isBuiltIn = error.name === "AggregateError" || Object.hasOwn(BUILT_IN, error.name);
  const inherited = isBuiltIn && typeof constructorName === "string" && constructorName !== "";
  return inherited ? (constructorName as string) : error.name;
}

function isAggregate(error: Error): boolean {
  return error instanceof AggregateError || (isForeign(error) && error.name === "AggregateError");
}

/** Whether it is of another realm, whose classes are known by their names. */
function isForeign(error: Error): boolean {
  return !(error instanceof Error);
}

function builtInBase(error: Error): string {
  if (error instanceof DOMException) return "DOMException";
  const byName = isForeign(error);
  let prototype: unknown = Object.getPrototypeOf(error);
  while (prototype !== null && typeof prototype === "object") {
    for (const [name, builtIn] of Object.entries(BUILT_IN)) {
      if (builtIn.prototype === prototype) return name;
      if (byName && Object.hasOwn(prototype, "name") && (prototype as Error).name === name) return name;
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  return "Error";
}

function text(value: unknown): string {
  const string = String(value);
  return string.length > MAX_TEXT ? `${string.slice(0, MAX_TEXT)}...` : string;
}

// This copies everything, because errors may hold arrays of the payload or of the kernel's module.
const copying = new ResultCopier(true, new Set());

/** A copy of the value, or a description of one that structured clone refuses. */
function clonable(read: () => unknown): unknown {
  let value: unknown;
  try {
    value = read();
    if (typeof value === "string") return text(value);
    return structuredClone(copying.prepare(value).value);
  } catch {
    return `[${quote(value)}]`;
  }
}
