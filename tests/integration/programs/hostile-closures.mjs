/**
 * Closures that ask of captured variables what copies may not do. Each kernel gives what it gives in its place, or is refused by a
 * path before anything runs. Here no tool has touched a text.
 */
import { createHash } from "node:crypto";
import path, { basename } from "node:path";
import { inspect, isDeepStrictEqual } from "node:util";
import { KernelCaptureError, ParallelExecutor } from "sharray";
import * as names from "./hostile-module.mjs";
import plus, { bump, Kind, level, nested } from "./hostile-module.mjs";
import { tell } from "./support.mjs";

Object.prototype.polluted = 5;
Array.prototype.total = function () {
  return this.reduce((a, b) => a + b, 0);
};
String.prototype.shout = function () {
  return this.toUpperCase();
};
globalThis.ofProgram = 77;
globalThis.helperOfProgram = (x) => x + ofProgram;

const numbers = new Float64Array([1, 2, 3, 4, 5]);
const part = numbers.subarray(1, 4);
const bytes = Buffer.from([1, 2, 3]);
class Vector extends Float64Array {}
class List extends Array {}
const vector = Vector.of(1, 2);
const list = [1, 2, 3];
const config = { size: 2, list: [1, 2], deep: { of: { it: 5 } } };
const dictionary = Object.assign(Object.create(null), { a: 1 });
const date = new Date(5);
const scaled = Object.assign((x) => x * scaled.factor, { factor: 3, step: (x) => scaled(x) + 1 });
function counted(x) {
  return x + counted.offset;
}
counted.offset = 10;
const append = (into, value) => {
  into.push(value);
  return into.length;
};
const sortedCopy = (values) => {
  const copy = [...values];
  copy.sort();
  return copy;
};
const nest = { tools: { setUp: (x) => 2 * x, add: (a, b) => a + b }, out: process.stdout };
const { sqrt } = Math;
const M = Math;
const J = JSON;
const shared = { v: 1 };
const [first, second] = [shared, shared];
const loop = [];
for (let i = 0; i < 3; i++) loop.push((x) => x + i);
const even = (n) => n === 0 || odd(n - 1);
const odd = (n) => n !== 0 && even(n - 1);
const huge = "x".repeat(1_000_000);
bump();

/** Gives what it gives in its place. */
const same = {
  "a shadowed parameter": (x) => [x, ((list) => list)(x)],
  "a default of a parameter": (x) => ((y = config.size) => y + x)(),
  "a computed key": (x) => ({ [huge.length]: x }),
  "a variable of a loop": loop[1],
  "functions that call each other": (x) => [even(x), odd(x)],
  "an import that was changed": (x) => x * level,
  "members of namespaces, nested ones, a default": (x) => [names.level, nested.deep.v, plus(x)],
  "an enum, both ways": (x) => [Kind.A, Kind[1], x],
  "a property of a function": (x) => [scaled(x), scaled.factor, scaled.step(x)],
  "a function that uses its own property": (x) => counted(x),
  "a function with properties, handed on": (x) => [x].map(scaled),
  "two variables of one object": () => first === second,
  "an object without prototype": () => ["toString" in dictionary, dictionary.constructor ?? null],
  "such an object within another": () => ((o) => "toString" in o.inner)({ inner: dictionary }),
  "methods of a date": () => [date.getTime(), date.toISOString()],
  "built-in functions and namespaces": (x) => [sqrt(x), M.max(x, 2), J.stringify([x]), typeof M],
  "functions of Node's modules": (x) => [
    basename(`/a/${x}`),
    path.join("a", "b"),
    createHash("sha1").update(`${x}`).digest("hex"),
    inspect(list),
  ],
  "methods of a list": (x) => [list.map((y) => y + x), list.length, list.at(-1), list.includes(x)],
  "a part of an array": (x) => [part[x], part.length, ...part],
  "a whole array's buffer": () => numbers.buffer.byteLength,
  "bytes of a Buffer": (x) => [bytes[0], bytes.length, x],
  "a copy that is changed": (x) => {
    const copy = [...list];
    copy.push(x);
    const other = { ...config, size: x };
    other.size += 1;
    return [copy, other.size, sortedCopy(list), Object.assign({}, config).size, list.filter(Boolean).sort()];
  },
  "a variable that held a captured one at first": (x) => {
    let values = list;
    values = values.map((y) => y * x);
    values[0] = 7;
    return values;
  },
  "a text that is split": (x) => {
    const words = huge.slice(0, 3).split("");
    words.push(x);
    return words.length;
  },
  "functions that are called as if they changed something": (x) => nest.tools.setUp(x) + nest.tools.add(x, 1),
  "optional members": (x) => [config?.deep?.of.it, config.none?.x ?? x],
  "a huge text": () => huge.length,
  "globals of the program": (x) => helperOfProgram(x),
  "-0 and NaN": ((zero, nan) => () => [Object.is(zero, -0), nan])(-0, Number.NaN),
};

/** Refused, by these paths. */
const refused = {
  list: [
    (x) => ((own) => own.push(x))(list) + list.push(x),
    (x) => {
      const alias = list;
      return alias.push(x);
    },
    (x) => append(list, x),
    () => list.sort(),
    (x) => Object.assign(list, [x]),
  ],
  config: [
    (x) => {
      const { list } = config;
      list.push(x);
    },
    (x) => {
      for (const each of config.list) each.x = x;
    },
    () => delete config.size,
    (x) => config.list.push(x),
    (x) => Reflect.set(config, "size", x),
  ],
  numbers: [
    (x) => {
      const alias = numbers;
      alias[0] += x;
    },
    (x) => numbers.subarray(1).fill(x),
    (x) => {
      new Uint8Array(numbers.buffer)[0] = x;
    },
    (x) => Atomics.add(numbers, 0, x),
    (x) => {
      [numbers[0]] = [x];
    },
  ],
  date: [(x) => date.setTime(x)],
  scaled: [
    (x) => {
      scaled.factor = x;
    },
  ],
  "bytes.toString": [() => bytes.toString("hex")],
  "part.buffer": [() => new Float64Array(part.buffer).length],
  "vector.constructor": [() => vector.constructor.name],
  many: [
    (
      (many) => () =>
        many
    )(List.of(1, 2)),
  ],
  "match.groups": [
    (
      (match) => () =>
        match.groups
    )(/(?<a>x)/.exec("x")),
  ],
  "config.polluted": [() => config.polluted],
  "list.total": [() => list.total()],
  "huge.shout": [() => huge.shout()],
  "odd.polluted": [() => odd.polluted],
  "keyed[Symbol(key)]": [((keyed) => () => [keyed])({ [Symbol("key")]: 1 })],
  "hiding.it": [((hiding) => () => [hiding])(Object.defineProperty({}, "it", { value: 1 }))],
  "computed.it": [
    (
      (computed) => () =>
        computed.it
    )({
      get it() {
        return 1;
      },
    }),
  ],
  names: [() => Object.keys(names), () => ((all) => all.level)(names)],
};

const strategies = process.argv.slice(2);
const wrong = [];
let tried = 0;
for (const strategy of strategies) {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
  for (const [name, kernel] of Object.entries(same)) {
    tried += 1;
    const expected = [1, 2].map((x) => kernel(x));
    const values = await executor.map([1, 2], kernel).catch(String);
    // What a worker returns has no prototypes.
    if (!isDeepStrictEqual(values, structuredClone(expected))) wrong.push({ strategy, name, values });
  }
  for (const [path, kernels] of Object.entries(refused)) {
    for (const kernel of kernels) {
      tried += 1;
      const error = await executor.map([1, 2], kernel).catch((error) => error);
      const isRefused = error instanceof KernelCaptureError && error.variables.join() === path;
      if (!isRefused) wrong.push({ strategy, path, kernel: String(kernel), error: String(error) });
    }
  }
  await executor.shutdown();
}
tell({ tried, wrong });
