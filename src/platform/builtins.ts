/**
 * What the engine uses of the runtime, as it is when this module loads: tests put fake timers in place of the globals. Other
 * files of `src` take these from here; a test holds that. `builtins.browser.ts` is the twin.
 */
import { builtInModule } from "./built-in-module.js";
import { MAIN_REALM } from "./main-realm.js";

const { performance } = builtInModule("node:perf_hooks");
const timers = builtInModule("node:timers");

// From Node's modules, as a context of node:vm has globals of its own: Jest's may be fake from the start, and jsdom's lack
// some. As constants, as what a module of Node exports may change.
export const clearInterval = timers.clearInterval;
export const clearTimeout = timers.clearTimeout;
export const setInterval = timers.setInterval;
export const setTimeout = timers.setTimeout;
export const now = performance.now.bind(performance);
/** A channel of two ports. Node's module is asked at need, as loading it takes 5 ms. */
export function newChannel(): MessageChannel {
  return new (builtInModule("node:worker_threads").MessageChannel)() as unknown as MessageChannel;
}
export const queueMicrotask = MAIN_REALM.queueMicrotask;
// Those that it makes are this realm's.
export const structuredClone = globalThis.structuredClone ?? MAIN_REALM.structuredClone;
