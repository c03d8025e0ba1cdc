import { isRecord } from "../../memory/inputs.js";
import type { ReadScopes, Scope } from "../../platform/closure.js";
import { globalProperty } from "../../platform/common-globals.js";
import { nodeExport } from "../../platform/node-exports.js";
import type { Captured } from "../captured.js";
import { type ModuleExport, moduleExport } from "../module/define.js";
import type { AnyKernel } from "../types.js";
import { builtInPath } from "./built-in-path.js";
import { elementPath, isNamespace, join, memberIn, needsCode, Refusal, wasGiven } from "./captured-data.js";
import { assertCopyServes, isHandedToWriter, textOf, writtenTo } from "./captured-use.js";
import { ClosureSource, type Variables } from "./closure-source.js";
import type { FreeVariable } from "./kernel-text.js";
import { liveScopesOf, noteReading } from "./live-scopes.js";
import { type KnownText, mayHideGlobals, noteLook } from "./source.js";
import { globalValue, scopeWith, valueIn } from "./variable-value.js";
import { VITE_IMPORT } from "./vite-import.js";

/** A closure as source and values. */
export interface Closure extends Captured {
  /** `(...imported) => (values) => function`. The values are named by their paths. */
  readonly source: string;
  /** Kernels of modules among the captured functions. */
  readonly imports: readonly ModuleExport[];
  readonly stateful: boolean;
  readonly lingers: boolean;
  readonly writes: number;
}

// All parameters that kernels have.
const WRITES_ALL = 0b111;

const NONE: ReadonlySet<string> = new Set();

/** Reads a kernel's closure. */
export class ClosureReader {
  readonly #scopesOf: ReadScopes;
  readonly #source = new ClosureSource();
  /** Numbers of functions. */
  readonly #numbers = new Map<object, number>();
  /** Functions whose variables are being read. */
  readonly #open = new Set<object>();
  readonly #imports: ModuleExport[] = [];
  readonly #values: Record<string, unknown> = {};
  /** Expressions for objects among the values. */
  readonly #known = new Map<unknown, string>();
  /** Whether the value that was read last leads to a function that is not there yet. */
  #isLate = false;
  #stateful = false;
  #lingers = false;
  #writes = 0;
  #writesShared = false;

  constructor(scopesOf: ReadScopes) {
    this.#scopesOf = scopesOf;
  }

  /** @throws Refusal */
  read(kernel: object): Closure {
    this.#function(kernel, "", NONE);
    return {
      source: this.#source.end(0, this.#imports.length),
      imports: this.#imports,
      values: this.#values,
      functions: this.#source.functions,
      stateful: this.#stateful,
      lingers: this.#lingers,
      writes: this.#writes,
      writesShared: this.#writesShared,
    };
  }

  /**
   * @param path empty for the kernel itself
   * @param members of its properties, those that are used; `undefined` if all may be
   * @returns an expression for the function
   */
  #function(fn: object, path: string, members: ReadonlySet<string> | undefined): string {
    let number = this.#numbers.get(fn);
    if (number === undefined) {
      const exported = path === "" ? undefined : moduleExport(fn as AnyKernel);
      if (exported !== undefined) return this.#imported(exported);
      const builtIn = path === "" ? undefined : builtInPath(fn);
      if (builtIn !== undefined) return builtIn;
      const ofNode = path === "" ? undefined : nodeExport(fn);
      if (ofNode !== undefined) return this.#imported({ ...ofNode, threadSafe: true });
      number = this.#bySource(fn, path);
    } else this.#isLate ||= this.#open.has(fn);
    this.#ownProperties(fn, number, members, path);
    return ClosureSource.function(number);
  }

  /** Takes along what the program has given a function as properties. */
  #ownProperties(fn: object, number: number, members: ReadonlySet<string> | undefined, path: string): void {
    const names = members === undefined ? Object.keys(fn) : [...members].filter((name) => wasGiven(fn, name));
    if (names.length === 0) return;
    const parts = this.#source.propertiesOf(number);
    const wasLate = this.#isLate;
    for (const name of names) {
      if (parts.has(name)) continue;
      // It may lead to this function again.
      parts.set(name, "");
      parts.set(name, this.#member(fn as Scope, name, path));
    }
    this.#isLate = wasLate;
  }

  /** @returns the number of the function */
  #bySource(fn: object, path: string): number {
    const text = textOf(fn, path);
    this.#stateful ||= text.stateful;
    this.#lingers ||= text.lingers;
    // The arguments of a captured function are unknown.
    this.#writes |= path !== "" && text.writes !== 0 ? WRITES_ALL : text.writes;
    const number = this.#numbers.size;
    this.#numbers.set(fn, number);
    this.#open.add(fn);
    const variables = this.#variables(fn, text, path);
    this.#open.delete(fn);
    this.#source.addFunction(fn, number, text.source, variables);
    if (text.itself !== undefined) this.#itself(fn, number, text.itself, path);
    return number;
  }

  /** What a function does with itself by its own name. */
  #itself(fn: object, number: number, use: FreeVariable, path: string): void {
    const own = path === "" ? use.name : path;
    // A worker has none of the properties that earlier calls have given it.
    if (use.isWrittenInto && Object.keys(fn).length > 0) throw writtenTo(own);
    this.#ownProperties(fn, number, use.members, own);
  }

  #variables(fn: object, text: KnownText, path: string): Variables {
    const { captures, variables } = text;
    if (captures.includes("import.meta")) throw new Refusal(join(path, "import.meta"), "no worker has");
    const given = new Map<string, string>();
    const late = new Map<string, string>();
    const wasLate = this.#isLate;
    if (variables.length === 0 && !mayHideGlobals(fn, text)) return { given, late };
    const live = liveScopesOf(fn);
    const scopes = live ?? this.#scopesOf(fn);
    const around = live ? [] : noteLook(fn, text, (global) => scopeWith(global, scopes) !== undefined);
    if (live === undefined && around.length === 0) noteReading(fn, variables, scopes);
    for (const variable of [...variables, ...around.map(usedWhole)]) {
      this.#isLate = false;
      const value = this.#variable(variable, scopes, path);
      if (value !== undefined) (this.#isLate ? late : given).set(variable.name, value);
    }
    this.#isLate = wasLate;
    return { given, late };
  }

  #imported(exported: ModuleExport): string {
    this.#stateful = true;
    this.#lingers = true;
    const known = this.#imports.findIndex(({ url, name }) => url === exported.url && name === exported.name);
    return ClosureSource.imported(known === -1 ? this.#imports.push(exported) - 1 : known);
  }

  /** @returns an expression for its value; `undefined` if it is none, as the text expects */
  #variable(variable: FreeVariable, scopes: readonly Scope[], path: string): string | undefined {
    const { name, members, isAssigned, isProbed, isWrittenInto, isMutated } = variable;
    const own = join(path, name);
    if (name === "eval") throw new Refusal(own, "must have another name");
    if (isAssigned) throw new Refusal(own, "must not be assigned to, because workers have copies");
    const scope = scopeWith(name, scopes);
    if (isProbed && scope === undefined && globalProperty(name) === undefined) return undefined;
    const value = scope === undefined ? globalValue(name, own) : valueIn(scope, name, own);
    if (isRequire(value, name)) throw new Refusal(own, 'belongs to its file: use "await import()" instead');
    if (isNamespace(value, name)) {
      if (members === undefined) throw new Refusal(own, "must be used by the names of its exports only");
      return this.#members(value, members, VITE_IMPORT.test(name) ? path : own);
    }
    if (isWrittenInto || isMutated) this.#writes = WRITES_ALL;
    const isHanded = isHandedToWriter(variable, value, scopes, own);
    this.#writesShared ||= isHanded;
    if (builtInPath(value) === undefined) {
      const writes = assertCopyServes(value, variable, own);
      this.#writesShared ||= writes;
      if (typeof value === "function") return this.#function(value, own, members);
      if (members !== undefined && isRecord(value)) return this.#members(value, members, own);
    }
    return this.#value(value, own);
  }

  /** What a function uses of an object. */
  #members(object: Scope, members: Iterable<string>, path: string): string {
    const parts = [...members].map((member) => this.#member(object, member, path));
    // Its prototype tells which other members it seems to have.
    const start = Object.getPrototypeOf(object) === null && !isNamespace(object) ? "__proto__:null," : "";
    return `Object.freeze({${start}${parts.join()}})`;
  }

  #member(object: Scope, member: string, path: string): string {
    const value = memberIn(object, member, path);
    return `[${JSON.stringify(member)}]:${this.#value(value, elementPath(object, member, path))}`;
  }

  /** @returns an expression for it */
  #value(value: unknown, path: string): string {
    if (typeof value === "function") return this.#function(value, path, undefined);
    const builtIn = builtInPath(value);
    if (builtIn !== undefined) return builtIn;
    if (needsCode(value, path)) return this.#container(value as object, path);
    // Variables that hold the same object hold the same copy.
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    let unique = path;
    while (Object.hasOwn(this.#values, unique) || unique === "__proto__") unique += "'";
    this.#values[unique] = value;
    const expression = ClosureSource.value(unique);
    if (typeof value === "object" && value !== null) this.#known.set(value, expression);
    return expression;
  }

  /** A list or an object that code makes. */
  #container(value: object, path: string): string {
    if (!Array.isArray(value)) return this.#members(value as Scope, Object.keys(value), path);
    const parts = Array.from(value, (each: unknown, i) =>
      this.#value(each, elementPath(value, `${i}`, path)),
    );
    return `Object.freeze([${parts.join()}])`;
  }
}

/** What a file of CommonJS loads others by. */
function isRequire(value: unknown, name: string): boolean {
  return name === "require" && typeof value === "function" && Object.hasOwn(value, "resolve");
}

function usedWhole(name: string): FreeVariable {
  return {
    name,
    members: undefined,
    isAssigned: false,
    isProbed: false,
    isWrittenInto: false,
    isMutated: false,
    handedTo: [],
  };
}
