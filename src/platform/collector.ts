/** The garbage collector, for Node; `collector.browser.ts` is its twin. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (options?: { readonly type: "minor" }) => void;

let collect: Collect | undefined;

/**
 * Collects this thread's garbage at once: 4 to 7 ms of a small heap, 50 to 80 ms for each million of objects (Node 20).
 * V8 gives the function to contexts that are made while its flag is set. The program's own contexts never see it.
 * @returns false: that can't be asked for here
 */
export function collectGarbage(): boolean {
  collect ??= findCollector();
  collect();
  // The memory of buffers is unmapped on another thread. The next collection waits for that, however small it is.
  collect({ type: "minor" });
  return collect !== unable;
}

function unable(): void {}

function findCollector(): Collect {
  try {
    setFlagsFromString("--expose-gc");
    const gc: unknown = runInNewContext("gc");
    return typeof gc === "function" ? (gc as Collect) : unable;
  } catch {
    return unable;
  } finally {
    hideCollector();
  }
}

function hideCollector(): void {
  // A program that was started with the flag has its own `gc` and keeps it.
  if ("gc" in globalThis) return;
  try {
    setFlagsFromString("--no-expose-gc");
  } catch {
    // It could not be set either.
  }
}
