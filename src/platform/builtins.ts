/**
 * What the engine uses of the runtime, as it is when this module loads: tests put fake timers in place of the globals. Other
 * files of `src` take these from here; a test holds that. `builtins.browser.ts` is the twin.
 */
import { builtInModule } from "./built-in-module.js";
import { MAIN_REALM } from "./main-realm.js";

const { hrtime } = builtInModule("node:process");
const timers = builtInModule("node:timers");

// From Node's modules, as a context of node:vm has globals of its own: Jest's may be fake from the start, and jsdom's lack
// some. As constants, as what a module of Node exports may change.
export const clearInterval = timers.clearInterval;
export const clearTimeout = timers.clearTimeout;
export const setInterval = timers.setInterval;
export const setTimeout = timers.setTimeout;
/** Milliseconds on a clock that all threads of the process share. Loading node:perf_hooks for its clock takes 1.3 ms. */
export function now(): number {
  const time = hrtime();
  // By index: a kernel may have broken what iterates lists.
  return time[0] * 1e3 + time[1] / 1e6;
}
/** A channel of two ports. Node's module is asked at need, as loading it takes 5 ms. */
export function newChannel(): MessageChannel {
  return new (builtInModule("node:worker_threads").MessageChannel)() as unknown as MessageChannel;
}
export const queueMicrotask = MAIN_REALM.queueMicrotask;
// Those that it makes are this realm's.
export const structuredClone = globalThis.structuredClone ?? MAIN_REALM.structuredClone;
