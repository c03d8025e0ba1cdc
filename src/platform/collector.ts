/** The garbage collector, for Node; `collector.browser.ts` is its twin. */
import { builtInModule } from "./built-in-module.js";

type Collect = (options?: { readonly type: "minor" }) => void;

let collect: Collect | undefined;

// Flags belong to the process, so another thread that looks for the function may take the flag away meanwhile.
const TRIES = 20;

/**
 * Collects this thread's garbage at once, which takes 4 to 7 ms of a small heap (docs/decisions/0003). V8 gives the function to contexts
 * that are made while its flag is set. The program's own contexts never see it.
 * @returns false if nobody can ask for it here
 */
export function collectGarbage(): boolean {
  for (let tries = 0; collect === undefined && tries < TRIES; tries += 1) collect = findCollector();
  if (collect === undefined) return false;
  collect();
  // V8 unmaps the memory of buffers on another thread. The next collection waits for that, however small it is.
  collect({ type: "minor" });
  return true;
}

function findCollector(): Collect | undefined {
  try {
    builtInModule("node:v8").setFlagsFromString("--expose-gc");
    const gc: unknown = builtInModule("node:vm").runInNewContext('typeof gc === "function" ? gc : undefined');
    return gc as Collect | undefined;
  } catch {
    return undefined;
  } finally {
    hideCollector();
  }
}

function hideCollector(): void {
  // A program that was started with the flag has its own `gc` and keeps it.
  if ("gc" in globalThis) return;
  try {
    builtInModule("node:v8").setFlagsFromString("--no-expose-gc");
  } catch {
    // The flag could not be set either.
  }
}
