/** Captured values: what they may hold, and what they are refused for. */
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
  /** What it must be, and is not. */
  readonly why: string;

  constructor(path: string, why: string) {
    super(`${path} ${why}`);
    this.path = path;
    this.why = why;
  }
}

// As of `args`.
const MAX_DEPTH = 500;

export const DATA = "must be data or a plain function";

/**
 * Whether there are functions in a value.
 * @param ancestors objects around it
 * @throws Refusal for what is neither data nor a function
 */
export function holdsFunctions(value: unknown, path: string, ancestors: object[] = []): boolean {
  if (typeof value === "function") return true;
  if (typeof value === "symbol") throw new Refusal(path, `${DATA}, got a symbol`);
  if (typeof value !== "object" || value === null || isTypedArray(value) || isDate(value)) return false;
  if (isWasmModule(value)) return false;
  const isList = Array.isArray(value);
  if (!isList && !isRecord(value)) throw refusedObject(value, path);
  if (ancestors.includes(value)) {
    throw new Refusal(path, "must be free of cycles, got an object that contains itself");
  }
  if (ancestors.length >= MAX_DEPTH) throw new Refusal(path, `must be nested at most ${MAX_DEPTH} deep`);
  ancestors.push(value);
  let hasFunctions = false;
  const keys = isList ? value.keys() : Object.keys(value);
  for (const key of keys) {
    const each: unknown = isList ? value[key as number] : memberIn(value as Scope, key as string, path);
    // Numbers and texts need no look.
    if (typeof each !== "object" && typeof each !== "function" && typeof each !== "symbol") continue;
    hasFunctions = holdsFunctions(each, elementPath(value, `${key}`, path), ancestors) || hasFunctions;
  }
  ancestors.pop();
  return hasFunctions;
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

/** An object that stands for a module: of the language, of Vite and Vitest, or of a bundler. */
export function isNamespace(value: unknown, name = ""): value is Scope {
  if (typeof value !== "object" || value === null) return false;
  return (
    VITE_IMPORT.test(name) ||
    Object.prototype.toString.call(value) === "[object Module]" ||
    Object.hasOwn(value, "__esModule")
  );
}

export function isMethod(value: unknown, name: string): boolean {
  if (typeof value !== "object" || value === null) return false;
  for (let holder: object | null = value; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, name);
    if (property !== undefined) return typeof property.value === "function";
  }
  return false;
}

/** @param method of it that is used; default: the first one of its class */
export function refusedObject(value: object, path: string, method?: string): Refusal {
  const prototype = (Object.getPrototypeOf(value) ?? {}) as object;
  const used =
    method ??
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
