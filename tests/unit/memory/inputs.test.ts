import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { isDetached, isGone, kindNames } from "../../../src/memory/dtypes.js";
import { isRecord, namesOf, readPayload } from "../../../src/memory/inputs.js";

function transferred(): Float64Array {
  const array = new Float64Array(2);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

/** Its buffer ends before it begins. */
function shrunk(): Float64Array {
  const buffer = new ArrayBuffer(32, { maxByteLength: 32 });
  const array = new Float64Array(buffer, 16);
  buffer.resize(8);
  return array;
}

describe("a payload", () => {
  it("may be an array", () => {
    const array = new Float64Array(3);
    expect(readPayload(array)).toEqual({ shape: "array", given: [array], arrays: [array], length: 3 });
  });

  it("may be a list of arrays of any lengths and kinds, even of none", () => {
    const list = [new Float64Array(3), new Int8Array(0), new BigInt64Array(1)];
    const payload = readPayload(list);
    expect(payload.shape).toBe("list");
    expect(payload.given.map((array, i) => array === list[i])).toEqual([true, true, true]);
    expect(payload.arrays).toEqual(list);
    expect(readPayload([])).toEqual({ shape: "list", given: [], arrays: [] });
  });

  it("may be columns, in the order of their names", () => {
    const columns = { price: new Float64Array(2), qty: new Int32Array(2) };
    const payload = readPayload(columns);
    expect(payload).toMatchObject({ shape: "columns", names: ["price", "qty"], length: 2 });
    expect(payload.given[0]).toBe(columns.price);
    expect(payload.given[1]).toBe(columns.qty);
    expect(payload.arrays.map(({ buffer }) => buffer)).toEqual([columns.price.buffer, columns.qty.buffer]);
  });

  it("may be columns without a prototype, and of another realm", () => {
    const bare = Object.assign(Object.create(null), { x: new Float64Array(1) });
    expect(readPayload(bare)).toMatchObject({ shape: "columns", names: ["x"], length: 1 });
    const foreign = runInNewContext("({ x: new Float64Array([5]) })");
    expect(readPayload(foreign)).toMatchObject({ shape: "columns", names: ["x"], length: 1 });
  });

  it("hands on plain kinds only", () => {
    const bytes = Buffer.from("ab");
    expect(readPayload(bytes).arrays[0]?.constructor).toBe(Uint8Array);
    expect(readPayload([bytes]).arrays[0]?.constructor).toBe(Uint8Array);
    expect(readPayload({ bytes }).arrays[0]?.constructor).toBe(Uint8Array);
  });
});

describe("a payload that is refused", () => {
  const typed = `must be a typed array (${kindNames})`;
  const lone =
    "Cannot share the payload as it must be a typed array, a list of typed arrays or a record of typed arrays: current value is";
  it.each<[string, unknown, Error]>([
    ["a number", 3, new TypeError(`${lone} 3`)],
    ["nothing", undefined, new TypeError(`${lone} undefined`)],
    ["null", null, new TypeError(`${lone} null`)],
    ["a map", new Map(), new TypeError(`${lone} Map`)],
    ["a buffer", new ArrayBuffer(8), new TypeError(`${lone} ArrayBuffer`)],
    ["a DataView", new DataView(new ArrayBuffer(8)), new TypeError(`${lone} DataView of 8 bytes`)],
    [
      "an instance of a class",
      new (class {
        x = new Float64Array(1);
      })(),
      new TypeError(`${lone} instance of a class with keys x`),
    ],
    [
      "a list with a number",
      [new Float64Array(1), 7],
      new TypeError(`Cannot share arrays[1] as it ${typed}: current value is 7`),
    ],
    [
      "a list of lists",
      [[1, 2]],
      new TypeError(`Cannot share arrays[0] as it ${typed}: current value is array of 2`),
    ],
    [
      "a list with a hole",
      // biome-ignore lint/suspicious/noSparseArray: the hole is the test
      [new Float64Array(1), , new Float64Array(1)],
      new TypeError(`Cannot share arrays[1] as it ${typed}: current value is undefined`),
    ],
    [
      "a column that is text",
      { x: new Float64Array(1), y: "1,2" },
      new TypeError(`Cannot share column "y" as it ${typed}: current value is "1,2"`),
    ],
    [
      "no column",
      {},
      new TypeError("Cannot share the columns as there must be at least one: current value has none"),
    ],
    [
      "columns of unequal length",
      { x: new Float64Array(3), y: new Float64Array(3), z: new Int8Array(2) },
      new RangeError(
        'Cannot combine the columns as their lengths must be equal: "x" has 3 elements, "z" has 2',
      ),
    ],
    [
      "a transferred array",
      transferred(),
      new TypeError(
        "Cannot share the array as its buffer was transferred away or shrunk: pass an array that still has its data",
      ),
    ],
    [
      "a transferred array in a list",
      [transferred()],
      new TypeError(
        "Cannot share arrays[0] as its buffer was transferred away or shrunk: pass an array that still has its data",
      ),
    ],
    [
      "an array past the end of its buffer",
      shrunk(),
      new TypeError(
        "Cannot share the array as its buffer was transferred away or shrunk: pass an array that still has its data",
      ),
    ],
    [
      "a transferred column",
      { x: transferred() },
      new TypeError(
        'Cannot share column "x" as its buffer was transferred away or shrunk: pass an array that still has its data',
      ),
    ],
  ])("%s", (_name, input, error) => {
    expect(() => readPayload(input)).toThrow(error);
    expect(() => readPayload(input)).toThrow(error.constructor as ErrorConstructor);
  });
});

it("literals and bare objects are records, and instances are not", () => {
  expect(isRecord({})).toBe(true);
  expect(isRecord(Object.create(null))).toBe(true);
  expect(isRecord(runInNewContext("({})"))).toBe(true);
  for (const value of [null, 1, "x", [], new Map(), new Date(), () => {}, new (class {})()]) {
    expect(isRecord(value)).toBe(false);
  }
});

it("a record may have all names but the prototype's", () => {
  expect(namesOf({ x: 1, constructor: 2, "": 3 }, "a column")).toEqual(["x", "constructor", ""]);
  const own = JSON.parse('{ "x": 1, "__proto__": 2 }') as Record<string, unknown>;
  expect(() => namesOf(own, "a column")).toThrow(
    new TypeError('Cannot name a column "__proto__" as objects have their prototype there: rename it'),
  );
});

it("an array that is only empty is not gone", () => {
  expect(isGone(transferred())).toBe(true);
  expect(isGone(shrunk())).toBe(true);
  expect(isGone(new Float64Array(2))).toBe(false);
  for (const Memory of [ArrayBuffer, SharedArrayBuffer]) {
    expect(isGone(new Float64Array(new Memory(8), 8))).toBe(false);
  }
  const { buffer } = new Float64Array(new ArrayBuffer(8, { maxByteLength: 16 }));
  expect(isGone(new Float64Array(buffer, 8))).toBe(false);
});

it("isDetached knows buffers that were transferred away", () => {
  expect(isDetached(new ArrayBuffer(0))).toBe(false);
  expect(isDetached(new SharedArrayBuffer(8))).toBe(false);
  expect(isDetached(transferred().buffer)).toBe(true);
});
