/** Calls that are refused for their arrays: those that they read, and those that they are to make. */
import { constants } from "node:buffer";
import { ParallelExecutor } from "sharray";
import { describe, expect, test } from "vitest";
import {
  type Check,
  configuration,
  KINDS,
  type Refusal,
  rangeError,
  refuses,
  shrunk,
  tracesOf,
  transferred,
  typeError,
} from "./refusals.js";

const x = new Float64Array(4);
const one = (): number => 1;

test("what a good call leaves behind is seen", async () => {
  await using executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
  expect(await tracesOf(executor)).toMatchObject({
    memory: { regions: 0 },
    submitted: 0,
    events: [],
    workers: 0,
  });
  await executor.mapShared([x], one);
  const { memory, ...traces } = await tracesOf(executor);
  expect(memory.regions).toBeGreaterThan(0);
  expect(traces).toEqual({
    submitted: 1,
    completed: 1,
    failures: 0,
    events: ["parallel_decision", "parallel_execution"],
    workers: 1,
  });
});

describe("payloads", () => {
  const TYPED = `must be a typed array (${KINDS})`;
  const payload = (shown: string) =>
    typeError(
      "Cannot share the payload as it must be a typed array, a list of typed arrays or a record of typed arrays: " +
        `current value is ${shown}`,
    );
  const part = (what: string, shown: string) =>
    typeError(`Cannot share ${what} as it ${TYPED}: current value is ${shown}`);
  const gone = (what: string) =>
    typeError(
      `Cannot share ${what} as its buffer was transferred away or shrunk: pass an array that still has its data`,
    );
  const lengths = (text: string) =>
    rangeError(`Cannot combine the columns as their lengths must be equal: ${text}`);

  class Table {
    x = x;
  }
  refuses([
    ["none", (e) => e.mapShared(undefined, one), payload("undefined")],
    ["null", (e) => e.reduceShared(null, one, one), payload("null")],
    ["a number", (e) => e.share(3), payload("3")],
    ["text", (e) => e.mapShared("price.csv", one), payload('"price.csv"')],
    ["a symbol", (e) => e.explain(Symbol("x"), one), payload("Symbol(x)")],
    ["the kernel first", (e) => e.mapShared(one, x), payload("function one")],
    ["an ArrayBuffer", (e) => e.share(new ArrayBuffer(8)), payload("ArrayBuffer")],
    ["a SharedArrayBuffer", (e) => e.mapShared(new SharedArrayBuffer(8), one), payload("SharedArrayBuffer")],
    ["a DataView", (e) => e.mapShared(new DataView(new ArrayBuffer(8)), one), payload("DataView of 8 bytes")],
    ["a Map of arrays", (e) => e.transformShared(new Map([["x", x]]), Float64Array, one), payload("Map")],
    ["a Set of arrays", (e) => e.mapShared(new Set([x]), one), payload("Set")],
    ["a promise of an array", (e) => e.mapShared(Promise.resolve(x), one), payload("Promise")],
    ["an iterator of arrays", (e) => e.mapShared([x].values(), one), payload("Array Iterator")],
    ["an instance of a class", (e) => e.share(new Table()), payload("instance of Table with keys x")],
    [
      "a Proxy of an array",
      (e) => e.mapShared(new Proxy(x, {}), one),
      payload("a proxy of Float64Array, or an object that inherits from it"),
    ],

    ["a list of numbers", (e) => e.mapShared([1, 2, 3], one), part("arrays[0]", "1")],
    ["a list of lists of arrays", (e) => e.mapShared([[x]], one), part("arrays[0]", "array of 1")],
    // biome-ignore lint/suspicious/noSparseArray: the hole is the test
    ["a list with a hole", (e) => e.reduceShared([x, , x], one, one), part("arrays[1]", "undefined")],
    ["a list of buffers", (e) => e.explain([x.buffer], one), part("arrays[0]", "ArrayBuffer")],
    [
      "a list of columns",
      (e) => e.streamShared([{ x, y: x }], one),
      part("arrays[0]", "object with keys x, y"),
    ],

    [
      "no columns",
      (e) => e.mapShared({}, one),
      typeError("Cannot share the columns as there must be at least one: current value has none"),
    ],
    [
      "columns in columns",
      (e) => e.mapShared({ prices: { x } }, one),
      part('column "prices"', "object with keys x"),
    ],
    ["a column that is text", (e) => e.share({ x, y: "1,2,3,4" }), part('column "y"', '"1,2,3,4"')],
    ["a column of numbers", (e) => e.mapShared({ x: [1, 2] }, one), part('column "x"', "array of 2")],
    [
      "columns of unequal length",
      (e) => e.mapShared({ x, y: new Float64Array(4), z: new Int8Array(5) }, one),
      lengths('"x" has 4 elements, "z" has 5'),
    ],
    [
      "columns of unequal length, of bytes equal",
      (e) => e.share({ n: new BigInt64Array(2), half: new Float32Array(4) }),
      lengths('"n" has 2 elements, "half" has 4'),
    ],
    [
      "an empty column beside others",
      (e) => e.explain({ x, none: new Float64Array(0) }, one),
      lengths('"x" has 4 elements, "none" has 0'),
    ],
    [
      "a column that would be the prototype",
      (e) => e.mapShared(JSON.parse('{"__proto__":[]}'), one),
      typeError('Cannot name a column "__proto__" as objects have their prototype there: rename it'),
    ],

    ["a transferred array", (e) => e.mapShared(transferred(), one), gone("the array")],
    ["a transferred array in a list", (e) => e.share([x, transferred()]), gone("arrays[1]")],
    ["a transferred column", (e) => e.explain({ x: transferred() }, one), gone('column "x"')],
    ["an array past the end of its buffer", (e) => e.reduceShared(shrunk(4), one, one), gone("the array")],
    ["one that tracks the length of its buffer", (e) => e.share(shrunk()), gone("the array")],
    [
      "an array that is transferred before the stream is read",
      async (e) => {
        const array = new Float64Array(4);
        const stream = e.streamShared([array], one) as AsyncIterable<unknown>;
        structuredClone(array, { transfer: [array.buffer] });
        for await (const _ of stream);
      },
      gone("arrays[0]"),
    ],
    [
      "more chunks than a call may have",
      (e) => e.mapShared(new Uint8Array(2 ** 26 + 1), one, { chunkSize: 1 }),
      rangeError(
        "Cannot cut 67108865 elements into chunks of 1 as a call has at most 67108864 tasks: " +
          'current value is 67108865; raise "chunkSize"',
      ),
    ],
    [
      "more items than a call may have",
      (e) => e.map(new Array(2 ** 26 + 1), one),
      rangeError("Cannot map more than 67108864 items in one call: current value is 67108865"),
    ],
  ]);

  const items: readonly [items: unknown, shown: string][] = [
    ["abc", '"abc"'],
    [{ length: 2, 0: 1, 1: 2 }, "object with keys 0, 1, length"],
    [new WeakSet(), "WeakSet"],
    [7, "7"],
  ];
  refuses(
    items.map(([items, shown]): Refusal => {
      const check = typeError(
        `Cannot map the items as they must be a list, a typed array, a Set or another iterable: current value is ${shown}`,
      );
      return [`items: ${shown}`, (e) => e.map(items, one), check];
    }),
  );
});

describe("outputs", () => {
  const shape = (shown: string) =>
    typeError(
      "Cannot write the outputs as they must be a typed-array constructor, { type, per }, an array on shared memory, " +
        `or a record of at least one of these: current value is ${shown}`,
    );
  const plain = (what: string, shown: string) =>
    typeError(
      `Cannot write ${what} in place as it must be on shared memory: current value is ${shown}; ` +
        "pass an array of share() or allocate()",
    );
  const per = (what: string, shown: string) =>
    rangeError(
      `Cannot write ${what} as "per", its elements per row, must be an integer of at least 1: current value is ${shown}`,
    );
  const kind = (what: string, shown: string) =>
    typeError(
      `Cannot allocate ${what} as its kind must be a typed-array constructor (${KINDS}): current value is ${shown}`,
    );
  const rows: readonly [name: string, outputs: unknown, check: Check][] = [
    ["none", undefined, shape("undefined")],
    ["the name of a kind", "Float64Array", shape('"Float64Array"')],
    ["an array that is not on shared memory", x, plain("the output", "Float64Array of 32 bytes")],
    ["one of several that is not", { y: Int8Array, z: x }, plain('output "z"', "Float64Array of 32 bytes")],
    ["rows of no elements", { type: Int8Array, per: 0 }, per("the output", "0")],
    ["rows of half an element", { y: { type: Int8Array, per: 1.5 } }, per('output "y"', "1.5")],
    ["rows of a width that is text", { y: { type: Int8Array, per: "2" } }, per('output "y"', '"2"')],
    ["rows without a width", { y: { type: Int8Array } }, per('output "y"', "undefined")],
    ["rows of no kind", { type: "Int8Array", per: 2 }, kind("the output", '"Int8Array"')],
    ["a list", [Float64Array], shape("array of 1")],
    ["an empty record", {}, shape("object with keys (none)")],
    ["a Map", new Map([["y", Float64Array]]), shape("Map")],
    ["the kernel in their place", one, kind("the output", "function one")],
    ["Array", Array, kind("the output", "function Array")],
    ["Buffer", Buffer, kind("the output", "function Buffer")],
    ["DataView", { view: DataView }, kind('output "view"', "function DataView")],
    ["a record in a record", { y: { z: Int8Array } }, kind('output "y"', "object with keys z")],
    [
      "one that would be the prototype",
      JSON.parse('{"__proto__":0}'),
      typeError('Cannot name an output "__proto__" as objects have their prototype there: rename it'),
    ],
  ];
  refuses(rows.map(([name, outputs, check]) => [name, (e) => e.transformShared(x, outputs, one), check]));
  refuses(
    rows.map(([name, outputs, check]) => [`mapInto: ${name}`, (e) => e.mapInto([1], outputs, one), check]),
  );
  refuses([
    [
      "of a list of arrays",
      (e) => e.transformShared([x, x], Float64Array, one),
      typeError(
        "Cannot transform a list of arrays as outputs are cut like the input: pass one array, a record of columns, or a count of rows",
      ),
    ],
  ]);

  const rowCount = (shown: string) =>
    rangeError(
      `Cannot cut the rows as their count must be an integer of at least 0: current value is ${shown}`,
    );
  const collected = (what: string, shown: string) =>
    typeError(
      `Cannot collect rows into ${what} as it must be a kind or { type, per }: current value is ${shown}; ` +
        "its length is known when the call has ended",
    );
  const ints = new Int32Array(new SharedArrayBuffer(16));
  refuses([
    ["collectShared: none", (e) => e.collectShared(x, undefined, one), shape("undefined")],
    [
      "collectShared: an array",
      (e) => e.collectShared(x, { y: ints }, one),
      collected('output "y"', "Int32Array of 16 bytes"),
    ],
    [
      "collectShared: of a list",
      (e) => e.collectShared([x], Int8Array, one),
      typeError(
        "Cannot transform a list of arrays as outputs are cut like the input: pass one array, a record of columns, or a count of rows",
      ),
    ],
    [
      "collectShared: no room",
      (e) => e.collectShared(x, Int8Array, one, { capacity: 0 }),
      configuration("capacity", "an integer of at least 1", "0"),
    ],
    ["collectShared: half a row", (e) => e.collectShared(0.5, Int8Array, one), rowCount("0.5")],
  ]);

  const passes = (shown: string) => configuration("passes", "an integer of at least 0", shown);
  refuses([
    ["iterateShared: no options", (e) => e.iterateShared(x, one), passes("undefined")],
    ["iterateShared: half a pass", (e) => e.iterateShared(x, one, { passes: 0.5 }), passes("0.5")],
    ["iterateShared: passes as text", (e) => e.iterateShared(x, one, { passes: "3" }), passes('"3"')],
    [
      "iterateShared: a tolerance that is no number",
      (e) => e.iterateShared(x, one, { passes: 1, tolerance: Number.NaN }),
      configuration("tolerance", "a number of at least 0", "NaN"),
    ],
    [
      "iterateShared: a list",
      (e) => e.iterateShared([x], one, { passes: 1 }),
      typeError(
        "Cannot iterate over a list of arrays as outputs are cut like the input: pass one array or a record of columns",
      ),
    ],
    [
      "iterateShared: a count of rows",
      (e) => e.iterateShared(10, one, { passes: 1 }),
      typeError(
        "Cannot share the payload as it must be a typed array, a list of typed arrays or a record of typed arrays: " +
          "current value is 10",
      ),
    ],
    [
      "iterateShared: more tasks than are counted",
      (e) => e.iterateShared(x, one, { passes: 2 ** 31, chunkSize: 1e6 }),
      rangeError(
        "Cannot run 2147483648 passes of 1 chunks as a call has at most 2147483647 tasks in all its passes: " +
          'current value is 2147483648; raise "chunkSize", or continue with another call',
      ),
    ],
    [
      "passes of another call",
      (e) => e.mapShared(x, one, { passes: 1 }),
      (error) => expect(error).toMatchObject({ code: "SHARRAY_CONFIGURATION", field: "passes" }),
    ],
  ]);

  refuses(
    [-1, 1.5, Number.NaN, 2 ** 53].map((count) => [
      `${count} rows`,
      (e) => e.transformShared(count, Int8Array, one),
      rowCount(String(count)),
    ]),
  );
  refuses([
    ["mapShared: half a row", (e) => e.mapShared(0.5, one), rowCount("0.5")],
    ["reduceShared: less than none", (e) => e.reduceShared(-1, one, Math.max), rowCount("-1")],
  ]);

  const bytes = new Uint8Array(new SharedArrayBuffer(64));
  const own = new Float64Array(bytes.buffer, 0, 4);
  const unfit = (what: string, rows: number, length: number) =>
    rangeError(
      `Cannot write ${what} in place as its length must be a multiple of the ${rows} rows of the call: ` +
        `current value is ${length}`,
    );
  const overlap = (what: string, other: string, does: string) =>
    typeError(
      `Cannot write ${what} as it must not lie over ${other}, which other tasks ${does} at the same time: ` +
        "use another array, or a copy made with slice()",
    );
  refuses([
    ["of another length", (e) => e.transformShared(3, own, one), unfit("the output", 3, 4)],
    ["shorter than the rows", (e) => e.mapInto([1, 2, 3, 4, 5], { own }, one), unfit('output "own"', 5, 4)],
    ["for no rows", (e) => e.transformShared(0, { own }, one), unfit('output "own"', 0, 4)],
    [
      "over a part of the input",
      (e) => e.transformShared(own, bytes.subarray(16, 48), one),
      overlap("the output", '"the array"', "read"),
    ],
    [
      "over a column that is cut otherwise",
      (e) => e.transformShared({ a: bytes.subarray(0, 32), own: bytes.subarray(32) }, { y: bytes }, one),
      overlap('output "y"', '"a"', "read"),
    ],
    [
      "over an input whose neighbours other tasks see",
      (e) => e.transformShared({ own }, { own }, one, { halo: { after: 1 } }),
      overlap('output "own"', '"own"', "read"),
    ],
    [
      "over what every task reads",
      (e) => e.transformShared(x, { own }, one, { shared: { table: own } }),
      overlap('output "own"', '"shared.table"', "read"),
    ],
    [
      "over an input that every task reads, too",
      (e) => e.transformShared(own, own, one, { args: [own] }),
      overlap("the output", '"the array"', "read"),
    ],
    [
      "over an item",
      (e) => e.mapInto([own.subarray(0, 2), x], { y: own.subarray(1, 3) }, one),
      overlap('output "y"', '"items[0]"', "read"),
    ],
    [
      "over another output",
      (e) => e.transformShared(x, { y: own, z: bytes.subarray(24, 28) }, one),
      overlap('output "z"', 'output "y"', "write"),
    ],
    [
      "twice",
      (e) => e.transformShared(own, { y: own, z: own }, one),
      overlap('output "z"', 'output "y"', "write"),
    ],
    [
      "too long",
      (e) => e.transformShared(2 ** 40, { type: Int8Array, per: 2 ** 12 }, one, { chunkSize: 2 ** 30 }),
      rangeError(
        `Cannot write the output as its length must be at most ${constants.MAX_LENGTH} on this runtime: current value is ${2 ** 52}`,
      ),
    ],
    [
      "idempotent by text",
      (e) => e.transformShared(x, Int8Array, one, { idempotent: "yes" }),
      configuration("idempotent", "true or false", '"yes"'),
    ],
  ]);

  const unwritable = (name: string, shown: string) =>
    typeError(
      `Cannot write "writable.${name}" as it must be an array on shared memory: current value is ${shown}; ` +
        "pass an array of share() or allocate()",
    );
  const join = (why: string) => typeError(`Cannot join "writable" to "shared" as ${why}`);
  refuses([
    [
      "writable: one array",
      (e) => e.map([1], one, { writable: own }),
      typeError(
        'Cannot write "writable" as it must be a record of arrays on shared memory: current value is Float64Array of 32 bytes',
      ),
    ],
    [
      "writable: a plain array",
      (e) => e.mapShared(x, one, { writable: { y: x } }),
      unwritable("y", "Float64Array of 32 bytes"),
    ],
    ["writable: a number", (e) => e.mapShared(x, one, { writable: { n: 1 } }), unwritable("n", "1")],
    [
      "writable: a name that is taken",
      (e) => e.map([1], one, { writable: { own }, shared: { own: 1 } }),
      join('their names must differ: both have "own"'),
    ],
    [
      "writable: beside what is no record",
      (e) => e.map([1], one, { writable: { own }, shared: x }),
      join("that must be a plain object then: current value is Float64Array of 32 bytes"),
    ],
    [
      "writable: over the input",
      (e) => e.mapShared(own, one, { writable: { bytes } }),
      overlap('"writable.bytes"', '"the array"', "read"),
    ],
    [
      "writable: over what is shared",
      (e) => e.map([1], one, { writable: { own }, shared: { part: bytes.subarray(30, 33) } }),
      overlap('"writable.own"', '"shared.part"', "read"),
    ],
    [
      "writable: the same as what is shared",
      (e) => e.map([1], one, { writable: { own }, shared: { table: own } }),
      overlap('"writable.own"', '"shared.table"', "read"),
    ],
    [
      "writable: over an output",
      (e) => e.transformShared(x, { y: own }, one, { writable: { own } }),
      overlap('output "y"', '"writable.own"', "read"),
    ],
  ]);

  const length = (shown: string) =>
    rangeError(
      `Cannot allocate the array as its length must be an integer of at least 0: current value is ${shown}`,
    );
  refuses([
    ["allocate: no kind", (e) => e.allocate(undefined, 4), kind("the array", "undefined")],
    ["allocate: length and kind exchanged", (e) => e.allocate(4, Float64Array), kind("the array", "4")],
    [
      "allocate: an own class",
      (e) => e.allocate(class Mine extends Int8Array {}, 4),
      kind("the array", "function Mine"),
    ],
    ["allocate: no length", (e) => e.allocate(Int8Array), length("undefined")],
    ["allocate: a negative length", (e) => e.allocate(Int8Array, -1), length("-1")],
    ["allocate: half an element", (e) => e.allocate(Int8Array, 1.5), length("1.5")],
    ["allocate: a length that is text", (e) => e.allocate(Int8Array, "4"), length('"4"')],
    ["allocate: a bigint of bigints", (e) => e.allocate(BigInt64Array, 4n), length("4n")],
    [
      "allocate: a length that no number tells",
      (e) => e.allocate(Int8Array, 2 ** 53),
      length("9007199254740992"),
    ],
  ]);
});
