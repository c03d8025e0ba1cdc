/** Whether a worker's copy of a captured value does what a function asks of the value itself. */
import { isShared, isTypedArray } from "../../memory/dtypes.js";
import { isRecord } from "../../memory/inputs.js";
import { keyPath } from "../../platform/key-path.js";
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

type Use = Pick<FreeVariable, "members" | "isWrittenInto" | "isMutated">;

/** @throws Refusal if it does not */
export function assertCopyServes(value: object, use: Use, path: string): void {
  if (isWritten(value, use) && !isOnSharedMemory(value, use.members, path)) throw writtenTo(path);
  for (const member of use.members ?? []) assertHas(value, member, path);
}

export function writtenTo(path: string): Refusal {
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
function assertHas(value: object, member: string, path: string): void {
  const chain = prototypesOf(value);
  const holder = [value, ...chain].find((each) => Object.hasOwn(each, member));
  if (holder === undefined) return;
  const levels = builtInLevels(value);
  if (levels === undefined) {
    const isFine = isRecord(value) ? holder === value : !isMethod(value, member);
    if (!isFine) throw refusedObject(value, path, member);
    return;
  }
  const isBuiltIn =
    holder === value ? /^(?:length|\d+)$/.test(member) : chain.indexOf(holder) >= chain.length - levels;
  // What a program adds to a prototype is enumerable; what the engine has there is not.
  const isAdded = holder !== value && Object.prototype.propertyIsEnumerable.call(holder, member);
  if (!isBuiltIn || isAdded) throw new Refusal(`${path}${keyPath(member)}`, `${DATA}, got what no copy has`);
  const isPart = isTypedArray(value) && !isShared(value) && value.byteLength < value.buffer.byteLength;
  if (isPart && (member === "buffer" || member === "byteOffset"))
    throw new Refusal(
      `${path}.${member}`,
      "must be of a whole buffer, because a part of one is copied alone",
    );
}
