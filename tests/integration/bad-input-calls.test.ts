/** Calls that are refused for their kernel or their options. */
import { describe, expect } from "vitest";
import { type Check, capture, configuration, rangeError, refuses, typeError } from "./refusals.js";

const x = new Float64Array(4);
const one = (): number => 1;

describe("kernels", () => {
  const rate = 2;
  let seen = 0;
  const table = new Map([["EUR", 1]]);
  const helper = (value: number): number => value * rate;
  const performance = { now: () => 0 };
  class Model extends Object {
    weights = 3;
    score(): number {
      return this.weights;
    }
    describe(): string {
      return super.toString();
    }
    get value(): number {
      return 1;
    }
  }
  const getter = Object.getOwnPropertyDescriptor(Model.prototype, "value")?.get;

  const none = (shown: string) =>
    typeError(
      "Cannot use this value as a kernel as a kernel must be a function: " +
        `current value is ${shown}; pass an inline function, or one made with defineKernel()`,
    );
  const unfit = (name: string, why: string) => typeError(`Cannot use "${name}" as a kernel as ${why}`);
  const native = "a native function (or a Proxy of one) has no source: wrap its call in an arrow function";
  const generator =
    "a kernel must return one value and it is a generator: pass a function that returns an array of what it yields";
  const outer = (word: string, advice: string): string =>
    `its source runs alone in workers and it uses "${word}" from outside: ${advice}`;
  const sloppy = (problem: string): string =>
    `kernels are compiled as strict code and its source is not: ${problem}: rewrite it so that it runs in a module`;

  const rows: readonly [name: string, kernel: unknown, check: Check][] = [
    ["none", undefined, none("undefined")],
    ["its source", "(x) => x.length", none('"(x) => x.length"')],
    ["the options in its place", { chunkSize: 2 }, none("object with keys chunkSize")],
    ["a promise of one", Promise.resolve(one), none("Promise")],
    ["a native function", Math.sqrt, unfit("sqrt", native)],
    ["a Proxy of a function", new Proxy(one, {}), unfit("one", native)],
    [
      "a bound function",
      helper.bind(null, 1),
      unfit(
        "bound helper",
        'a bound function has no source: pass the function itself, and what is bound to it in "args"',
      ),
    ],
    [
      "a class",
      Model,
      unfit(
        "Model",
        'kernels are called without "new" and it is a class: pass a function that creates the instance',
      ),
    ],
    ["a generator", function* rows() {}, unfit("rows", generator)],
    ["an async generator", async function* pages() {}, unfit("pages", generator)],
    [
      "a getter",
      getter,
      unfit("get value", "a kernel must be a plain function and it is a getter: wrap its work in a function"),
    ],
    [
      "a method that uses this",
      new Model().score,
      unfit("score", outer("this", 'pass what it needs of the object in "args"')),
    ],
    [
      "a method that uses super",
      new Model().describe,
      unfit("describe", outer("super", "call a function that is declared inside the kernel")),
    ],
    [
      "an arrow that uses arguments",
      (function around() {
        // biome-ignore lint/complexity/noArguments: they are the test
        const count = () => arguments.length;
        return count;
      })(),
      unfit("count", outer("arguments", "name its parameters, or take them as (...rest)")),
    ],
    [
      "an arrow that uses new.target",
      (function around() {
        const made = () => new.target;
        return made;
      })(),
      unfit("made", outer("new.target", 'pass what depends on it in "args"')),
    ],
    [
      "with",
      new Function("x", "with (x) return length"),
      unfit("anonymous", sloppy("'with' in strict mode")),
    ],
    ["an octal number", new Function("return 010"), unfit("anonymous", sloppy("Invalid number"))],
    [
      "a variable deleted",
      new Function("x", "delete x"),
      unfit("anonymous", sloppy("Deleting local variable in strict mode")),
    ],
    ["a variable from around it", (x: number) => x * rate, capture("(x) => x * rate", "rate")],
    [
      "several, one of them twice",
      function convert(x: number) {
        return helper(x) * (table.get("EUR") ?? rate) + helper(rate);
      },
      capture("convert", "helper", "table", "rate"),
    ],
    ["a variable that it writes", { count: () => globalThis.Number(seen++) }.count, capture("count", "seen")],
    [
      "a variable that hides a global",
      { time: () => performance.now() }.time,
      capture("time", "performance"),
    ],
    ["import.meta", { where: () => import.meta.url }.where, capture("where", "import.meta")],
    ["an import", { check: () => typeof expect }.check, capture("check", "expect")],
  ];
  const alone = { captures: "error" } as const;
  refuses(
    rows.map(([name, kernel, check]) => [name, (e) => e.mapShared(x, kernel), check]),
    alone,
  );
  const captured = (item: number): number => item + rate;
  refuses(
    [
      ["map", (e) => e.map([1], captured), capture("captured", "rate")],
      ["transformShared", (e) => e.transformShared(x, Int8Array, captured), capture("captured", "rate")],
      ["reduceShared", (e) => e.reduceShared(x, captured, one), capture("captured", "rate")],
      ["streamShared", (e) => e.streamShared(x, captured), capture("captured", "rate")],
      ["explain", (e) => e.explain(x, captured), capture("captured", "rate")],
      [
        "sequential",
        (e) => e.mapShared(x, captured, { strategy: "sequential" }),
        capture("captured", "rate"),
      ],
    ],
    alone,
  );
});

describe("reductions", () => {
  const combine = (shown: string) =>
    typeError(`Cannot reduce as "combine" must be a function of two partials: current value is ${shown}`);
  const empty = typeError(
    'Cannot reduce an empty payload without an initial value: pass the option "initial"',
  );
  refuses([
    ["no combine", (e) => e.reduceShared(x, one), combine("undefined")],
    [
      "the options in its place",
      (e) => e.reduceShared(x, one, { initial: 0 }),
      combine("object with keys initial"),
    ],
    ["its name", (e) => e.reduceShared(x, one, "sum"), combine('"sum"')],
    ["an empty list", (e) => e.reduceShared([], one, one), empty],
    [
      "an empty list, with an initial value of undefined",
      (e) => e.reduceShared([], one, one, { initial: undefined }),
      empty,
    ],
    ["an empty array", (e) => e.reduceShared(new Float64Array(0), one, one), empty],
    ["empty columns", (e) => e.reduceShared({ x: new Int8Array(0) }, one, one, { chunkSize: 4 }), empty],
  ]);
});

describe("options", () => {
  const OPTIONS =
    "args, shared, writable, idempotent, chunkSize, rowLength, halo, strategy, taskSizeHintBytes, signal, timeout, seed, captures, onProgress";
  const unknown = (field: string, shown: string, more = "") =>
    configuration(field, `left out: the options of this call are ${OPTIONS}${more}`, shown);
  const itemsOption = (field: string) => {
    const known = OPTIONS.replace(" chunkSize, rowLength, halo,", "");
    return configuration(field, `left out: the options of this call are ${known}`, "0");
  };
  const options = (shown: string) =>
    typeError(`Cannot read the options as they must be a plain object: current value is ${shown}`);
  const signal = (shown: string) =>
    typeError(`Cannot watch "signal" as it must be an AbortSignal: current value is ${shown}`);
  const progress = (shown: string) =>
    typeError(`Cannot report to "onProgress" as it must be a function: current value is ${shown}`);
  const FROM_0 = "an integer of at least 0";
  const FROM_1 = "an integer of at least 1";
  const ABOVE_0 = "milliseconds above 0, at most 2147483647";
  const HALO = "an integer of at least 0, or { before, after } of such";
  const STRATEGY = 'one of "auto", "sequential", "threads", "processes"';
  const { signal: live } = new AbortController();

  const rows: readonly [name: string, given: unknown, check: Check][] = [
    ["null", null, options("null")],
    ["text", "threads", options('"threads"')],
    ["a function", one, options("function one")],
    ["a list", [{ chunkSize: 2 }], options("array of 1")],
    ["a signal in their place", live, options("AbortSignal")],
    ["a Map", new Map([["chunkSize", 2]]), options("Map")],
    ["fields that are inherited", Object.create({ chunkSize: -2 }), options("object with keys (none)")],
    ["a name in other letters", { chunksize: 2 }, unknown("chunksize", "2")],
    ["an option of the executor", { maxWorkers: 2 }, unknown("maxWorkers", "2")],
    ["initial, which reduceShared has", { initial: 0 }, unknown("initial", "0")],
    [
      "captures of another kind",
      { captures: "deep" },
      configuration("captures", 'one of "copy", "error"', '"deep"'),
    ],
    ["chunks of nothing", { chunkSize: 0 }, configuration("chunkSize", FROM_1, "0")],
    ["chunks of half an element", { chunkSize: 0.5 }, configuration("chunkSize", FROM_1, "0.5")],
    ["chunks of a bigint", { chunkSize: 2n }, configuration("chunkSize", FROM_1, "2n")],
    [
      "chunks beyond all numbers",
      { chunkSize: 2 ** 53 },
      configuration("chunkSize", FROM_1, "9007199254740992"),
    ],
    ["rows of nothing", { rowLength: 0 }, configuration("rowLength", FROM_1, "0")],
    [
      "rows that do not fit",
      { rowLength: 3 },
      rangeError(
        "Cannot cut the input into rows of 3 elements as its length must be a multiple of that: current value is 4; " +
          "leave the rest out by subarray(0, 3), or pad it",
      ),
    ],
    ["a negative halo", { halo: -1 }, configuration("halo", HALO, "-1")],
    [
      "a halo of half an element",
      { halo: { before: 0.5 } },
      configuration("halo", HALO, "object with keys before"),
    ],
    ["a halo on a third side", { halo: { above: 1 } }, configuration("halo", HALO, "object with keys above")],
    ["a halo of text", { halo: "2" }, configuration("halo", HALO, '"2"')],
    ["a halo in a list", { halo: [1, 1] }, configuration("halo", HALO, "array of 2")],
    ["an unknown strategy", { strategy: "cluster" }, configuration("strategy", STRATEGY, '"cluster"')],
    ["a negative hint", { taskSizeHintBytes: -1 }, configuration("taskSizeHintBytes", FROM_0, "-1")],
    [
      "a hint that is text",
      { taskSizeHintBytes: "1MB" },
      configuration("taskSizeHintBytes", FROM_0, '"1MB"'),
    ],
    ["no time at all", { timeout: 0 }, configuration("timeout", ABOVE_0, "0")],
    ["time without end", { timeout: Infinity }, configuration("timeout", ABOVE_0, "Infinity")],
    ["a time that is text", { timeout: "1s" }, configuration("timeout", ABOVE_0, '"1s"')],
    ["a controller in place of its signal", { signal: new AbortController() }, signal("AbortController")],
    ["no signal", { signal: null }, signal("null")],
    ["a likeness of a signal", { signal: { aborted: true } }, signal("object with keys aborted")],
    [
      "a record in place of a listener",
      { onProgress: { completed: 0 } },
      progress("object with keys completed"),
    ],
  ];
  refuses(rows.map(([name, given, check]) => [name, (e) => e.mapShared(x, one, given), check]));
  refuses([
    ["map: initial", (e) => e.map([1], one, { initial: 0 }), itemsOption("initial")],
    ["map: halo", (e) => e.map([1], one, { halo: 0 }), itemsOption("halo")],
    [
      "a list: halo",
      (e) => e.mapShared([x], one, { halo: 1 }),
      configuration("halo", "left out: the arrays of a list are not cut", "1"),
    ],
    [
      "a list: rowLength",
      (e) => e.reduceShared([x], one, one, { rowLength: 2 }),
      configuration("rowLength", "left out: the arrays of a list are not cut", "2"),
    ],
    [
      "a count of rows: halo",
      (e) => e.transformShared(4, Int8Array, one, { halo: 1 }),
      configuration("halo", "left out: a count of rows has no input", "1"),
    ],
    ["map: chunkSize", (e) => e.map([1], one, { chunkSize: 0 }), itemsOption("chunkSize")],
    [
      "transformShared: initial",
      (e) => e.transformShared(x, Int8Array, one, { initial: x }),
      unknown("initial", "Float64Array of 32 bytes"),
    ],
    [
      "streamShared: an order by text",
      (e) => e.streamShared(x, one, { ordered: "index" }),
      configuration("ordered", "true or false", '"index"'),
    ],
    ["mapShared: an order", (e) => e.mapShared(x, one, { ordered: true }), unknown("ordered", "true")],
    ["streamShared: a signal", (e) => e.streamShared(x, one, live), options("AbortSignal")],
    [
      "explain: chunkSize",
      (e) => e.explain(x, one, { chunkSize: 0 }),
      configuration("chunkSize", FROM_1, "0"),
    ],
    ["map: args in place of options", (e) => e.map([1], one, { rate: 0 }), itemsOption("rate")],
  ]);
});
