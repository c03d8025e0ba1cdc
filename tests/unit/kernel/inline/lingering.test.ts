import { describe, expect, it } from "vitest";
import { readKernelSource } from "../../../../src/kernel/inline/source.js";

/** A function that no tool has touched: its text is what the test says. */
function lingers(expression: string): boolean {
  return readKernelSource(new Function(`return (${expression})`)()).lingers;
}

describe("kernels that leave nothing behind", () => {
  it.each([
    ["arithmetic", "(v, o) => { for (let i = 0; i < v.length; i++) o[i] = v[i] * 2; }"],
    ["members of Math", "(v) => v.map(Math.sqrt).reduce((a, b) => Math.max(a, b), -Infinity)"],
    ["a member of Math by name", "(v, { args }) => Math[args.op](v[0])"],
    ["arrays of its own", "(v) => new Float64Array(v.length).fill(NaN)"],
    ["collections", "(v) => [...new Set(new Map(v.entries()).values())].map(Number).filter(Boolean)"],
    ["text", "(v) => JSON.stringify(String(v)).split(',').map(parseFloat)"],
    ["errors", "(v) => { if (v.length === 0) throw new RangeError('empty'); return v.length; }"],
    ["questions of type", "(v) => v instanceof Float64Array || typeof Float32Array === 'function'"],
    ["atomics", "(v) => Atomics.add(new Int32Array(new SharedArrayBuffer(4)), 0, v.length)"],
    ["clocks", "(v) => performance.now() - Date.now() + new Date(v[0]).getTime()"],
    ["random bytes", "(v) => crypto.getRandomValues(new Uint8Array(v.length))"],
    ["WebAssembly, at once", "(v, { args }) => new WebAssembly.Instance(new WebAssembly.Module(args.code))"],
    ["a borrowed method", "(v) => Array.prototype.slice.call(v, 1)"],
    ["recursion", "function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }"],
    [
      "generators",
      "(v) => { function* odd() { for (const x of v) if (x % 2) yield x; } return [...odd()]; }",
    ],
    [
      "a class",
      "(v) => { class Sum { #n = 0; constructor(n) { this.#n = n; } get() { return this.#n; } } return new Sum(v[0]).get(); }",
    ],
    ["objects", "(v) => Object.fromEntries(Object.entries({ a: v[0], b: undefined }))"],
    ["formats", "(v) => new Intl.NumberFormat('en').format(v[0])"],
    ["clones", "(v) => structuredClone({ v })"],
    ["text with such a word in it", "(v) => 'and then ' + v.length"],
    ["a local variable of such a name", "(v) => { const Promise = v.length; return Promise; }"],
    [
      "its context",
      "(v, { index, start, end, args, aborted }) => aborted() ? 0 : index + start + end + args.n",
    ],
  ])("%s", (_, expression) => {
    expect(lingers(expression)).toBe(false);
  });
});

describe("kernels that may leave work behind", () => {
  it.each([
    ["async arrow", "async (v) => v.length"],
    ["async function", "async function f(v) { await v; }"],
    ["async method", "({ async m(v) { return v; } }).m"],
    ["async function in it", "(v) => { (async () => { v[0] = 1; })(); }"],
    ["async method in it", "(v) => { ({ async m() { v[0] = 1; } }).m(); }"],
    ["async method of a class in it", "(v) => { new (class { async m() { v[0] = 1; } })().m(); }"],
    ["async generator in it", "(v) => { (async function* () { v[0] = 1; })().next(); }"],
    ["a promise", "(v) => { Promise.resolve().then(() => { v[0] = 1; }); }"],
    ["a subclass of promises", "(v) => { new (class extends Promise {})((done) => done(v)); }"],
    ["a promise handed on", "(v) => Reflect.construct(Promise, [(done) => done(v)])"],
    ["a thenable of its own", "(v) => ({ then(f) { f(v.length); } })"],
    ["a thenable by a key in quotes", "(v) => ({ 'then': (f) => f(v.length) })"],
    ["a thenable by a computed key", "(v) => ({ ['then']: (f) => f(v.length) })"],
    ["a thenable by a template", "(v) => ({ [`then`]: (f) => f(v.length) })"],
    ["a thenable by assignment", "(v) => { const o = {}; o.then = (f) => f(1); return o; }"],
    ["a thenable by a getter", "(v) => ({ get then() { return (f) => f(v.length); } })"],
    ["a thenable by a field", "(v) => new (class { then = (f) => f(v.length); })()"],
    ["a proxy", "(v) => new Proxy({}, { get: () => (f) => f(v.length) })"],
    ["a timer", "(v) => { setTimeout(() => { v[0] = 1; }); }"],
    ["an interval", "(v) => { setInterval(() => { v[0] = 1; }); }"],
    ["a turn", "(v) => { setImmediate(() => { v[0] = 1; }); }"],
    ["a microtask", "(v) => { queueMicrotask(() => { v[0] = 1; }); }"],
    ["a finalizer", "(v) => { new FinalizationRegistry(() => { v[0] = 1; }).register({}); }"],
    ["a weak reference", "(v) => new WeakRef(v).deref()[0]"],
    ["a message", "(v) => { new MessageChannel().port1.onmessage = () => { v[0] = 1; }; }"],
    ["a broadcast", "(v) => { new BroadcastChannel('x').onmessage = () => { v[0] = 1; }; }"],
    ["an event", "(v) => { new EventTarget().addEventListener('x', () => { v[0] = 1; }); }"],
    ["a signal", "(v) => { AbortSignal.timeout(1).onabort = () => { v[0] = 1; }; }"],
    ["a request", "(v) => { fetch('http://x.invalid').catch(() => { v[0] = 1; }); }"],
    ["compiled in the background", "(v) => { WebAssembly.compile(v); }"],
    ["digested in the background", "(v) => { crypto.subtle.digest('SHA-1', v); }"],
    ["waited for in the background", "(v) => { Atomics.waitAsync(v, 0, 0); }"],
    ["the same, taken apart", "(v) => { const { waitAsync } = Atomics; waitAsync(v, 0, 0); }"],
    ["the same, by name", "(v) => { Atomics['waitAsync'](v, 0, 0); }"],
    ["a member that only running it tells", "(v, { args }) => { Array[args.name](v); }"],
    ["collected in the background", "(v) => { Array.fromAsync(v); }"],
    ["a constructor", "(v) => v.constructor.from(v)"],
    ["a constructor, taken apart", "(v) => { const { constructor: F } = () => 0; F('setTimeout(1)')(); }"],
    ["a constructor, by name", "(v) => (() => 0)['constructor']('return 1')()"],
    ["a prototype that is asked for", "(v) => Object.getPrototypeOf(v)"],
    ["a prototype, directly", "(v) => { v.__proto__.last = v; }"],
    [
      "a prototype that is changed",
      "(v) => { Object.defineProperty(Array.prototype, 'last', { value: v }); }",
    ],
    ["a global that is handed on", "(v) => { Object.assign(Math, { last: v }); }"],
    ["a global under another name", "(v) => { const M = Map; M.last = v; }"],
    ["import", "(v) => { import('node:timers'); }"],
    ["process", "(v) => { process.nextTick(() => { v[0] = 1; }); }"],
    ["globalThis", "(v) => { globalThis.setTimeout(() => { v[0] = 1; }); }"],
    ["eval", "(v) => eval('setTimeout(1)')"],
    ["Function", "(v) => new Function('v', 'setTimeout(1)')(v)"],
    ["state on its own function", "function f(v) { f.last = v; }"],
    ["a global of which nothing is known", "(v) => new URL('x:' + v).href"],
    ["the console, which a program may replace", "(v) => { console.log(v); }"],
  ])("%s", (_, expression) => {
    expect(lingers(expression)).toBe(true);
  });

  it("does so whenever it is stateful", () => {
    const { stateful, lingers } = readKernelSource(new Function("return (v) => { Math.last = v; }")());
    expect([stateful, lingers]).toEqual([true, true]);
  });
});
