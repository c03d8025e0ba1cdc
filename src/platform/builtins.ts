/**
 * Globals of the runtime as they are when this module loads, because tests replace them by fakes later. Other files of `src`
 * take them from here, which a test holds. `builtins.browser.ts` is the twin.
 */
import { builtInModule } from "./built-in-module.js";
import { MAIN_REALM } from "./main-realm.js";

const { hrtime } = builtInModule("node:process");
const timers = builtInModule("node:timers");

// These come from Node's modules, because a context of node:vm has globals of its own. Jest's may be fake from the start, and
// jsdom's lack some. They are constants, because the exports of a module of Node may change.
export const clearInterval = timers.clearInterval;
export const clearTimeout = timers.clearTimeout;
export const setInterval = timers.setInterval;
export const setTimeout = timers.setTimeout;
/** Milliseconds on a clock that all threads of the process share. Loading node:perf_hooks for its clock takes 1.3 ms. */
export function now(): number {
  const time = hrtime();
  // Goes by index, because a kernel may have broken the iterators of lists.
  return time[0] * 1e3 + time[1] / 1e6;
}
/** A channel of two ports. Node's module is loaded at need, because that takes 5 ms. */
export function newChannel(): MessageChannel {
  return new (builtInModule("node:worker_threads").MessageChannel)() as unknown as MessageChannel;
}
export const queueMicrotask = MAIN_REALM.queueMicrotask;
// This realm's own, because what it makes is of its realm.
export const structuredClone = globalThis.structuredClone ?? MAIN_REALM.structuredClone;
