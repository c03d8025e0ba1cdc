/** Whether a worker's copy of a captured value does what a function asks of the value itself. */
import { isShared, isTypedArray } from "../../memory/dtypes.js";
import { isRecord } from "../../memory/inputs.js";
import type { Scope } from "../../platform/closure.js";
import { keyPath } from "../../platform/key-path.js";
import { nodeExport } from "../../platform/node-exports.js";
import { moduleExport } from "../module/define.js";
import type { AnyKernel } from "../types.js";
import { builtInPath } from "./built-in-path.js";
import {
  builtInLevels,
  DATA,
  isMethod,
  memberIn,
  needsCode,
  prototypesOf,
  Refusal,
  refusedObject,
} from "./captured-data.js";
import type { FreeVariable } from "./kernel-text.js";
import { type KnownText, readText } from "./source.js";
import { scopeWith, valueIn } from "./variable-value.js";

type Use = Pick<FreeVariable, "members" | "isWrittenInto" | "isMutated">;

/**
 * @returns whether the function writes to it, which is on shared memory then
 * @throws Refusal if it does not
 */
export function assertCopyServes(value: unknown, use: Use, path: string): boolean {
  if (value === null || value === undefined) return false;
  const writes = isObject(value) ? isWritten(value, use, path) : use.isWrittenInto;
  if (writes && !(isObject(value) && isOnSharedMemory(value, use.members, path))) throw writtenTo(path);
  for (const member of use.members ?? []) assertHas(value, member, path);
  return writes;
}

/**
 * @returns whether a captured function writes to this variable, which it is called with
 * @throws Refusal if one does, and it is not on shared memory
 */
export function isHandedToWriter(
  { handedTo }: FreeVariable,
  value: unknown,
  scopes: readonly Scope[],
  path: string,
): boolean {
  if (!isObject(value)) return false;
  const isWriter = ({ name, place }: FreeVariable["handedTo"][number]): boolean => {
    const scope = scopeWith(name, scopes);
    return scope !== undefined && writesInto(valueIn(scope, name, name), place);
  };
  if (!handedTo.some(isWriter)) return false;
  if (isTypedArray(value) && isShared(value)) return true;
  throw writtenTo(path);
}

/** Whether a function that travels by source writes into its parameter at this place. */
function writesInto(fn: unknown, place: number): boolean {
  if (typeof fn !== "function" || moduleExport(fn as AnyKernel) !== undefined) return false;
  if (builtInPath(fn) !== undefined || nodeExport(fn) !== undefined) return false;
  try {
    return textOf(fn, fn.name).writesInto.has(place);
  } catch {
    // The value itself is refused.
    return false;
  }
}

/** @throws Refusal if the text can't run on its own */
export function textOf(fn: object, path: string): KnownText {
  if (path === "") return readText(fn);
  return readText(fn, (why) => {
    throw new Refusal(path, `${DATA}, and ${why}`);
  });
}

export function writtenTo(path: string): Refusal {
  return new Refusal(path, "must not be written to, because workers have copies of all but shared memory");
}

/** A name like `set` says nothing about an object that has functions somewhere. */
function isWritten(value: object, { isWrittenInto, isMutated }: Use, path: string): boolean {
  if (isWrittenInto || !isMutated) return isWrittenInto;
  if (builtInLevels(value) !== undefined) return true;
  try {
    return !needsCode(value, path);
  } catch {
    // The value is refused, unless the part that is refused is not used.
    return false;
  }
}

/** Whether all that a function can reach of it is shared memory. */
function isOnSharedMemory(value: object, members: ReadonlySet<string> | undefined, path: string): boolean {
  if (isTypedArray(value)) return isShared(value);
  if (members === undefined || !isRecord(value)) return false;
  const used = [...members].map((member) => memberIn(value, member, path));
  return used.length > 0 && used.every((each) => isTypedArray(each) && isShared(each));
}

/** @throws Refusal if the copy has no such member, or another one */
function assertHas(value: NonNullable<unknown>, member: string, path: string): void {
  const chain = prototypesOf(Object(value));
  const holder = [Object(value), ...chain].find((each) => Object.hasOwn(each, member));
  if (holder === undefined) return;
  const isInherited = holder !== value;
  const levels = builtInLevels(value);
  if (isObject(value) && levels === undefined && isInherited && (isRecord(value) || isMethod(value, member)))
    throw refusedObject(value, path, member);
  const isForeign = levels !== undefined && chain.indexOf(holder) < chain.length - levels;
  // Members that a program adds to a prototype are enumerable. Built-in members are not.
  const isAdded = isInherited && Object.prototype.propertyIsEnumerable.call(holder, member);
  if ((isForeign && !/^(?:length|\d+)$/.test(member)) || isAdded) {
    throw new Refusal(`${path}${keyPath(member)}`, `${DATA}, got what no copy has`);
  }
  const isPart = isTypedArray(value) && !isShared(value) && value.byteLength < value.buffer.byteLength;
  if (isPart && (member === "buffer" || member === "byteOffset"))
    throw new Refusal(
      `${path}.${member}`,
      "must be of a whole buffer, because a part of one is copied alone",
    );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
