/** Inline kernels: functions that travel as their source text, with the variables that they use from the scopes around them. */
import { KernelCaptureError } from "../../errors.js";
import { enclosingNames, withScopes } from "../../platform/closure.js";
import { globalProperty } from "../../platform/common-globals.js";
import { RecentMap } from "../../platform/recent-map.js";
import type { Addressed, KernelKind, KernelUse } from "../kind.js";
import { textKey } from "../text-key.js";
import type { AnyKernel } from "../types.js";
import type { InlineAddress } from "./address.js";
import { elementPath, Refusal, wasGiven } from "./captured-data.js";
import { ClosureReader } from "./closure-reader.js";
import { assertMayCompile } from "./compile.js";
import { hiddenGlobals, type KnownText, kernelName, labelOf, plainAddress, readText } from "./source.js";

// The text of a function is looked at once.
const plainKernels = new WeakMap<AnyKernel, Addressed<InlineAddress>>();
// Noting each function that a loop makes costs more than it saves. So no more functions of one text are noted than a program
// has in several places.
const MOST_NOTED = 8;
const noted = new WeakMap<InlineAddress, number>();

const MOST_KNOWN = 500;
// Addresses of kernels with captured variables.
const addresses = new RecentMap<string | number, InlineAddress>(MOST_KNOWN);

export const inlineKernels: KernelKind<InlineAddress> = {
  kind: "inline",
  runsAsPassed: false,
  addressOf(fn, use) {
    const known = plainKernels.get(fn);
    if (known !== undefined) return known;
    const text = readText(fn);
    const declared = declaredNames(fn, text);
    const outside = declared.length > 0 ? declared : [...hiddenGlobals(fn, text), ...ownNames(fn, text)];
    assertMayCompile(text.address.name);
    if (outside.length > 0) return withCaptured(fn, text, outside, use);
    const address = plainAddress(fn, text);
    const addressed = { address, captured: undefined };
    const count = noted.get(address) ?? 0;
    if (count < MOST_NOTED) {
      noted.set(address, count + 1);
      plainKernels.set(fn, addressed);
    }
    return addressed;
  },
  keyOf,
};

/** The variables that it captures: without those that it only asks for, and that nobody has declared. */
function declaredNames(fn: AnyKernel, { captures, variables }: KnownText): readonly string[] {
  const probed = variables.filter(({ name, isProbed }) => isProbed && globalProperty(name) === undefined);
  if (probed.length === 0) return captures;
  const around = enclosingNames(fn);
  if (around === undefined) return captures;
  const isThere = (captured: string) => around.has(captured) || probed.every(({ name }) => name !== captured);
  return captures.filter(isThere);
}

/** The properties that a function uses of itself, by its name. */
function ownNames(fn: AnyKernel, { itself }: KnownText): readonly string[] {
  if (itself === undefined) return [];
  const { name, members } = itself;
  const keys = members === undefined ? Object.keys(fn) : [...members].filter((key) => wasGiven(fn, key));
  return keys.map((key) => elementPath(fn, key, name));
}

/** The same source may import other kernels. */
function keyOf({ source, imports = [] }: InlineAddress): string {
  return imports.length === 0 ? source : source + JSON.stringify(imports);
}

/** @throws KernelCaptureError if a variable may not or can't be copied */
function withCaptured(
  fn: AnyKernel,
  { text }: KnownText,
  outside: readonly string[],
  { captures }: KernelUse,
): Addressed<InlineAddress> {
  const label = `kernel ${labelOf(fn, text)}`;
  if (captures === "error") throw new KernelCaptureError(label, outside);
  try {
    const closure = withScopes((scopesOf) => new ClosureReader(scopesOf).read(fn));
    if (closure === undefined) throw new KernelCaptureError(label, outside, "can't be read by this runtime");
    const { source, imports, stateful, lingers, writes } = closure;
    const exports = imports.map(({ url, name }) => ({ url, name }));
    const own = {
      kind: "inline",
      name: kernelName(fn),
      source,
      imports: exports,
      stateful,
      lingers,
      writes,
    } as const;
    const key = keyOf(own);
    let address = addresses.get(textKey(key));
    if (address === undefined || keyOf(address) !== key) {
      address = imports.every(({ threadSafe }) => threadSafe) ? own : { ...own, threadSafe: false };
      addresses.set(textKey(key), address);
    }
    return { address, captured: closure };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new KernelCaptureError(label, [error.path], error.why);
  }
}
