/** The twin of `builtins.ts`, for browsers. */
export const clearInterval = globalThis.clearInterval;
export const clearTimeout = globalThis.clearTimeout;
export const setInterval = globalThis.setInterval;
export const setTimeout = globalThis.setTimeout;
const { timeOrigin } = performance;
const sinceOrigin = performance.now.bind(performance);
/** Milliseconds on a clock that all threads of the page share. */
export const now = (): number => timeOrigin + sinceOrigin();
const { MessageChannel } = globalThis;
/** A channel of two ports. jsdom has none. */
export const newChannel = MessageChannel && ((): MessageChannel => new MessageChannel());
export const queueMicrotask = globalThis.queueMicrotask;
// Some versions of jsdom have none. Only results that hold more than values, lists and plain objects need it.
export const structuredClone = globalThis.structuredClone ?? missing;

function missing(): never {
  throw new TypeError("Cannot copy a value as the runtime must have structuredClone(): it has none");
}
