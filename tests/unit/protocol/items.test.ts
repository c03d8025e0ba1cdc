import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TypedArray } from "../../../src/memory/dtypes.js";
import { ArrayTable } from "../../../src/protocol/array-table.js";
import { ValueDecoder, ValueEncoder } from "../../../src/protocol/codec.js";
import {
  itemBytes,
  itemReader,
  listItems,
  ownItems,
  type PackedItems,
  packItems,
} from "../../../src/protocol/items.js";
import { onShared } from "../arbitraries.js";

function pack(items: readonly unknown[]): { packed: PackedItems; table: ArrayTable } {
  const table = new ArrayTable();
  return { packed: packItems(items, items.length, new ValueEncoder(table, 0, items.length)), table };
}

function roundTrip(items: readonly unknown[]): unknown[] {
  const { packed, table } = pack(items);
  const read = itemReader(packed, new ValueDecoder(table.arrays));
  // Backwards: workers read items in any order.
  return items.map((_, i) => read(items.length - 1 - i)).reverse();
}

describe("numbers as items", () => {
  it("travel as they are, bit for bit", () => {
    fc.assert(
      fc.property(fc.array(fc.double()), (items) => {
        expect(pack(items).packed.packing).not.toBe("msgpack");
        expect(roundTrip(items)).toEqual(items);
      }),
    );
    const odd = [-0, 0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53 + 2, Number.MIN_VALUE];
    expect(roundTrip(odd).map((value, i) => Object.is(value, odd[i]))).toEqual(odd.map(() => true));
  });

  it("take eight bytes each", () => {
    const { packed } = pack([1, 2, 3]);
    expect(itemBytes(packed)).toBe(24);
  });

  it("are the list itself, until they are to be kept", () => {
    const items = [1, 2, 3];
    const { packed } = pack(items);
    const kept = ownItems(packed);
    items[0] = 9;
    expect(packed).toMatchObject({ numbers: [9, 2, 3] });
    expect(kept).toEqual({ packing: "integers", numbers: Float64Array.of(1, 2, 3) });
    expect(ownItems(pack([0.5]).packed)).toEqual({ packing: "numbers", numbers: Float64Array.of(0.5) });
    const others = pack(["a"]).packed;
    expect([ownItems(others), ownItems(undefined)]).toEqual([others, undefined]);
  });

  it("are known, and nothing else is taken for one", () => {
    for (const other of ["2", null, 2n, true]) expect(pack([1, other]).packed.packing).toBe("msgpack");
    const withHole = [1, 2, 3];
    delete withHole[1];
    expect(() => pack(withHole)).toThrow(/items\[1\]/);
  });

  it("may be none at all", () => {
    expect(pack([]).packed.packing).toBe("integers");
    expect(itemBytes(pack([]).packed)).toBe(0);
    expect(itemBytes(undefined)).toBe(0);
  });
});

describe("integers as items", () => {
  it("are told from other numbers", () => {
    for (const items of [[0], [1, -1, 2 ** 31 - 1, -(2 ** 31)], [...Array(100).keys()]]) {
      expect(pack(items).packed.packing).toBe("integers");
      expect(roundTrip(items)).toEqual(items);
    }
    for (const other of [0.5, -0, 2 ** 31, -(2 ** 31) - 1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(pack([1, other]).packed.packing).toBe("numbers");
      expect(roundTrip([1, other])).toEqual([1, other]);
    }
  });
});

describe("lists of items", () => {
  it("are lists, arrays, and anything else that can be iterated", () => {
    const list = ["a", { b: 1 }];
    expect(listItems(list)).toBe(list);
    const array = Float32Array.of(1.5, 2);
    expect(listItems(array)).toEqual(array);
    expect(listItems(Buffer.from([7, 8]))).toEqual(Uint8Array.of(7, 8));
    expect(listItems(BigInt64Array.of(1n, -2n))).toEqual([1n, -2n]);
    expect(listItems(new Set([3, "x"]))).toEqual([3, "x"]);
    expect(listItems(new Map([["k", 1]]))).toEqual([["k", 1]]);
    expect(listItems([5, 6].values())).toEqual([5, 6]);
    function* some() {
      yield 1;
      yield 2;
    }
    expect(listItems(some())).toEqual([1, 2]);
  });

  it("are packed alike", () => {
    for (const items of [Int8Array.of(1, 2), Float64Array.of(1, 2), new Set([1, 2])]) {
      expect(packItems(listItems(items), 2, new ValueEncoder(new ArrayTable(), 0, 2))).toMatchObject({
        packing: "integers",
        numbers: { 0: 1, 1: 2 },
      });
    }
    const big = packItems(listItems(BigInt64Array.of(1n)), 1, new ValueEncoder(new ArrayTable(), 0, 1));
    expect(big.packing).toBe("msgpack");
  });

  it.each([
    ["text"],
    [{ length: 1, 0: 1 }],
    [undefined],
    [null],
    [7],
    [new DataView(new ArrayBuffer(8))],
    [new Proxy(new Int8Array(2), {})],
  ])("are not %o", (items) => {
    expect(() => listItems(items)).toThrow(TypeError);
    expect(() => listItems(items)).toThrow(
      /must be a list, a typed array, a Set or another iterable: current/,
    );
  });

  it("end with what the iterable throws", () => {
    function* broken() {
      yield 1;
      throw new RangeError("no more");
    }
    expect(() => listItems(broken())).toThrow(new RangeError("no more"));
  });

  it("are not arrays that have lost their data", () => {
    const array = new Int32Array(4);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expect(() => listItems(array)).toThrow(/transferred away or shrunk/);
  });
});

describe("items that are not numbers", () => {
  it("travel as msgpack", () => {
    const item = fc.oneof(
      fc.double({ noNaN: true }),
      fc.string(),
      fc.record({ seed: fc.integer(), name: fc.string({ maxLength: 100 }) }),
      fc.constant(null),
      fc.boolean(),
      fc.array(fc.integer()),
    );
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const mixed = [...items, "text"];
        expect(pack(mixed).packed.packing).toBe("msgpack");
        expect(roundTrip(mixed)).toEqual(mixed);
      }),
    );
  });

  it("keep -0 beside objects", () => {
    expect(Object.is(roundTrip([1, -0, {}])[1], -0)).toBe(true);
  });

  it("may take more bytes than were estimated first", () => {
    const items = Array.from({ length: 50 }, (_, i) => "é".repeat(i * 100));
    expect(roundTrip(items)).toEqual(items);
    const { packed } = pack(["x".repeat(100_000)]);
    expect(itemBytes(packed)).toBe(100_005 + 2 * 8);
  });

  it("are read one by one: a slice ends where the next begins", () => {
    const { packed } = pack(["a", { b: 1 }, "ccc"]);
    if (packed.packing !== "msgpack") throw new Error("wrong packing");
    expect([...packed.offsets]).toEqual([0, 2, 6, 10]);
    expect(packed.bytes).toHaveLength(10);
  });

  it("are read from shared memory", () => {
    const { packed, table } = pack([{ a: "x" }, { a: "y" }]);
    if (packed.packing !== "msgpack") throw new Error("wrong packing");
    const shared: PackedItems = {
      packing: "msgpack",
      bytes: onShared(packed.bytes),
      offsets: onShared(packed.offsets),
    };
    expect(itemReader(shared, new ValueDecoder(table.arrays))(1)).toEqual({ a: "y" });
  });

  it("share arrays by reference, with one entry for all items", () => {
    const array = onShared(new Float64Array(3));
    const items = Array.from({ length: 10 }, (_, i) => ({ i, array }));
    const { table } = pack(items);
    expect(table.arrays).toEqual([array]);
    expect((roundTrip(items)[7] as { array: TypedArray }).array.buffer).toBe(array.buffer);
  });
});

describe("items that are refused", () => {
  it.each<[string, readonly unknown[], string]>([
    ["undefined after numbers", [1, 2, undefined], "items[2]"],
    // biome-ignore lint/suspicious/noSparseArray: the hole is the test
    ["a hole", ["a", , "b"], "items[1]"],
    ["undefined within an item", [{ a: [undefined] }], "items[0].a[0]"],
    ["a function", [0, () => {}], "items[1]"],
    ["a nested Map", [{ a: 1 }, { m: new Map() }], "items[1].m"],
  ])("%s", (_name, items, path) => {
    expect(() => pack(items)).toThrow(TypeError);
    expect(() => pack(items)).toThrow(`Cannot send ${path} to workers as it must be `);
  });
});
