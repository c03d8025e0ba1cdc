/** Counts the bytes of results that workers send in messages. */
import { serialize } from "node:v8";

type Dispatch = (data: unknown, type: string, event?: unknown) => unknown;

/** Where Node hands a port's message to its listeners. */
const DISPATCH = "Symbol(nodejs.internal.kHybridDispatch)";

/**
 * From here on every message of this process is looked at.
 * @returns the bytes so far
 * @throws Error if this version of Node has no such place
 */
export function countResultBytes(): () => number {
  const target = EventTarget.prototype as unknown as Record<symbol, Dispatch>;
  const place = Object.getOwnPropertySymbols(target).find((symbol) => String(symbol) === DISPATCH);
  if (place === undefined)
    throw new Error("Cannot count messages as this version of Node hands them on otherwise");
  const dispatch = target[place] as Dispatch;
  let bytes = 0;
  target[place] = function (this: unknown, data, type, event) {
    const values = (data as { values?: unknown } | null)?.values;
    if (Array.isArray(values) && values.length > 0) bytes += serialize(values).length;
    return Reflect.apply(dispatch, this, [data, type, event]);
  };
  return () => bytes;
}
