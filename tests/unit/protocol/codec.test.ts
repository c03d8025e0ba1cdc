import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTypedArray, type TypedArray } from "../../../src/memory/dtypes.js";
import { keyPath } from "../../../src/platform/key-path.js";
import { ArrayTable } from "../../../src/protocol/array-table.js";
import { INLINE_LIMIT, ValueDecoder, ValueEncoder } from "../../../src/protocol/codec.js";
import { bytesOf, KINDS, onShared, typedArray } from "../arbitraries.js";

function encode(value: unknown, inlineBelow = INLINE_LIMIT): { bytes: Uint8Array; arrays: TypedArray[] } {
  const table = new ArrayTable();
  const bytes = new ValueEncoder(table, inlineBelow, 1).encode(value, "args").slice();
  return { bytes, arrays: table.arrays };
}

function roundTrip(value: unknown, inlineBelow = INLINE_LIMIT): unknown {
  const { bytes, arrays } = encode(value, inlineBelow);
  return new ValueDecoder(arrays).decode(bytes);
}

function refusal(value: unknown): string {
  try {
    encode(value);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
  throw new Error("nothing was refused");
}

/** Equal to the last bit: numbers by `Object.is`, arrays by kind and bytes. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  if (isTypedArray(a) && isTypedArray(b)) {
    return a.constructor === b.constructor && Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
  }
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  const record = a as Record<string, unknown>;
  const other = b as Record<string, unknown>;
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(record[key], other[key]))
  );
}

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(
    -0,
    0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.MIN_VALUE,
    Number.MAX_VALUE,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    2 ** 53 + 2,
    -(2 ** 60),
    1e300,
    ...[7, 8, 15, 16, 31, 32, 33, 63, 64].flatMap((p) => [2 ** p - 1, 2 ** p, -(2 ** p), -(2 ** p) - 1]),
  ),
);
const bigint = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, -1n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n),
);
const string = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.constantFrom("", "\u0000", "漢字", "👩‍👩‍👧", "\u{10ffff}", "x".repeat(70_000)),
);
const key = string.filter((text) => text !== "__proto__");

const { tree: data } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    number,
    bigint,
    string,
    fc.boolean(),
    fc.constant(null),
    fc.date({ noInvalidDate: true }),
    typedArray(),
    typedArray().map(onShared),
    fc.array(tie("tree"), { maxLength: 5 }),
    fc.dictionary(key, tie("tree"), { maxKeys: 5 }),
  ),
}));

describe("a value that crosses", () => {
  it("comes back the same, at whatever size arrays travel inline", () => {
    fc.assert(
      fc.property(data, fc.constantFrom(0, 1, 16, INLINE_LIMIT), (value, inlineBelow) => {
        expect(isSame(roundTrip(value, inlineBelow), value)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["-0", -0],
    ["-0 in a list", [1, -0, 2 ** 40]],
    ["-0 deep in an object, with integers and bigints around it", { a: { b: [{ c: -0 }] }, n: 3, big: 3n }],
    ["0", 0],
    ["NaN", Number.NaN],
    ["2^53 + 2", 2 ** 53 + 2],
    ["2^32", 2 ** 32],
    ["-2^31 - 1", -(2 ** 31) - 1],
    ["2^64 - 1 as bigint", 2n ** 64n - 1n],
    ["-2^63 as bigint", -(2n ** 63n)],
    ["a small bigint, which stays one", 1n],
    ["a date before 1970", new Date(-1)],
    ["the first date", new Date(-8.64e15)],
    ["the last date", new Date(8.64e15)],
    ["an empty object", {}],
    ["an empty list", []],
    ["null", null],
    ["keys that look like members", { constructor: 1, toString: 2, length: 3, "": 4 }],
  ])("%s", (_name, value) => {
    expect(isSame(roundTrip(value), value)).toBe(true);
  });

  it("may hold the same object twice, which is no cycle", () => {
    const twice = { x: 1 };
    expect(roundTrip([twice, twice, { twice }])).toEqual([{ x: 1 }, { x: 1 }, { twice: { x: 1 } }]);
  });

  it("may hold objects without a prototype and of other realms", () => {
    expect(roundTrip(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
    expect(roundTrip(runInNewContext("({ a: [1, { b: 2 }] })"))).toEqual({ a: [1, { b: 2 }] });
  });

  it("may hold dates of other realms", () => {
    const back = roundTrip(runInNewContext("[new Date(7), { at: new Date(8) }]"));
    expect(back).toEqual([new Date(7), { at: new Date(8) }]);
    expect((back as unknown[])[0]).toBeInstanceOf(Date);
    expect(() => roundTrip(runInNewContext("new Date(NaN)"))).toThrow(/a valid Date/);
    // What only says that it is one.
    const liar = { __proto__: { __proto__: {} }, [Symbol.toStringTag]: "Date" };
    expect(() => roundTrip(liar)).toThrow(/must be made of numbers/);
  });

  it("loses its fields that are undefined", () => {
    const back = roundTrip({ a: undefined, b: 1, c: { d: undefined } }) as object;
    expect(Object.keys(back)).toEqual(["b", "c"]);
    expect(back).toStrictEqual({ b: 1, c: {} });
  });

  it("loses keys that are symbols, and inherited ones", () => {
    const value = Object.assign(Object.create(null) as object, { a: 1, [Symbol("s")]: () => {} });
    expect(roundTrip(value)).toStrictEqual({ a: 1 });
  });

  it("keeps long keys with a lone surrogate, or is refused, but never changes them", () => {
    const name = "\ud800".repeat(300);
    let back: unknown;
    try {
      back = roundTrip({ [name]: 1 });
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      return;
    }
    expect(Object.keys(back as object)).toEqual([name]);
  });

  it("can be encoded after another was refused", () => {
    const encoder = new ValueEncoder(new ArrayTable(), INLINE_LIMIT, 1);
    expect(() => encoder.encode({ a: [1, () => {}] }, "args")).toThrow(TypeError);
    const bytes = encoder.encode({ a: 1 }, "args").slice();
    expect(new ValueDecoder([]).decode(bytes)).toEqual({ a: 1 });
  });
});

describe("an array in a value", () => {
  it.each(KINDS.map((kind) => [kind.name, kind] as const))(
    "%s on shared memory crosses by reference",
    (_n, kind) => {
      const array = onShared(new kind(4));
      const { bytes, arrays } = encode({ deep: [array] });
      expect(arrays).toEqual([array]);
      expect(bytes.length).toBeLessThan(24);
      const { deep } = new ValueDecoder(arrays).decode(bytes) as { deep: TypedArray[] };
      expect(deep[0]).toBe(arrays[0]);
      expect(deep[0]?.buffer).toBe(array.buffer);
    },
  );

  it("crosses by reference if it is on shared memory, even if it is empty", () => {
    const array = new Float64Array(new SharedArrayBuffer(0));
    expect(roundTrip([array])).toEqual([array]);
    expect(encode(array).arrays[0]?.buffer).toBe(array.buffer);
  });

  it("crosses by reference if it is plain and as large as the limit, else inline", () => {
    expect(INLINE_LIMIT).toBe(65_536);
    expect(encode(new Uint8Array(INLINE_LIMIT - 1)).arrays).toHaveLength(0);
    expect(encode(new Uint8Array(INLINE_LIMIT)).arrays).toHaveLength(1);
    expect(encode(new Uint8Array(0), 0).arrays).toHaveLength(1);
  });

  it("is noted once, wherever it is, over several values", () => {
    const table = new ArrayTable();
    const [x, y] = [onShared(new Float64Array(2)), onShared(new Float64Array(2))];
    expect(table.add(y)).toBe(0);
    const encoder = new ValueEncoder(table, 0, 1);
    const first = encoder.encode({ x, again: [x, y] }, "args").slice();
    const second = encoder.encode([y, x], "items[0]").slice();
    expect(table.arrays.map(({ buffer }) => buffer)).toEqual([y.buffer, x.buffer]);
    expect([table.indexOf(y), table.indexOf(x)]).toEqual([0, 1]);
    const decoder = new ValueDecoder(table.arrays);
    const value = decoder.decode(first) as { x: unknown; again: unknown[] };
    expect(value.x).toBe(table.arrays[1]);
    expect(value.again[0]).toBe(table.arrays[1]);
    expect((decoder.decode(second) as unknown[])[0]).toBe(table.arrays[0]);
  });

  it("is named right among more arrays than fit one byte, or two", () => {
    const list = Array.from({ length: 70_000 }, () => new Int8Array(0));
    const back = roundTrip(list, 0) as TypedArray[];
    expect(back[300]?.buffer).toBe(list[300]?.buffer);
    expect(back[69_999]?.buffer).toBe(list[69_999]?.buffer);
  });

  it("is a copy if it came inline, aligned, and known as not the kernel's own", () => {
    const array = new Float64Array([1, 2, 3]).subarray(1);
    const { bytes, arrays } = encode({ pad: "x", array });
    const inlined = new Set<ArrayBufferLike>();
    const decoder = new ValueDecoder(arrays, inlined);
    const back = decoder.decode(bytes) as { array: Float64Array };
    expect(back.array).toEqual(new Float64Array([2, 3]));
    expect(back.array.buffer).not.toBe(array.buffer);
    expect(back.array.byteLength).toBe(back.array.buffer.byteLength);
    expect([...inlined]).toEqual([back.array.buffer]);
    expect(inlined.has(back.array.buffer)).toBe(true);
  });

  it("arrives as Uint8Array if it is a Buffer, inline and by reference", () => {
    for (const limit of [0, INLINE_LIMIT]) {
      const back = roundTrip({ b: Buffer.from("ab") }, limit) as { b: Uint8Array };
      expect(back.b.constructor).toBe(Uint8Array);
      expect([...back.b]).toEqual([97, 98]);
    }
  });
});

describe("small plain arrays", () => {
  const written = (values: readonly unknown[], inlineBelow = INLINE_LIMIT) => {
    const table = new ArrayTable();
    const encoder = new ValueEncoder(table, inlineBelow, values.length);
    const read = values.map((value, i) => encoder.read(value, `items[${i}]`, i));
    const bytes = read.map((own, i) => encoder.write(own, i).slice());
    return { table, bytes };
  };

  it("cross by reference if views of one buffer are not small together, and so does the first of them", () => {
    const whole = Float64Array.from({ length: 10_000 }, (_, i) => i);
    const windows = [0, 1, 2].map((i) => whole.subarray(i, i + 3000));
    const { table, bytes } = written(windows.map((window) => ({ window })));
    expect(table.arrays).toHaveLength(3);
    for (const each of bytes) expect(each.length).toBeLessThan(32);
    expect(table.sightings[2]).toEqual({ name: "items[2].window", tasks: [2, 2] });
    const back = bytes.map((each) => new ValueDecoder(table.arrays).decode(each) as { window: Float64Array });
    expect(back.map(({ window }) => window[2999])).toEqual([2999, 3000, 3001]);
  });

  it("cross by reference if one comes again and again", () => {
    const weights = new Uint8Array(INLINE_LIMIT / 2);
    expect(written([{ weights }]).table.arrays).toHaveLength(0);
    const { table } = written([{ weights }, 7, { weights }, [weights]]);
    expect(table.arrays).toHaveLength(1);
    expect(table.sightings[0]).toEqual({ name: "items[0].weights", tasks: [0, 3] });
  });

  it("travel inline if each has a buffer of its own, or if they are small together", () => {
    const own = [1, 2, 3].map(() => new Uint8Array(INLINE_LIMIT - 1));
    expect(written(own).table.arrays).toHaveLength(0);
    const whole = new Uint8Array(10 * INLINE_LIMIT);
    const parts = [1, 2, 3].map((i) => whole.subarray(i, i + 1000));
    expect(written(parts).table.arrays).toHaveLength(0);
    const tiny = Array.from({ length: 1000 }, (_, i) => whole.subarray(i, i + 256));
    expect(written(tiny).table.arrays).toHaveLength(0);
  });

  it("are refused by name if their buffer is gone since they were read", () => {
    const x = new Float64Array(2);
    const args = {
      model: { x },
      get late(): number {
        structuredClone(x, { transfer: [x.buffer] });
        return 1;
      },
    };
    expect(refusal(args)).toMatch(/^Cannot read "args.model.x" as its buffer must stay whole/);
  });
});

describe("code of the caller's, while its values are read", () => {
  it("may encode and decode values of its own", () => {
    const other = new Float64Array(2);
    const value = {
      first: new Float64Array(1),
      get nested(): number {
        const { bytes, arrays } = encode({ other, n: -0 }, 0);
        expect(arrays).toHaveLength(1);
        expect(isSame(new ValueDecoder(arrays).decode(bytes), { other, n: -0 })).toBe(true);
        return 1;
      },
      last: new Float64Array(3),
    };
    const { bytes, arrays } = encode(value, 0);
    expect(arrays.map(({ length }) => length)).toEqual([1, 3]);
    expect(new ValueDecoder(arrays).decode(bytes)).toEqual({
      first: new Float64Array(1),
      nested: 1,
      last: new Float64Array(3),
    });
  });

  it("is asked for everything once, and what was checked is what travels", () => {
    let reads = 0;
    const counting = {
      get n(): unknown {
        reads += 1;
        return reads === 1 ? 5 : () => {};
      },
    };
    const list = new Proxy([1, 2], {
      get: (target, key) => {
        if (key === "0") reads += 1;
        return Reflect.get(target, key);
      },
    });
    class Day extends Date {
      override getTime(): number {
        reads += 1;
        return 0;
      }
    }
    expect(roundTrip({ counting, list, day: new Day(7), toJSON: 1 })).toEqual({
      counting: { n: 5 },
      list: [1, 2],
      day: new Date(7),
      toJSON: 1,
    });
    expect(reads).toBe(2);
  });

  it("may run while a value is decoded: a setter of all objects", () => {
    const array = onShared(new Float64Array(2));
    const outer = encode([{ trap: 1 }, array]);
    const inner = encode([onShared(new Float64Array(5))]);
    Object.defineProperty(Object.prototype, "trap", {
      configurable: true,
      set: () => void new ValueDecoder(inner.arrays).decode(inner.bytes),
    });
    try {
      const [, back] = new ValueDecoder(outer.arrays).decode(outer.bytes) as [object, Float64Array];
      expect(back.buffer).toBe(array.buffer);
    } finally {
      Reflect.deleteProperty(Object.prototype, "trap");
    }
  });
});

describe("decoded values", () => {
  it("are frozen through and through, arrays and lists aside", () => {
    const value = roundTrip({ a: [{ b: [1, { c: {} }] }], d: {}, e: new Float64Array(1) }) as {
      a: [{ b: [number, { c: object }] }];
      d: object;
      e: Float64Array;
    };
    for (const part of [value, value.a[0], value.a[0].b[1], value.a[0].b[1].c, value.d]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    // V8 reads frozen lists several times slower.
    for (const list of [value.a, value.a[0].b]) expect(Object.isFrozen(list)).toBe(false);
    value.e[0] = 1;
    expect(value.e[0]).toBe(1);
  });

  it("are new objects each time", () => {
    const { bytes, arrays } = encode({ a: { b: 1 } });
    const decoder = new ValueDecoder(arrays);
    expect(decoder.decode(bytes)).not.toBe(decoder.decode(bytes));
  });
});

describe("a value that cannot cross, refused with its path", () => {
  const cyclic: { name: string; children: unknown[] } = { name: "x", children: [] };
  cyclic.children.push({ parent: cyclic });
  const allowed =
    "made of numbers, strings, booleans, bigints, null, dates, typed arrays, WebAssembly modules, lists and plain objects";

  it.each<[string, unknown, string, string, string]>([
    ["function", { model: { fit() {} } }, "args.model.fit", allowed, "function fit"],
    ["class", { Model: class Model {} }, "args.Model", allowed, "function Model"],
    ["symbol", [1, Symbol("s")], "args[1]", allowed, "Symbol(s)"],
    ["bare function", () => {}, "args", allowed, "function (anonymous)"],
    ["undefined in a list", { a: [1, undefined] }, "args.a[1]", "set (msgpack knows null only)", "undefined"],
    ["hole", { a: new Array(1) }, "args.a[0]", "set (msgpack knows null only)", "undefined"],
    ["Map", { m: new Map([[1, 2]]) }, "args.m", allowed, "Map"],
    ["Set", { a: { s: new Set() } }, "args.a.s", allowed, "Set"],
    [
      "class instance",
      [{ p: new (class Point {})() }],
      "args[0].p",
      allowed,
      "instance of Point with keys (none)",
    ],
    ["RegExp", { r: /x/ }, "args.r", allowed, "RegExp"],
    ["Promise", { p: Promise.resolve() }, "args.p", allowed, "Promise"],
    ["Error", { e: new Error("x") }, "args.e", allowed, "Error"],
    ["boxed number", { n: Object(1) }, "args.n", allowed, "Number"],
    ["ArrayBuffer", { b: new ArrayBuffer(8) }, "args.b", allowed, "ArrayBuffer"],
    ["SharedArrayBuffer", { b: new SharedArrayBuffer(8) }, "args.b", allowed, "SharedArrayBuffer"],
    ["DataView", { v: new DataView(new ArrayBuffer(8)) }, "args.v", allowed, "DataView of 8 bytes"],
    ["cycle", cyclic, "args.children[0].parent", "free of cycles", "an object that contains itself"],
    [
      "lone surrogate",
      { s: ["ok", "a\ud800b"] },
      "args.s[1]",
      "well-formed Unicode",
      "a string with a lone surrogate",
    ],
    [
      "bigint over 64 bits",
      { n: 2n ** 64n },
      "args.n",
      "a bigint of at most 64 bits",
      "18446744073709551616n",
    ],
    [
      "bigint under 64 bits",
      { n: -(2n ** 63n) - 1n },
      "args.n",
      "a bigint of at most 64 bits",
      "-9223372036854775809n",
    ],
    ["invalid Date", { d: new Date(Number.NaN) }, "args.d", "a valid Date", "an invalid one"],
    [
      "__proto__",
      { a: JSON.parse('{"__proto__": 1}') },
      "args.a",
      'free of a key "__proto__"',
      "an object with one",
    ],
    ["odd keys", { "a b": { "9": [() => {}] } }, 'args["a b"]["9"][0]', allowed, "function (anonymous)"],
  ])("%s", (_name, value, path, expected, received) => {
    expect(refusal(value)).toBe(
      `Cannot send ${path} to workers as it must be ${expected}: current value is ${received}`,
    );
  });

  it("holds a transferred array, or one past the end of its buffer", () => {
    const transferred = new Float64Array(2);
    structuredClone(transferred, { transfer: [transferred.buffer] });
    const buffer = new ArrayBuffer(16, { maxByteLength: 16 });
    const shrunk = new Float64Array(buffer, 8);
    buffer.resize(0);
    for (const weights of [transferred, shrunk]) {
      expect(refusal({ model: { weights } })).toContain("args.model.weights");
    }
  });

  it("is too deep, though one that is a little less deep crosses", () => {
    const nest = (depth: number): unknown => {
      let value: unknown = 1;
      for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { x: value };
      return value;
    };
    expect(isSame(roundTrip(nest(500)), nest(500))).toBe(true);
    expect(refusal(nest(501))).toMatch(/ as it must be nested at most 500 deep: current value is deeper$/);
    expect(refusal(nest(100_000))).toMatch(/nested at most 500 deep/);
  });

  it("is called by the name that the encoder was told", () => {
    const encoder = new ValueEncoder(new ArrayTable(), 0, 1);
    expect(() => encoder.encode({ f() {} }, "items[3]")).toThrow(/^Cannot send items\[3\]\.f to workers/);
  });

  it.each([
    ["fit", ".fit"],
    ["$x_1", ".$x_1"],
    ["größe", ".größe"],
    ["my key", '["my key"]'],
    ["0", '["0"]'],
    ["", '[""]'],
    ['a"b', '["a\\"b"]'],
  ])("a path goes on to %o as %s", (name, path) => {
    expect(keyPath(name)).toBe(path);
  });
});
