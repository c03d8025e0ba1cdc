/** The text of an inline kernel, checked and made into an expression that compiles anywhere. */
import { KernelCaptureError, quote } from "../../errors.js";
import { enclosingNames } from "../../platform/closure.js";
import { RecentMap } from "../../platform/recent-map.js";
import { textKey } from "../text-key.js";
import type { InlineAddress } from "./address.js";
import { analyse } from "./analyse.js";
import { readPlain } from "./plain.js";

/** What is remembered of a text. */
interface Known {
  readonly text: string;
  readonly kernel: InlineAddress;
  /** The name of the function that it was first seen of, as that function has it. */
  readonly givenAs: unknown;
  readonly globals: ReadonlySet<string>;
  /** Functions of this text whose surroundings were looked at. */
  readonly looked: WeakSet<object>;
  looks: number;
}

// Programs that generate kernels must not grow for ever.
const MOST_KNOWN = 500;
// The same text may stand in several places, of which one hides a global. A look costs 0.3-0.8 ms, and a kernel written
// in a loop is a new function every time, so after this many functions of one text the rest is trusted.
const MAX_LOOKS = 8;
const cache = new RecentMap<string | number, Known>(MOST_KNOWN);

/**
 * Cached by source text.
 * @param hasShared whether the call has an option `shared`, for advice
 * @throws KernelCaptureError when the kernel uses variables of the scope around it
 * @throws TypeError when it is no function, or of a kind whose source cannot run on its own
 */
export function readKernelSource(fn: unknown, hasShared = false): InlineAddress {
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot use this value as a kernel as a kernel must be a function: current value is ${quote(fn)}; ` +
        "pass an inline function, or one made with defineKernel()",
    );
  }
  // Not fn.toString(): an own method of that name need not tell the truth.
  const text = Function.prototype.toString.call(fn);
  const key = textKey(text);
  let known = cache.get(key);
  if (known === undefined || known.text !== text) {
    const name = nameOf(fn);
    const read = readPlain(text) ?? analyse(text, name, labelOf(text, name), hasShared);
    const { source, stateful, lingers, writes, globals } = read;
    const kernel = Object.freeze({ kind: "inline", name: kernelName(fn), source, stateful, lingers, writes });
    known = { text, kernel, givenAs: fn.name, globals, looked: new WeakSet(), looks: 0 };
    cache.set(key, known);
  }
  checkSurroundings(fn, known, text, hasShared);
  // The same name needs no look at its characters.
  const name = fn.name === known.givenAs ? known.kernel.name : kernelName(fn);
  return known.kernel.name === name ? known.kernel : Object.freeze({ ...known.kernel, name });
}

/** @throws KernelCaptureError where a variable around the function hides a global that it uses */
function checkSurroundings(fn: Named, known: Known, text: string, hasShared: boolean): void {
  if (known.globals.size === 0 || known.looks >= MAX_LOOKS || known.looked.has(fn)) return;
  const names = enclosingNames(fn);
  const hidden = [...known.globals].filter((global) => names?.has(global));
  if (hidden.length > 0)
    throw new KernelCaptureError(`kernel ${labelOf(text, nameOf(fn))}`, hidden, hasShared);
  known.looked.add(fn);
  known.looks += 1;
}

function labelOf(text: string, name: string): string {
  return quote(name === "" ? text.replace(/\s+/g, " ") : name);
}

interface Named {
  /** A static member or a defineProperty may put anything in its place. */
  readonly name: unknown;
}

function nameOf({ name }: Named): string {
  return typeof name === "string" ? name.replace(/\s+/g, " ").trim() : "";
}

function kernelName(fn: Named): string {
  const name = nameOf(fn);
  return name === "" ? "kernel" : name;
}
