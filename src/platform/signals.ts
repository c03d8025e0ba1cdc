const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Loads threads.js without the handlers that it installs, which end the process with code 0 on SIGINT and SIGTERM
 * (master/implementation.node.ts:142).
 */
export async function withoutSignalHandlers<T>(load: () => Promise<T>): Promise<T> {
  // They are those that are new and call its function: the program may add its own while the import runs, and may have
  // imported threads.js itself before.
  const before = new Set(SIGNALS.flatMap((signal) => process.listeners(signal)));
  const module = await load();
  for (const signal of SIGNALS) {
    for (const listener of process.listeners(signal)) {
      const isItsOwn = String(listener).includes("terminateWorkersAndMaster");
      if (isItsOwn && !before.has(listener)) process.off(signal, listener);
    }
  }
  return module;
}
