/** Calls that are refused for values that cannot cross to workers. */
import { describe } from "vitest";
import { type Refusal, refuses, shrunk, transferred, typeError } from "./refusals.js";

const one = (): number => 1;

describe("values", () => {
  const PLAIN =
    "made of numbers, strings, booleans, bigints, null, dates, typed arrays, WebAssembly modules, lists and plain objects";
  const SET = "set (msgpack knows null only)";
  const DATA = "an array that still has its data";
  const GONE = "one whose buffer was transferred away or shrunk";
  const value = (path: string, allowed: string, shown: string) =>
    typeError(`Cannot send ${path} to workers as it must be ${allowed}: current value is ${shown}`);

  class Model {
    weights = [1, 2];
  }
  function* rows() {}

  const inArgs: readonly [what: unknown, allowed: string, shown: string][] = [
    [one, PLAIN, "function one"],
    [new Model(), PLAIN, "instance of Model with keys weights"],
    [Symbol("rate"), PLAIN, "Symbol(rate)"],
    [new Map([["rate", 1]]), PLAIN, "Map"],
    [new Set([1]), PLAIN, "Set"],
    [Promise.resolve(1), PLAIN, "Promise"],
    [Object(3), PLAIN, "Number"],
    [rows(), PLAIN, "Generator"],
    [new ArrayBuffer(8), PLAIN, "ArrayBuffer"],
    [new SharedArrayBuffer(8), PLAIN, "SharedArrayBuffer"],
    [new DataView(new ArrayBuffer(8)), PLAIN, "DataView of 8 bytes"],
    [new Date(Number.NaN), "a valid Date", "an invalid one"],
    [2n ** 64n, "a bigint of at most 64 bits", "18446744073709551616n"],
    ["\ud800", "well-formed Unicode", "a string with a lone surrogate"],
    [{ "\udc00": 1 }, "an object of well-formed keys", "one with a lone surrogate"],
    [JSON.parse('{ "__proto__": 1 }'), 'free of a key "__proto__"', "an object with one"],
    [transferred(), DATA, GONE],
  ];
  refuses(
    inArgs.map(([what, allowed, shown]): Refusal => {
      const call: Refusal[1] = (e) => e.mapShared([new Int8Array(1)], one, { args: { model: [0, what] } });
      return [`${shown}, not ${allowed}`, call, value("args.model[1]", allowed, shown)];
    }),
  );

  const ring: { inner: unknown[] } = { inner: [] };
  ring.inner.push({ back: ring });
  const deep = JSON.parse(`${"[".repeat(501)}${"]".repeat(501)}`) as unknown;
  refuses([
    ["args themselves", (e) => e.map([1], one, { args: one }), value("args", PLAIN, "function one")],
    [
      "a key that needs quotes",
      (e) => e.explain([new Int8Array(1)], one, { args: { "my fit": { "9": one } } }),
      value('args["my fit"]["9"]', PLAIN, "function one"),
    ],
    [
      "a hole in a list",
      // biome-ignore lint/suspicious/noSparseArray: the hole is the test
      (e) => e.transformShared(new Int8Array(1), Int8Array, one, { args: [1, , 2] }),
      value("args[1]", SET, "undefined"),
    ],
    [
      "an object that contains itself",
      (e) => e.reduceShared([new Int8Array(1)], one, one, { args: ring }),
      value("args.inner[0].back", "free of cycles", "an object that contains itself"),
    ],
    [
      "what is nested too deep",
      (e) => e.map([1], one, { args: deep }),
      value(`args${"[0]".repeat(500)}`, "nested at most 500 deep", "deeper"),
    ],
    [
      "args of a stream",
      (e) => e.streamShared([new Int8Array(1)], one, { args: { log: console.log } }),
      value("args.log", PLAIN, "function log"),
    ],
    ["an item", (e) => e.map([1, "b", one], one), value("items[2]", PLAIN, "function one")],
    [
      "a field of an item",
      (e) => e.map([{ seed: 1 }, { seed: Symbol() }], one),
      value("items[1].seed", PLAIN, "Symbol()"),
    ],
    ["an item that is undefined", (e) => e.map([1, undefined], one), value("items[1]", SET, "undefined")],
    // biome-ignore lint/suspicious/noSparseArray: the hole is the test
    ["a hole among items", (e) => e.map([, 1], one), value("items[0]", SET, "undefined")],
    ["a transferred item", (e) => e.map([transferred()], one), value("items[0]", DATA, GONE)],
    [
      "an item that contains itself",
      (e) => e.map([ring], one),
      value("items[0].inner[0].back", "free of cycles", "an object that contains itself"),
    ],
    ["shared itself", (e) => e.map([1], one, { shared: new Map() }), value("shared", PLAIN, "Map")],
    [
      "in shared",
      (e) => e.map([1], one, { shared: { fit: new Model() } }),
      value("shared.fit", PLAIN, "instance of Model with keys weights"),
    ],
    [
      "a shrunk array in shared",
      (e) => e.map([1], one, { shared: [shrunk(4)] }),
      value("shared[0]", DATA, GONE),
    ],
  ]);
});
