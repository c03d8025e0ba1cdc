import type { CallSettings } from "../../../src/call/request.js";

/** The settings of an executor that was given none, but for `given`. */
export function settings(given: Partial<CallSettings> = {}): CallSettings {
  return { chunkSize: undefined, captures: "copy", verifyImmutable: false, ...given };
}
