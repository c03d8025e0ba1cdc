/**
 * What a function needs of the scopes around it: values, which travel as `args` do, and other functions, which travel by
 * source as it does. Out of these comes one source that makes the function anew. Values are not in it, so that the same
 * functions over other values are the same kernel.
 */
import { isShared, isTypedArray } from "../../memory/dtypes.js";
import { isRecord } from "../../memory/inputs.js";
import type { ReadScopes, Scope } from "../../platform/closure.js";
import type { Captured, PlacedFunction } from "../captured.js";
import { type ModuleExport, moduleExport } from "../module/define.js";
import type { AnyKernel } from "../types.js";
import { builtInPath } from "./built-in-path.js";
import {
  DATA,
  elementPath,
  holdsFunctions,
  isMethod,
  isNamespace,
  join,
  memberIn,
  Refusal,
  refusedObject,
} from "./captured-data.js";
import type { FreeVariable } from "./kernel-text.js";
import { type KnownText, mayHideGlobals, noteLook, readText } from "./source.js";
import { globalValue, scopeWith, valueIn } from "./variable-value.js";
import { VITE_IMPORT } from "./vite-import.js";

/** What comes of a closure. */
export interface Closure extends Captured {
  /** `(...imported) => (values) => function`, of which the values are by path. */
  readonly source: string;
  /** Kernels of modules among the captured functions. */
  readonly imports: readonly ModuleExport[];
  readonly stateful: boolean;
  readonly lingers: boolean;
  readonly writes: number;
}

// All parameters that kernels have.
const WRITES_ALL = 0b111;

// Names in the source that no user has.
const VALUES = "$sharray_values";
const FUNCTION = "$sharray_f";
const IMPORT = "$sharray_i";
const LINK = "$sharray_l";

/** Reads a kernel's closure. */
export class ClosureReader {
  readonly #scopesOf: ReadScopes;
  readonly #parts: string[] = [];
  /** Numbers of functions. */
  readonly #numbers = new Map<object, number>();
  /** Functions whose variables are being read. */
  readonly #open = new Set<object>();
  readonly #functions: PlacedFunction[] = [];
  /** Lines of the parts so far. */
  #lines = 1;
  readonly #imports: ModuleExport[] = [];
  readonly #values: Record<string, unknown> = {};
  /** Assigns variables that hold functions which come later: they call each other. */
  readonly #links: string[] = [];
  /** Whether the value that was read last leads to a function that is not there yet. */
  #isLate = false;
  #stateful = false;
  #lingers = false;
  #writes = 0;

  constructor(scopesOf: ReadScopes) {
    this.#scopesOf = scopesOf;
  }

  /** @throws Refusal */
  read(kernel: object): Closure {
    const root = this.#function(kernel, "");
    const imported = this.#imports.map((_, i) => `${IMPORT}${i}`).join();
    const body = [...this.#parts, ...this.#links, `return ${root}`].join("\n");
    return {
      source: `(${imported})=>(${VALUES})=>{\n${body}\n}`,
      imports: this.#imports,
      values: this.#values,
      functions: this.#functions,
      stateful: this.#stateful,
      lingers: this.#lingers,
      writes: this.#writes,
    };
  }

  /**
   * @param path empty for the kernel itself
   * @returns an expression for the function
   */
  #function(fn: object, path: string): string {
    const number = this.#numbers.get(fn);
    if (number !== undefined) {
      this.#isLate ||= this.#open.has(fn);
      return `${FUNCTION}${number}`;
    }
    if (path === "") return this.#bySource(fn, path);
    const exported = moduleExport(fn as AnyKernel);
    return exported === undefined ? (builtInPath(fn) ?? this.#bySource(fn, path)) : this.#imported(exported);
  }

  #bySource(fn: object, path: string): string {
    const text = textOf(fn, path);
    this.#stateful ||= text.stateful;
    this.#lingers ||= text.lingers;
    // Nobody knows what a captured function is called with.
    this.#writes |= path !== "" && text.writes !== 0 ? WRITES_ALL : text.writes;
    const number = this.#numbers.size;
    this.#numbers.set(fn, number);
    this.#open.add(fn);
    const { given, late } = this.#variables(fn, text, path);
    this.#open.delete(fn);
    let declared = "";
    if (late.size > 0) {
      this.#add(`let ${LINK}${number};`);
      this.#links.push(`${LINK}${number}();`);
      const assigned = [...late].map(([name, value]) => `${name}=${value}`);
      declared = `let ${[...late.keys()].join()};${LINK}${number}=()=>{${assigned.join(";")}};`;
    }
    // Parameters, because V8 reads what is never assigned to twice as fast.
    const [names, values] = [[...given.keys()].join(), [...given.values()].join()];
    this.#functions.push({ fn, line: this.#lines + 1 });
    this.#add(
      `const ${FUNCTION}${number}=((${names})=>{${declared}return (\n${text.source}\n)})(${values});`,
    );
    return `${FUNCTION}${number}`;
  }

  #add(part: string): void {
    this.#parts.push(part);
    this.#lines += part.split("\n").length;
  }

  /** @returns expressions by name; `late` lead to functions that are not there yet */
  #variables(fn: object, text: KnownText, path: string) {
    const { captures, variables } = text;
    if (captures.includes("import.meta")) throw new Refusal(join(path, "import.meta"), "no worker has");
    const given = new Map<string, string>();
    const late = new Map<string, string>();
    const wasLate = this.#isLate;
    if (variables.length === 0 && !mayHideGlobals(fn, text)) return { given, late };
    const scopes = this.#scopesOf(fn);
    const around = noteLook(fn, text, (global) => scopeWith(global, scopes) !== undefined);
    for (const variable of [...variables, ...around.map(usedWhole)]) {
      this.#isLate = false;
      const value = this.#variable(variable, scopes, path);
      (this.#isLate ? late : given).set(variable.name, value);
    }
    this.#isLate = wasLate;
    return { given, late };
  }

  #imported(exported: ModuleExport): string {
    this.#stateful = true;
    this.#lingers = true;
    const known = this.#imports.findIndex(({ url, name }) => url === exported.url && name === exported.name);
    return `${IMPORT}${known === -1 ? this.#imports.push(exported) - 1 : known}`;
  }

  /** @returns an expression for its value */
  #variable(variable: FreeVariable, scopes: readonly Scope[], path: string): string {
    const { name, members, isAssigned, isWrittenInto, isMutated } = variable;
    const own = join(path, name);
    if (name === "eval") throw new Refusal(own, "must have another name");
    if (isAssigned) throw new Refusal(own, "must not be assigned to, because workers have copies");
    const scope = scopeWith(name, scopes);
    const value = scope === undefined ? globalValue(name, own) : valueIn(scope, name, own);
    if (isNamespace(value, name)) {
      if (members === undefined) throw new Refusal(own, "must be used by the names of its exports only");
      return this.#members(value, members, VITE_IMPORT.test(name) ? path : own);
    }
    if (isTypedArray(value) && isShared(value)) {
      if (isWrittenInto || isMutated) this.#writes = WRITES_ALL;
    } else if (isWrittenInto || (isMutated && (Array.isArray(value) || isTypedArray(value)))) {
      throw new Refusal(own, "must not be written to, because workers have copies of all but shared memory");
    }
    const isBuiltIn = builtInPath(value) !== undefined;
    if (members !== undefined && isRecord(value) && !isBuiltIn && hasNoneInherited(members, value)) {
      return this.#members(value, members, own);
    }
    const method = members !== undefined ? [...members].find((each) => isMethod(value, each)) : undefined;
    if (method !== undefined && !isTypedArray(value) && !Array.isArray(value))
      throw refusedObject(value as object, own, method);
    return this.#value(value, own);
  }

  /** What a function uses of an object. */
  #members(object: Scope, members: Iterable<string>, path: string): string {
    const parts = [...members].sort().map((member) => {
      const value = memberIn(object, member, path);
      return `[${JSON.stringify(member)}]:${this.#value(value, elementPath(object, member, path))}`;
    });
    return `Object.freeze({${parts.join()}})`;
  }

  /** @returns an expression for it */
  #value(value: unknown, path: string): string {
    if (typeof value === "function") return this.#function(value, path);
    const builtIn = builtInPath(value);
    if (builtIn !== undefined) return builtIn;
    if (holdsFunctions(value, path)) return this.#container(value as object, path);
    let unique = path;
    while (Object.hasOwn(this.#values, unique)) unique += "'";
    this.#values[unique] = value;
    return `${VALUES}[${JSON.stringify(unique)}]`;
  }

  /** A list or an object with functions in it. */
  #container(value: object, path: string): string {
    if (!Array.isArray(value)) return this.#members(value as Scope, Object.keys(value), path);
    const parts = Array.from(value, (each: unknown, i) =>
      this.#value(each, elementPath(value, `${i}`, path)),
    );
    return `Object.freeze([${parts.join()}])`;
  }
}

/** @throws Refusal if the text can't run on its own */
function textOf(fn: object, path: string): KnownText {
  if (path === "") return readText(fn);
  return readText(fn, (why) => {
    throw new Refusal(path, `${DATA}, and ${why}`);
  });
}

function usedWhole(name: string): FreeVariable {
  return { name, members: undefined, isAssigned: false, isWrittenInto: false, isMutated: false };
}

function hasNoneInherited(members: Iterable<string>, object: object): boolean {
  for (const member of members) if (member in object && !Object.hasOwn(object, member)) return false;
  return true;
}
