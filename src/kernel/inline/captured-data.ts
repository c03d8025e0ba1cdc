/** Captured values: what they may hold, and why they are refused. */
import { quote } from "../../errors.js";
import { isTypedArray } from "../../memory/dtypes.js";
import { isRecord } from "../../memory/inputs.js";
import { isWasmModule } from "../../memory/wasm-modules.js";
import type { Scope } from "../../platform/closure.js";
import { keyPath } from "../../platform/key-path.js";
import { isDate } from "../../platform/realms.js";
import { VITE_IMPORT } from "./vite-import.js";

/** A captured variable can't travel. */
export class Refusal extends Error {
  /** From the kernel to the value: `model.fit`. */
  readonly path: string;
  /** What the value must be, and is not. */
  readonly why: string;

  constructor(path: string, why: string) {
    super(`${path} ${why}`);
    this.path = path;
    this.why = why;
  }
}

// The same limit as of `args`.
const MAX_DEPTH = 500;

export const DATA = "must be data or a plain function";

/**
 * Whether code must make a worker's copy of a value. It must if msgpack does not carry a part of it: a function, an object
 * without prototype, or a member that is undefined.
 * @param ancestors objects around it
 * @throws Refusal for what is neither data nor a function
 */
export function needsCode(value: unknown, path: string, ancestors: object[] = []): boolean {
  if (typeof value === "function") return true;
  if (typeof value === "symbol") throw new Refusal(path, `${DATA}, got a symbol`);
  if (typeof value !== "object" || value === null || isTypedArray(value) || isDate(value)) return false;
  if (isWasmModule(value)) return false;
  const isList = Array.isArray(value);
  const prototypes = prototypesOf(value);
  if (isList ? prototypes.length > 2 : !isRecord(value)) throw refusedObject(value, path);
  if (ancestors.includes(value)) {
    throw new Refusal(path, "must be free of cycles, got an object that contains itself");
  }
  if (ancestors.length >= MAX_DEPTH) throw new Refusal(path, `must be nested at most ${MAX_DEPTH} deep`);
  ancestors.push(value);
  let isOfCode = prototypes.length === 0;
  const keys = isList ? value.keys() : keysOf(value, path);
  for (const key of keys) {
    const each: unknown = isList ? value[key as number] : memberIn(value as Scope, key as string, path);
    // Args lose such a member. In a list they refuse it.
    isOfCode ||= each === undefined && !isList;
    // Numbers and texts need no look.
    if (typeof each !== "object" && typeof each !== "function" && typeof each !== "symbol") continue;
    isOfCode = needsCode(each, elementPath(value, `${key}`, path), ancestors) || isOfCode;
  }
  ancestors.pop();
  return isOfCode;
}

/** The keys of an object that is copied. @throws Refusal if it has more than copies have */
function keysOf(value: object, path: string): readonly string[] {
  const keys = Object.keys(value);
  const all = Reflect.ownKeys(value);
  if (all.length === keys.length) return keys;
  const hidden = all.find((key) => !keys.includes(key as string) && key !== "__esModule");
  if (hidden === undefined) return keys;
  const shown = typeof hidden === "symbol" ? `${path}[${String(hidden)}]` : elementPath(value, hidden, path);
  throw new Refusal(shown, "must be enumerable and have a name, because copies have no other members");
}

/** The objects from which it inherits. */
export function prototypesOf(value: object): readonly object[] {
  const chain: object[] = [];
  for (
    let each: object | null = Object.getPrototypeOf(value);
    each !== null;
    each = Object.getPrototypeOf(each)
  )
    chain.push(each);
  return chain;
}

/** How many prototypes the worker's copy of a built-in object has: the last ones of its own. `undefined` if it is another object. */
export function builtInLevels(value: unknown): number | undefined {
  if (isTypedArray(value)) return 3;
  return Array.isArray(value) || (typeof value === "object" && value !== null && isDate(value))
    ? 2
    : undefined;
}

/**
 * The value of a member.
 * @param path of the object
 * @throws Refusal for one that is computed
 */
export function memberIn(object: Scope, member: string, path: string): unknown {
  const property = Object.getOwnPropertyDescriptor(object, member);
  const isAccessor = property?.get !== undefined || property?.set !== undefined;
  if (isAccessor && !isNamespace(object)) {
    throw new Refusal(elementPath(object, member, path), `${DATA}, got an accessor`);
  }
  return object[member];
}

/** A module as an object: of the language, of Vite and Vitest, or of a bundler. */
export function isNamespace(value: unknown, name = ""): value is Scope {
  if (typeof value !== "object" || value === null) return false;
  return (
    VITE_IMPORT.test(name) ||
    Object.prototype.toString.call(value) === "[object Module]" ||
    Object.hasOwn(value, "__esModule")
  );
}

// The properties that the language gives to functions.
const OF_FUNCTIONS = new Set(["length", "name", "prototype", "arguments", "caller"]);

/** Whether the program has given the function this property. */
export function wasGiven(fn: object, name: string): boolean {
  return !OF_FUNCTIONS.has(name) && Object.hasOwn(fn, name);
}

export function isMethod(value: object, name: string): boolean {
  const holder = [value, ...prototypesOf(value)].find((each) => Object.hasOwn(each, name));
  return typeof (holder && Object.getOwnPropertyDescriptor(holder, name)?.value) === "function";
}

/** @param member of it that is used and that a copy lacks; default: the first method of its class */
export function refusedObject(value: object, path: string, member?: string): Refusal {
  if (member !== undefined && !isMethod(value, member))
    return new Refusal(`${path}${keyPath(member)}`, `${DATA}, got what ${quote(value)} inherits`);
  const prototype = (Object.getPrototypeOf(value) ?? {}) as object;
  const used =
    member ??
    Object.getOwnPropertyNames(prototype).find((name) => name !== "constructor" && isMethod(prototype, name));
  if (used === undefined) return new Refusal(path, `${DATA}, got ${quote(value)}`);
  return new Refusal(`${path}${keyPath(used)}`, `${DATA}, got a method of ${quote(value)}`);
}

/** @param path empty for the kernel itself */
export function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

export function elementPath(holder: object, key: string, path: string): string {
  if (Array.isArray(holder)) return `${path}[${key}]`;
  return path === "" ? key : `${path}${keyPath(key)}`;
}
