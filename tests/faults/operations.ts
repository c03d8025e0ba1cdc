/**
 * Loaded before everything else, in workers too (`--import`): counts the atomic operations of a worker, which are the
 * steps of the protocol, so that a fault can end it between any two of them.
 */
import { isMainThread } from "node:worker_threads";

declare global {
  /** Of a worker: so many atomic operations from now on it ends; undefined: it does not. */
  var operationsLeft: number | undefined;
}

const NAMES = ["add", "sub", "load", "store", "exchange", "compareExchange", "wait"] as const;
type Operation = (array: unknown, index: unknown, value: unknown, last: unknown) => unknown;

const atomics = Atomics as unknown as Record<string, Operation>;
for (const name of isMainThread ? [] : NAMES) {
  const operation = atomics[name] as Operation;
  atomics[name] = (array, index, value, last) => {
    if (globalThis.operationsLeft !== undefined) {
      globalThis.operationsLeft -= 1;
      if (globalThis.operationsLeft < 0) process.exit(74);
    }
    return operation(array, index, value, last);
  };
}
