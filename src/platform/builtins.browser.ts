/** The twin of `builtins.ts`, for browsers. */
export const clearInterval = globalThis.clearInterval;
export const clearTimeout = globalThis.clearTimeout;
export const setInterval = globalThis.setInterval;
export const setTimeout = globalThis.setTimeout;
export const now = performance.now.bind(performance);
export const MessageChannel = globalThis.MessageChannel;
export const queueMicrotask = globalThis.queueMicrotask;
export const structuredClone = globalThis.structuredClone;
