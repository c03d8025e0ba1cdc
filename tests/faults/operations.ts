/**
 * Loaded before everything else, in workers too (`--import`): counts the atomic operations of a worker, which are the
 * steps of the protocol, so that a fault can end it between any two of them. It also lets a fault spoil a message.
 */
import { isMainThread } from "node:worker_threads";

declare global {
  /** Of a worker: so many atomic operations from now on it ends; `undefined` if it does not. */
  var operationsLeft: number | undefined;
  /** Of a worker: its next report can't be read by the calling thread. */
  var spoilsMessage: boolean | undefined;
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

if (!isMainThread) {
  const { prototype } = MessagePort;
  const { postMessage } = prototype as { postMessage(message: unknown, transfer?: unknown): void };
  prototype.postMessage = function (this: MessagePort, message: object, transfer?: unknown) {
    const isSpoilt = globalThis.spoilsMessage === true && "values" in message;
    if (isSpoilt) globalThis.spoilsMessage = false;
    // Deeper than the calling thread can read, though the worker can write it.
    let deep: unknown = null;
    for (let i = 0; i < 5000 && isSpoilt; i++) deep = { deep };
    postMessage.call(this, isSpoilt ? { ...message, deep } : message, transfer);
  } as typeof prototype.postMessage;
}
