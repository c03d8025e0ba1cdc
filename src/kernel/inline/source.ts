/** The text of an inline kernel, checked and made into an expression that compiles anywhere. */
import { KernelCaptureError, quote } from "../../errors.js";
import { enclosingNames } from "../../platform/closure.js";
import { RecentMap } from "../../platform/recent-map.js";
import { textKey } from "../text-key.js";
import type { InlineAddress } from "./address.js";
import { analyse, type Refuse } from "./analyse.js";
import type { KernelText } from "./kernel-text.js";
import { readPlain } from "./plain.js";

/** A remembered text, with what was seen of functions that have it. */
export interface KnownText extends KernelText {
  readonly text: string;
  /** The address of a function of this text that captures nothing. */
  readonly address: InlineAddress;
  /** The name of the first function that had it, as that function has it. */
  readonly givenAs: unknown;
  /** Functions of this text whose surroundings were looked at. */
  readonly looked: WeakSet<object>;
  looks: number;
  /** Globals that a variable around one of these functions hides. */
  readonly hidden: Set<string>;
}

// Programs that generate kernels must not grow for ever.
const MOST_KNOWN = 500;
// The same text may be in several places, and one of them may hide a global. A look costs 0.07 ms. A kernel written in a loop
// is a new function every time. So after this many functions of one text the rest is trusted.
const MAX_LOOKS = 8;
const cache = new RecentMap<string | number, KnownText>(MOST_KNOWN);

/**
 * Reads a function's text, and remembers it.
 * @param refuse gets why its source can't run on its own, and throws
 * @throws TypeError if it is no function, or its source can't run on its own
 */
export function readText(fn: unknown, refuse?: Refuse): KnownText {
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot use this value as a kernel as a kernel must be a function: current value is ${quote(fn)}; ` +
        "pass an inline function, or one made with defineKernel()",
    );
  }
  // Not fn.toString(): an own method of that name need not tell the truth.
  const text = Function.prototype.toString.call(fn);
  const key = textKey(text);
  const known = cache.get(key);
  if (known?.text === text) return known;
  const read = readPlain(text) ?? analyse(text, nameOf(fn), refuse ?? refuseAs(labelOf(fn, text)));
  const { source, stateful, lingers, writes } = read;
  const address = Object.freeze({ kind: "inline", name: kernelName(fn), source, stateful, lingers, writes });
  const now = {
    ...read,
    text,
    address,
    givenAs: fn.name,
    looked: new WeakSet(),
    looks: 0,
    hidden: new Set<string>(),
  };
  cache.set(key, now);
  return now;
}

/** The address of a function whose text captures nothing. */
export function plainAddress(fn: Named, { address, givenAs }: KnownText): InlineAddress {
  // The same name needs no look at its characters.
  const name = fn.name === givenAs ? address.name : kernelName(fn);
  return address.name === name ? address : Object.freeze({ ...address, name });
}

/** Globals that the text uses and that a variable around the function hides. */
export function hiddenGlobals(fn: object, known: KnownText): readonly string[] {
  if (!mayHideGlobals(fn, known)) return [];
  const names = enclosingNames(fn);
  return noteLook(fn, known, (global) => names?.has(global) === true);
}

/** Whether a variable around the function may hide a global that the text uses, as far as earlier looks tell. */
export function mayHideGlobals(fn: object, { globals, looked, looks, hidden }: KnownText): boolean {
  // Once one was found, every function of the text is looked at.
  const isTrusted = hidden.size === 0 && (looks >= MAX_LOOKS || looked.has(fn));
  return globals.size > 0 && !isTrusted;
}

/** The surroundings of the function were looked at. @returns the globals that are hidden there */
export function noteLook(
  fn: object,
  known: KnownText,
  isHidden: (global: string) => boolean,
): readonly string[] {
  const found = [...known.globals].filter(isHidden);
  for (const each of found) known.hidden.add(each);
  known.looked.add(fn);
  known.looks += 1;
  return found;
}

/**
 * The address of a function that captures nothing.
 * @throws KernelCaptureError if the kernel uses variables of the scope around it
 * @throws TypeError as `readText`
 */
export function readKernelSource(fn: unknown): InlineAddress {
  const known = readText(fn);
  const { captures } = known;
  const outside = captures.length > 0 ? captures : hiddenGlobals(fn as object, known);
  if (outside.length > 0) throw new KernelCaptureError(`kernel ${labelOf(fn as Named, known.text)}`, outside);
  return plainAddress(fn as Named, known);
}

/** @param label the name that errors give the function */
function refuseAs(label: string): Refuse {
  return (why, advice) => {
    throw new TypeError(`Cannot use ${label} as a kernel as ${why}: ${advice}`);
  };
}

/** The name that errors give a function. */
export function labelOf(fn: Named, text: string): string {
  const name = nameOf(fn);
  return quote(name === "" ? text.replace(/\s+/g, " ") : name);
}

export interface Named {
  /** A static member or a defineProperty may replace it by anything. */
  readonly name: unknown;
}

function nameOf({ name }: Named): string {
  return typeof name === "string" ? name.replace(/\s+/g, " ").trim() : "";
}

/** Function name for messages and stack frames, on one line; "kernel" for anonymous ones. */
export function kernelName(fn: Named): string {
  const name = nameOf(fn);
  return name === "" ? "kernel" : name;
}
