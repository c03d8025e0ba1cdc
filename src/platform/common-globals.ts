/** Globals that every thread of every runtime has, and how others are judged. */

/**
 * Those of the language and of the web, as Node 20 has them. A library or a test tool may have put something else in the place
 * of one: workers have it.
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

/** Is it part of the runtime, and no function of the program's or of a library? Bound functions look as if they were. */
export function isNative(value: unknown): boolean {
  if (typeof value !== "function") return false;
  const text = Function.prototype.toString.call(value);
  return /\{\s*\[native code\]\s*\}$/.test(text) && !value.name.startsWith("bound ");
}

/** How the global object has a name: as a property of its own, or one that it inherits. */
export function globalProperty(name: string): PropertyDescriptor | undefined {
  for (let holder: object | null = globalThis; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, name);
    if (property !== undefined) return property;
  }
  return undefined;
}

/**
 * Whether a global of which nothing is known is the runtime's. What a program sets, or declares with `var` or `function`
 * in a script, is a plain value; a namespace of the language is one too, and says its own name.
 */
export function looksBuiltIn(name: string): boolean {
  const property = globalProperty(name);
  if (property === undefined) return false;
  if (!("value" in property)) return true;
  const { value, enumerable } = property;
  const isNamespace = enumerable === false && Object.prototype.toString.call(value) === `[object ${name}]`;
  return isNamespace || isNative(value);
}
