/** Replaces platform/builtins.ts if a test fakes the clock or timers: looks at the globals at each use. */
export const now = (): number => performance.now();
export const clearInterval: typeof globalThis.clearInterval = (timer) => globalThis.clearInterval(timer);
export const clearTimeout: typeof globalThis.clearTimeout = (timer) => globalThis.clearTimeout(timer);
export const setInterval = (work: () => void, ms?: number) => globalThis.setInterval(work, ms);
export const setTimeout = (work: () => void, ms?: number) => globalThis.setTimeout(work, ms);
export const newChannel = (): MessageChannel => new globalThis.MessageChannel();
export const { queueMicrotask, structuredClone } = globalThis;
