/** What of the configuration counts when calls are read, if a test has nothing else to say. */
import type { CallSettings } from "../../../src/call/backend.js";
import { STRATEGY_CHOICES } from "../../../src/config/config.js";

export function callSettings(more: Partial<CallSettings> = {}): CallSettings {
  return {
    chunkSize: undefined,
    captures: "copy",
    verifyImmutable: false,
    strategies: STRATEGY_CHOICES,
    maxWorkers: 2,
    ...more,
  };
}
