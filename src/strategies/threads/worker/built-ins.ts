/**
 * The built-in objects of JavaScript, as they were before the first kernel that could change them. A kernel may replace or
 * delete any of them, by itself or by what it imports. They are put back before sharray or another kernel rests on them. The
 * functions used here are held from the start, and nothing is iterated, because the objects may be broken already.
 */
import { USELESS } from "../../../protocol/messages.js";

const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, prototype, setPrototypeOf } = Object;
const { deleteProperty, ownKeys } = Reflect;
const scope = globalThis as unknown as Record<PropertyKey, unknown>;

/** A property as it was. */
interface Entry {
  readonly holder: object;
  readonly key: PropertyKey;
  /** `undefined` if there was none. */
  readonly descriptor: PropertyDescriptor | undefined;
}

/** An object, and what it inherits from. */
interface Holder {
  readonly holder: object;
  readonly parent: object | null;
}

/** Names that all objects seem to have once `Object.prototype` has them: they change what plain objects mean. */
const HAZARDS = ["then", "get", "set", "value", "writable", "enumerable", "configurable", "toJSON"];

/** Globals that sharray's code in workers uses. Their members, and those of their prototypes, are looked at most often. */
const NEEDED = new Set(
  (
    "Array ArrayBuffer BigInt Boolean DataView Date Error Function JSON Map MessagePort Number Object Promise RangeError " +
    "Reflect RegExp Set SharedArrayBuffer String Symbol TextDecoder TypeError"
  ).split(" "),
);

/** Objects that no global leads to by name. */
function hidden(): object[] {
  const array = [][Symbol.iterator]();
  return [
    getPrototypeOf(Int8Array) as object,
    getPrototypeOf(Int8Array.prototype) as object,
    getPrototypeOf(getPrototypeOf(array)) as object,
    getPrototypeOf(array) as object,
    getPrototypeOf(new Map().keys()) as object,
    getPrototypeOf(new Set().keys()) as object,
    getPrototypeOf(""[Symbol.iterator]()) as object,
    getPrototypeOf(function* () {}.prototype) as object,
    getPrototypeOf(async () => {}) as object,
  ];
}

export class BuiltIns {
  readonly #entries: Entry[] = [];
  readonly #holders: Holder[] = [];
  readonly #accessors: Entry[] = [];
  /** Whether `mend` takes next to no time. It does not if no code may be made of text. */
  readonly isQuick = mayCompile();
  /** Whether every function and object that sharray itself needs is as it was. */
  readonly #isSound: () => boolean;
  /** The same for all built-in objects. */
  readonly #isWhole: () => boolean;

  /** Takes 1.5 ms, and as much for the first looks. */
  constructor() {
    const needed: Entry[] = [];
    // These come first: with them in place of the real ones nothing else could be put back.
    for (const key of HAZARDS) needed.push({ holder: prototype, key, descriptor: undefined });
    this.#entries.push(...needed);
    const known = new Set<object>();
    const note = (holder: object, isNeeded: boolean): void => {
      if (known.has(holder)) return;
      known.add(holder);
      this.#holders.push({ holder, parent: getPrototypeOf(holder) as object | null });
      for (const key of ownKeys(holder)) {
        const descriptor = getOwnPropertyDescriptor(holder, key) as PropertyDescriptor;
        if (!isWorthNoting(descriptor)) continue;
        // Otherwise it would inherit fields that somebody gives to all objects.
        setPrototypeOf(descriptor, null);
        const entry = { holder, key, descriptor };
        this.#entries.push(entry);
        if (descriptor.get !== undefined) this.#accessors.push(entry);
        else if (isNeeded && (holder !== scope || NEEDED.has(String(key)))) needed.push(entry);
      }
    };
    note(scope, true);
    for (const { key, descriptor } of [...this.#entries]) {
      const value: unknown = descriptor?.value;
      if (typeof key !== "string" || key === "process" || value === scope || !isObject(value)) continue;
      note(value, NEEDED.has(key));
      const { prototype } = value as { readonly prototype?: unknown };
      if (typeof value === "function" && isObject(prototype)) note(prototype, NEEDED.has(key));
    }
    for (const holder of hidden()) note(holder, true);
    this.#isSound = comparison(needed);
    this.#isWhole = comparison(this.#entries);
  }

  /**
   * Puts all back if what sharray itself needs has changed. If it has not, this takes 0.1 µs, or 10 µs without `isQuick`.
   * @throws Error if that is not possible; nobody may catch it, so that the pool takes another worker
   */
  mend(): void {
    if (!holds(this.#isSound) || !holds(areSamplesSound)) this.#restore();
  }

  /** Puts all back if anything has changed: some 10 µs if nothing has. @throws as `mend` */
  mendAll(): void {
    if (!this.areWhole()) this.#restore();
  }

  /** Whether all is as it was. */
  areWhole(): boolean {
    if (!holds(this.#isWhole)) return false;
    for (let i = 0; i < this.#accessors.length; i++)
      if (!isAsItWas(this.#accessors[i] as Entry)) return false;
    for (let i = 0; i < this.#holders.length; i++) {
      const { holder, parent } = this.#holders[i] as Holder;
      if (getPrototypeOf(holder) !== parent) return false;
    }
    return true;
  }

  #restore(): void {
    try {
      for (let i = 0; i < this.#holders.length; i++) {
        const { holder, parent } = this.#holders[i] as Holder;
        if (getPrototypeOf(holder) !== parent) setPrototypeOf(holder, parent);
      }
      for (let i = 0; i < this.#entries.length; i++) {
        const entry = this.#entries[i] as Entry;
        if (isAsItWas(entry)) continue;
        if (entry.descriptor === undefined) deleteProperty(entry.holder, entry.key);
        else defineProperty(entry.holder, entry.key, entry.descriptor);
      }
    } catch {
      // It is defined so that nobody can put it back.
    }
    if (!this.areWhole() || !holds(areSamplesSound)) throw uselessError();
  }
}

/** Nobody may catch it: the worker that it ends is replaced. */
export function uselessError(): Error {
  const error: Error & { code?: string } = new Error(
    "A kernel has changed built-in objects of JavaScript that other kernels and sharray rest on",
  );
  error.code = USELESS;
  return error;
}

function isAsItWas({ holder, key, descriptor }: Entry): boolean {
  const now = getOwnPropertyDescriptor(holder, key);
  if (now === undefined || descriptor === undefined) return now === descriptor;
  return descriptor.get === undefined
    ? now.value === descriptor.value
    : now.get === descriptor.get && now.set === descriptor.set;
}

/** Reading may run what a kernel has put there. */
function holds(condition: () => boolean): boolean {
  try {
    return condition();
  } catch {
    return false;
  }
}

/** Functions, objects and accessors that can be changed; numbers such as `Error.stackTraceLimit` are settings. */
function isWorthNoting({ configurable, writable, value, get }: PropertyDescriptor): boolean {
  return (configurable === true || writable === true) && (isObject(value) || get !== undefined);
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

interface Looked {
  readonly holder: Readonly<Record<PropertyKey, unknown>>;
}

const IS_NAME = /^[A-Za-z_$][\w$]*$/;

/** Compares by code with a term for each entry: 2 ns each, a tenth of what a loop takes (Node 20). */
function comparison(entries: readonly Entry[]): () => boolean {
  const compared = entries.filter(({ descriptor }) => descriptor?.get === undefined);
  const holders = [...new Set(compared.map(({ holder }) => holder))];
  const keys = compared.map(({ key }) => key);
  const values = compared.map(({ descriptor }) => descriptor?.value as unknown);
  const names = (letter: string, list: readonly unknown[]): string => list.map((_, i) => letter + i).join();
  const terms = compared.map(({ holder, key }, i) => {
    const member = typeof key === "string" && IS_NAME.test(key) ? `.${key}` : `[k${i}]`;
    return `h${holders.indexOf(holder)}${member} === v${i}`;
  });
  const code = `
    const [${names("h", holders)}] = holders, [${names("k", keys)}] = keys, [${names("v", values)}] = values;
    return () => ${terms.join(" && ")};`;
  if (!mayCompile()) {
    // Forbidden by a Content-Security-Policy, or by an option of Node.
    return () => {
      for (let i = 0; i < keys.length; i++) {
        if ((compared[i] as Looked).holder[keys[i] as PropertyKey] !== values[i]) return false;
      }
      return true;
    };
  }
  return new Function("holders", "keys", "values", code)(holders, keys, values) as () => boolean;
}

let isAllowed: boolean | undefined;

/** Asked once, because a page may be told of each attempt. */
function mayCompile(): boolean {
  try {
    isAllowed ??= new Function("") !== undefined;
  } catch {
    isAllowed = false;
  }
  return isAllowed;
}

// Accessors that sharray itself needs are tried rather than looked up: that takes a fraction of the time.
const bytes = new ArrayBuffer(8);
const shared = new SharedArrayBuffer(4);
const view = new Uint8Array(bytes, 1, 3);
const data = new DataView(bytes, 2, 5);
const map = new Map([[1, 1]]);
const set = new Set([1]);

function areSamplesSound(): boolean {
  const areViewsSound =
    view.length === 3 && view.byteLength === 3 && view.byteOffset === 1 && view.buffer === bytes;
  const isDataSound = data.byteLength === 5 && data.byteOffset === 2 && data.buffer === bytes;
  const areSizesSound = bytes.byteLength === 8 && shared.byteLength === 4 && map.size === 1 && set.size === 1;
  return areViewsSound && isDataSound && areSizesSound;
}
