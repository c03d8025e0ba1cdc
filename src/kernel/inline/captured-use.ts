/** Whether a worker's copy of a captured value does what a function asks of the value itself. */
import { isShared, isTypedArray } from "../../memory/dtypes.js";
import { isRecord } from "../../memory/inputs.js";
import type { Scope } from "../../platform/closure.js";
import { keyPath } from "../../platform/key-path.js";
import { moduleExport } from "../module/define.js";
import type { AnyKernel } from "../types.js";
import { builtInPath } from "./built-in-path.js";
import {
  builtInLevels,
  DATA,
  isMethod,
  memberIn,
  prototypesOf,
  Refusal,
  refusedObject,
} from "./captured-data.js";
import type { FreeVariable } from "./kernel-text.js";
import { type KnownText, readText } from "./source.js";
import { scopeWith, valueIn } from "./variable-value.js";

type Use = Pick<FreeVariable, "members" | "isWrittenInto" | "isMutated">;

/** @throws Refusal if it does not */
export function assertCopyServes(value: unknown, use: Use, path: string): void {
  if (value === null || value === undefined) return;
  if (isObject(value)) {
    if (isWritten(value, use) && !isOnSharedMemory(value, use.members, path)) throw writtenTo(path);
  } else if (use.isWrittenInto) throw writtenTo(path);
  for (const member of use.members ?? []) assertHas(value, member, path);
}

/** @throws Refusal if a captured function writes to this variable, which it is called with */
export function assertNotHandedToWriter(
  { handedTo }: FreeVariable,
  value: unknown,
  scopes: readonly Scope[],
  path: string,
): void {
  if (!isObject(value) || (isTypedArray(value) && isShared(value))) return;
  for (const { name, place } of handedTo) {
    const scope = scopeWith(name, scopes);
    const fn = scope && valueIn(scope, name, name);
    const isBySource = typeof fn === "function" && moduleExport(fn as AnyKernel) === undefined;
    if (isBySource && builtInPath(fn) === undefined && textOf(fn, name).writesInto.has(place))
      throw writtenTo(path);
  }
}

/** @throws Refusal if the text can't run on its own */
export function textOf(fn: object, path: string): KnownText {
  if (path === "") return readText(fn);
  return readText(fn, (why) => {
    throw new Refusal(path, `${DATA}, and ${why}`);
  });
}

function writtenTo(path: string): Refusal {
  return new Refusal(path, "must not be written to, because workers have copies of all but shared memory");
}

/** A name like `set` says nothing of an object that has functions. */
function isWritten(value: object, { isWrittenInto, isMutated }: Use): boolean {
  if (isWrittenInto || !isMutated) return isWrittenInto;
  if (builtInLevels(value) !== undefined) return true;
  const properties = Object.values(Object.getOwnPropertyDescriptors(value));
  return typeof value === "object" && !properties.some((each) => typeof each.value === "function");
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
  // What a program adds to a prototype is enumerable; what the engine has there is not.
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
