/**
 * Globals of the runtime as they are when this module loads, because tests put fake ones in their place later. Other files of `src` take
 * them from here, which a test holds. `builtins.browser.ts` is the twin.
 */
import { builtInModule } from "./built-in-module.js";
import { MAIN_REALM } from "./main-realm.js";

const { performance } = builtInModule("node:perf_hooks");
const timers = builtInModule("node:timers");

// From Node's modules, because a context of node:vm has globals of its own: Jest's may be fake from the start, and jsdom's lack some. As
// constants, because the exports of a module of Node may change.
export const clearInterval = timers.clearInterval;
export const clearTimeout = timers.clearTimeout;
export const setInterval = timers.setInterval;
export const setTimeout = timers.setTimeout;
export const now = performance.now.bind(performance);
/** A channel of two ports. Node's module is loaded at need, because that takes 5 ms. */
export function newChannel(): MessageChannel {
  return new (builtInModule("node:worker_threads").MessageChannel)() as unknown as MessageChannel;
}
export const queueMicrotask = MAIN_REALM.queueMicrotask;
// This realm's own, because what it makes is of its realm.
export const structuredClone = globalThis.structuredClone ?? MAIN_REALM.structuredClone;
