/**
 * Notes the process's error listeners before threads.js is imported. Modules are evaluated in the order of their
 * imports, so this one must be imported first.
 */
const EVENTS = ["uncaughtException", "unhandledRejection"] as const;

type Listener = (...parameters: unknown[]) => void;

const before = new Map(EVENTS.map((event) => [event, new Set(process.listeners(event as never))]));

/**
 * Removes the listeners that threads.js adds when it is imported in a worker (worker/index.js): they swallow errors that must
 * end the worker, because only then the pool learns of them.
 */
export function removeAddedListeners(): void {
  for (const event of EVENTS) {
    for (const listener of process.listeners(event as never) as Listener[]) {
      if (!before.get(event)?.has(listener as never)) process.off(event, listener);
    }
  }
}
