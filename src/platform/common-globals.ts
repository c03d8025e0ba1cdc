/** Globals that every thread of every runtime has, and how to judge others. */

/**
 * Globals of the language and of the web, as Node 20 has them. Workers have them, even if a library or a test tool has replaced
 * one here.
 */
export const COMMON_GLOBALS: ReadonlySet<string> = new Set(
  (
    "AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError " +
    "FinalizationRegistry Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Intl JSON Map Math " +
    "NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String Symbol " +
    "SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet " +
    "WebAssembly console decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN " +
    "parseFloat parseInt undefined unescape " +
    "AbortController AbortSignal Blob BroadcastChannel ByteLengthQueuingStrategy CompressionStream " +
    "CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DecompressionStream Event EventTarget File FormData " +
    "Headers MessageChannel MessageEvent MessagePort Performance PerformanceEntry PerformanceMark PerformanceMeasure " +
    "PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming ReadableByteStreamController ReadableStream " +
    "ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader Request " +
    "Response SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream " +
    "TransformStreamDefaultController URL URLSearchParams WritableStream WritableStreamDefaultController " +
    "WritableStreamDefaultWriter atob btoa clearInterval clearTimeout crypto fetch performance queueMicrotask setInterval " +
    "setTimeout structuredClone"
  ).split(" "),
);

/** Whether it is a function of the runtime, not of the program or of a library. Bound functions only look as if they were. */
export function isNative(value: unknown): boolean {
  if (typeof value !== "function") return false;
  const text = Function.prototype.toString.call(value);
  return /\{\s*\[native code\]\s*\}$/.test(text) && !value.name.startsWith("bound ");
}

/** The property of the global object that has this name, its own or an inherited one. */
export function globalProperty(name: string): PropertyDescriptor | undefined {
  for (let holder: object | null = globalThis; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, name);
    if (property !== undefined) return property;
  }
  return undefined;
}

/**
 * Whether an unknown global looks like the runtime's. What a program sets, or declares with `var` or `function` in a script, is a plain
 * value. A namespace of the language is a plain value, too, but says its own name.
 */
export function looksBuiltIn(name: string): boolean {
  const property = globalProperty(name);
  if (property === undefined) return false;
  if (!("value" in property)) return true;
  const { value, enumerable } = property;
  const isNamespace = enumerable === false && Object.prototype.toString.call(value) === `[object ${name}]`;
  return isNamespace || isNative(value);
}
