/** What each call cost. The executor tells it through telemetry; the ledger files it under a name. */

import type { ParallelExecution, Telemetry } from "sharray";

export interface Entry extends ParallelExecution {
  readonly step: string;
}

export interface Ledger {
  readonly entries: readonly Entry[];
  /** For `new ParallelExecutor({ telemetry })`. */
  readonly telemetry: Telemetry;
  /** Runs one call of the executor and files what it cost. */
  record<T>(step: string, call: () => Promise<T>): Promise<T>;
  /** What was filed under `step`. */
  entry(step: string): Entry;
}

export function createLedger(): Ledger {
  const entries: Entry[] = [];
  let latest: ParallelExecution | undefined;
  return {
    entries,
    telemetry(event, payload) {
      // The event that every call with a result ends with. It arrives before the call's promise settles.
      if (event === "parallel_execution") latest = payload;
    },
    async record(step, call) {
      const value = await call();
      if (latest !== undefined) entries.push({ step, ...latest });
      latest = undefined;
      return value;
    },
    entry(step) {
      const found = entries.find((entry) => entry.step === step);
      if (found === undefined) throw new Error(`No telemetry arrived for the step "${step}"`);
      return found;
    },
  };
}
