// biome-ignore-all lint/suspicious/noShadowRestrictedNames: standing in for those globals is what this module is for.
/**
 * The built-in functions that the worker's loop rests on, as they are before any kernel runs. `build:node` puts these in place
 * of the globals of the same names in the worker's bundle. So a kernel may replace and delete what it likes. The clock and the
 * like are in platform/builtins.ts. Other built-in objects are put back after each kernel: see built-ins.ts.
 */
// Written as a literal: objects made from descriptors are hash tables for V8, and each use of them takes 5 ns more.
const { add, compareExchange, exchange, load, notify, store, sub, wait } = globalThis.Atomics;

export const Atomics = { add, compareExchange, exchange, load, notify, store, sub, wait };

const { PI, abs, ceil, cos, floor, imul, log, max, min, random, sin, sqrt } = globalThis.Math;

export const Math = { PI, abs, ceil, cos, floor, imul, log, max, min, random, sin, sqrt };

export const {
  AggregateError,
  ArrayBuffer,
  BigInt64Array,
  Error,
  Float64Array,
  Function,
  Int32Array,
  Map,
  Promise,
  Set,
  SharedArrayBuffer,
  Uint32Array,
  Uint8Array,
  WeakRef,
} = globalThis;
