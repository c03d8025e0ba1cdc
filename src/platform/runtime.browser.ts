/** What only the runtime can tell or do, for browsers; the twin of `runtime.ts`. */
import { newChannel, setTimeout } from "./builtins.js";

/** Whether a program packed for browsers runs in Node. jsdom pretends to be a page. */
const isNode = "process" in globalThis && !("document" in globalThis) && !("WorkerGlobalScope" in globalThis);
const WRONG_BUILD =
  "this is sharray's build for browsers, and Node runs it. Bundle for Node (Vite: build.ssr; other bundlers: their " +
  "platform or target), or leave sharray external";
// A channel, because nested timers wait 4 ms at least, and messages do not. Programs that pretend to be a page, such as jsdom, may have
// timers only, and in Node a channel would keep the process alive.
const channel = newChannel === undefined || isNode ? undefined : newChannel();
const due: (() => void)[] = [];
const next = (): void => due.shift()?.();
if (channel !== undefined) channel.port1.onmessage = next;

/** Resolves in a later turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise(soon);
}

/** Does `work` in a later turn of the event loop. */
export function soon(work: () => void): void {
  due.push(work);
  if (channel === undefined) setTimeout(next);
  else channel.port2.postMessage(null);
}

export { soon as inBackground };

/** Nothing keeps a page alive. @returns the timer */
export function unref<T>(timer: T): T {
  return timer;
}

/** Browsers have no environment. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return {};
}

let hasWarned = false;

/** Why threads can't share memory here; `undefined` if they can. */
export function whyNoThreads(): string | undefined {
  if (isNode) {
    if (!hasWarned) console.warn(`sharray runs on one thread: ${WRONG_BUILD}`);
    hasWarned = true;
    return WRONG_BUILD;
  }
  if (globalThis.crossOriginIsolated && typeof SharedArrayBuffer === "function") return undefined;
  return (
    "this page is not cross-origin isolated, so its threads can't share memory: serve it with the headers " +
    "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp (or credentialless)"
  );
}

/** Memory for all threads. A page that is not isolated gets memory for this thread alone. */
export function newMemory(bytes: number): SharedArrayBuffer {
  const isShared = whyNoThreads() === undefined;
  return isShared ? new SharedArrayBuffer(bytes) : (new ArrayBuffer(bytes) as unknown as SharedArrayBuffer);
}

/** The most elements of a typed array. No browser tells the real figure. */
export const LONGEST_ARRAY: number = Number.MAX_SAFE_INTEGER;

/** A time of `clock`, as `performance.now()` counts on this thread. */
export function performanceTime(time: number): number {
  return time - performance.timeOrigin;
}

/** Whether two arrays of equal length hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** CPUs of the machine, as far as the browser tells. At least 1. */
export function cpuBudget(): number {
  return Math.max(1, globalThis.navigator?.hardwareConcurrency || 1);
}

export { cpuBudget as lastCpuBudget };

const GIB = 2 ** 30;
// Assumed if the browser tells nothing: the least that devices are sold with today.
const SUPPOSED_GIB = 2;

/** Bytes of memory of the machine, as far as the browser tells. */
export function memoryBudget(): number {
  const { deviceMemory } = (globalThis.navigator ?? {}) as { readonly deviceMemory?: number };
  return (deviceMemory ?? SUPPOSED_GIB) * GIB;
}

/** Why there are no child processes here. */
export function whyNoProcesses(): string | undefined {
  return "a page has no child processes";
}
