import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { MAX_DEPTH, ResultCopier, type ResultCopy } from "../../../src/protocol/result-copy.js";
import { KINDS, onShared } from "../arbitraries.js";

/** Moves even the smallest buffers, as the real thing does large ones. */
function prepare(value: unknown, { keep = false, borrowed = [] as ArrayBufferLike[] } = {}): ResultCopy {
  return new ResultCopier(keep, new Set(borrowed), 0).prepare(value);
}

/** As the value arrives on the other side. */
function depart(value: unknown, options?: Parameters<typeof prepare>[1]): unknown {
  const { value: departing, transfer } = prepare(value, options);
  return structuredClone(departing, { transfer });
}

const isDetached = (array: ArrayBufferView): boolean => array.buffer.byteLength === 0;

describe("a buffer that is moved", () => {
  const MB = 2 ** 20;

  it("is what is very large: a single transfer slows all typed arrays of its thread", () => {
    const [small, large] = [new Float64Array(MB - 1), new Float64Array(MB)];
    const { value, transfer } = new ResultCopier(false, new Set()).prepare({ small, large });
    expect(transfer).toEqual([large.buffer]);
    expect((value as { small: Float64Array }).small.buffer).toBe(small.buffer);
  });
});

describe("a result that crosses no thread", () => {
  it("may stay as it is if it is made of values, containers and arrays", () => {
    const result = {
      list: [1, "a", 2n, null, undefined, true],
      map: new Map([[1, new Set([2])]]),
      x: new Uint8Array(3),
    };
    const { value, isPlain } = prepare(result);
    expect(isPlain).toBe(true);
    expect(value).toEqual(result);
    expect(value).not.toBe(result);
  });

  it.each([new Date(0), /x/, new Error("x"), Object(1)])("must be cloned if %s is in it", (exotic) => {
    expect(prepare([exotic]).isPlain).toBe(false);
  });

  it("has Maps and Sets of other realms as its own, and nothing of anybody else's in them", () => {
    const shared = onShared(Uint8Array.of(1, 2));
    const foreign = runInNewContext("(x) => ({ map: new Map([[1, x]]), set: new Set([x]) })")(shared);
    const { value, isPlain } = prepare(foreign);
    expect(isPlain).toBe(true);
    const { map, set } = value as { map: Map<number, Uint8Array>; set: Set<Uint8Array> };
    expect([map instanceof Map, set instanceof Set]).toEqual([true, true]);
    for (const copy of [map.get(1), ...set]) {
      expect(copy).toEqual(shared);
      expect(copy?.buffer).toBeInstanceOf(ArrayBuffer);
    }
  });

  it("has arrays of the classes that arrive elsewhere", () => {
    class Mine extends Float64Array {}
    const { value } = prepare([new Mine(2), Buffer.alloc(10_000)]);
    const constructors = (value as object[]).map((each) => each.constructor);
    expect(constructors).toEqual([Float64Array, Uint8Array]);
  });
});

describe("memory of the kernel's own", () => {
  it.each(KINDS.map((kind) => [kind.name, kind] as const))("%s is transferred", (_name, kind) => {
    const array = new kind(4);
    (array as Float64Array)[1] = (kind.name.startsWith("Big") ? 3n : 3) as number;
    const { value, transfer } = prepare({ deep: [array] });
    expect(transfer).toEqual([array.buffer]);
    expect(transfer[0]).toBe(array.buffer);
    const [arrived] = (structuredClone(value, { transfer }) as { deep: [Float64Array] }).deep;
    expect(arrived.constructor).toBe(kind);
    expect(Number(arrived[1])).toBe(3);
    expect(isDetached(array)).toBe(true);
  });

  it("is transferred as a bare buffer and as a DataView", () => {
    const buffer = new ArrayBuffer(8);
    const view = new DataView(new ArrayBuffer(4));
    view.setInt16(1, -2);
    const arrived = depart({ buffer, view }) as { buffer: ArrayBuffer; view: DataView };
    expect(arrived.buffer.byteLength).toBe(8);
    expect(arrived.view.getInt16(1)).toBe(-2);
    expect([buffer.byteLength, isDetached(view)]).toEqual([0, true]);
  });

  it("crosses once for two views, which stay together", () => {
    const buffer = new ArrayBuffer(8);
    const result = { bytes: new Uint8Array(buffer), floats: new Float64Array(buffer), buffer };
    const { transfer } = prepare(result);
    expect(transfer).toHaveLength(1);
    const arrived = depart(result) as typeof result;
    expect(arrived.bytes.buffer).toBe(arrived.buffer);
    expect(arrived.floats.buffer).toBe(arrived.buffer);
  });

  it("is copied if the result has a part of it: the rest stays behind", () => {
    const whole = new Float64Array([1, 2, 3, 4]);
    const arrived = depart({ part: whole.subarray(1, 3) }) as { part: Float64Array };
    expect([...arrived.part]).toEqual([2, 3]);
    expect(arrived.part.buffer.byteLength).toBe(16);
    expect([...whole]).toEqual([1, 2, 3, 4]);
    const view = depart(new DataView(whole.buffer, 8, 8)) as DataView;
    expect(view).toBeInstanceOf(DataView);
    expect(view.getFloat64(0, true)).toBe(2);
    expect(view.buffer.byteLength).toBe(8);
  });

  it("is copied if it is a pooled Buffer: the pool is everybody's", () => {
    const buffer = Buffer.from("hello");
    const { value, transfer } = prepare(buffer);
    expect(transfer).toEqual([(value as Uint8Array).buffer]);
    expect(transfer).not.toContain(buffer.buffer);
    expect((value as Uint8Array).constructor).toBe(Uint8Array);
    expect(Buffer.from(value as Uint8Array).toString()).toBe("hello");
    expect((value as Uint8Array).buffer.byteLength).toBe(5);
    expect(buffer.toString()).toBe("hello");
  });

  it("arrives empty if it was empty", () => {
    expect(depart([new Float64Array(0), new Float64Array(4).subarray(2, 2)])).toEqual([
      new Float64Array(0),
      new Float64Array(0),
    ]);
  });
});

describe("memory of others", () => {
  it("is copied out if it is seen through views of shared memory", () => {
    const shared = onShared(new Int32Array([1, 2, 3]));
    for (const view of [shared, shared.subarray(1)]) {
      const { value, transfer } = prepare([view]);
      const [copy] = value as [Int32Array];
      expect(transfer).toEqual([copy.buffer]);
      expect(copy).toEqual(new Int32Array(view));
      expect(copy.buffer).toBeInstanceOf(ArrayBuffer);
    }
  });

  it("is copied out if it is shared memory itself", () => {
    const shared = new SharedArrayBuffer(4);
    let arrived: unknown;
    try {
      arrived = depart({ buffer: shared });
    } catch (error) {
      // Refusing it would do as well.
      expect((error as TypeError).message).toContain("result.buffer");
      return;
    }
    new Uint8Array((arrived as { buffer: ArrayBuffer }).buffer).fill(9);
    expect([...new Uint8Array(shared)]).toEqual([0, 0, 0, 0]);
  });

  it("is copied out of an object with a tag of its own", () => {
    class Model {
      readonly weights = onShared(new Float64Array([1, 2]));
      get [Symbol.toStringTag](): string {
        return "Model";
      }
    }
    const model = new Model();
    const arrived = depart({ model }) as { model: { weights: Float64Array } };
    expect([...arrived.model.weights]).toEqual([1, 2]);
    arrived.model.weights[0] = 9;
    expect(model.weights[0]).toBe(1);
  });

  it("is copied if it was borrowed, whole or in part", () => {
    const array = new Float64Array([1, 2]);
    const result = { array, part: array.subarray(1), buffer: array.buffer };
    const { value, transfer } = prepare(result, { borrowed: [array.buffer] });
    expect(transfer).not.toContain(array.buffer);
    expect(transfer).toHaveLength(3);
    expect(value).toEqual({ array, part: array.subarray(1), buffer: array.buffer });
    const copy = value as typeof result;
    expect(copy.array.buffer).not.toBe(array.buffer);
    expect(copy.buffer).not.toBe(array.buffer);
  });

  it("is copied in any case if the kernel may keep it", () => {
    const array = new Float64Array([1, 2]);
    const { value, transfer } = prepare({ array, buffer: array.buffer }, { keep: true });
    const copy = value as { array: Float64Array; buffer: ArrayBuffer };
    expect(copy.array).toEqual(array);
    expect(copy.array).not.toBe(array);
    expect(transfer).toEqual([copy.array.buffer, copy.buffer]);
    expect(transfer).not.toContain(array.buffer);
    structuredClone(value, { transfer });
    expect([...array]).toEqual([1, 2]);
  });
});

describe("the structure of a result", () => {
  it("leaves plain values as they are", () => {
    for (const value of [1, -0, "x", null, undefined, true, 2n ** 100n]) {
      expect(Object.is(depart(value), value)).toBe(true);
    }
  });

  it("is one of nested lists, objects, maps and sets, with arrays at any place", () => {
    const shared = onShared(new Float64Array([1]));
    const result = {
      list: [1, [shared]],
      map: new Map<unknown, unknown>([
        ["a", shared],
        [{ k: 1 }, new Map([[1, [shared]]])],
      ]),
      set: new Set<unknown>([1, { shared }]),
    };
    const { value, transfer } = prepare(result);
    // One copy, at any place.
    expect(transfer).toHaveLength(1);
    expect(value).toEqual(result);
    const copy = value as typeof result;
    const found = [
      (copy.list[1] as Float64Array[])[0],
      copy.map.get("a"),
      ([...copy.set][1] as { shared: Float64Array }).shared,
      ([...copy.map.values()][1] as Map<number, Float64Array[]>).get(1)?.[0],
    ] as Float64Array[];
    for (const array of found) expect(array.buffer).toBeInstanceOf(ArrayBuffer);
    // One array stays one array.
    expect(new Set(found).size).toBe(1);
  });

  it("keeps identity and cycles", () => {
    const once = { x: 1 };
    const date = new Date(0);
    const result: Record<string, unknown> = { a: once, b: [once], date, again: date };
    result["self"] = result;
    const map = new Map<unknown, unknown>();
    map.set("map", map);
    result["map"] = map;
    const arrived = depart(result) as { [K in keyof typeof result]: unknown };
    expect(arrived["a"]).toBe((arrived["b"] as unknown[])[0]);
    expect(arrived["self"]).toBe(arrived);
    expect((arrived["map"] as Map<unknown, unknown>).get("map")).toBe(arrived["map"]);
    expect(arrived["again"]).toBe(arrived["date"]);
  });

  it("is a copy, which does not touch what the kernel keeps", () => {
    const inner = Object.freeze({ a: Object.freeze([1]) });
    const { value } = prepare(inner);
    expect(value).not.toBe(inner);
    expect(value).toEqual(inner);
  });

  it("has instances without their class, and with their fields", () => {
    class Point {
      readonly x = 1;
      readonly weights = onShared(new Float64Array([4]));
      readonly #secret = 2;
      get sum(): number {
        return this.x + this.#secret;
      }
    }
    const arrived = depart([new Point()]) as [Point];
    expect(Object.getPrototypeOf(arrived[0])).toBe(Object.prototype);
    expect(arrived[0]).toStrictEqual({ x: 1, weights: new Float64Array([4]) });
    expect(arrived[0].weights.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it("keeps holes, and own fields of lists", () => {
    const list = Object.assign(new Array<unknown>(4), { 1: "x", groups: 2 });
    const arrived = depart(list) as typeof list;
    expect(arrived).toHaveLength(4);
    expect(Object.keys(arrived)).toEqual(["1", "groups"]);
    expect(arrived.groups).toBe(2);
    expect(0 in arrived).toBe(false);
  });

  it("keeps undefined fields", () => {
    expect(Object.keys(depart({ a: undefined, b: [undefined] }) as object)).toEqual(["a", "b"]);
  });

  it("takes a key __proto__ for a key", () => {
    const arrived = depart(JSON.parse('{"__proto__": {"polluted": 1}}')) as Record<string, unknown>;
    expect(Object.keys(arrived)).toEqual(["__proto__"]);
    expect(arrived["polluted"]).toBeUndefined();
  });

  it("has dates, patterns and errors as what they are", () => {
    const arrived = depart({ d: new Date(5), r: /x/gi, e: new RangeError("far") }) as {
      d: Date;
      r: RegExp;
      e: Error;
    };
    expect(arrived.d).toEqual(new Date(5));
    expect(String(arrived.r)).toBe("/x/gi");
    expect(arrived.e).toBeInstanceOf(RangeError);
    expect(arrived.e.message).toBe("far");
  });
});

describe("a result that cannot cross, refused with its path", () => {
  it.each<[string, unknown, string, string]>([
    ["a function", { model: { fit() {} } }, "result.model.fit", "function fit"],
    ["a symbol", [1, [Symbol("s")]], "result[1][0]", "Symbol(s)"],
    ["a bare function", () => {}, "result", "function (anonymous)"],
    ["a promise", { later: Promise.resolve() }, "result.later", "Promise"],
    ["a WeakMap", { cache: new WeakMap() }, "result.cache", "WeakMap"],
    ["a map's value", new Map([["fit", () => {}]]), 'result.get("fit")', "function (anonymous)"],
    ["a map's key", { m: new Map([[Symbol("k"), 1]]) }, "a key of result.m", "Symbol(k)"],
    ["a set's element", { s: new Set([() => {}]) }, "an element of result.s", "function (anonymous)"],
    ["an odd key", { "my key": Symbol("s") }, 'result["my key"]', "Symbol(s)"],
  ])("%s", (_name, value, path, received) => {
    expect(() => prepare(value)).toThrow(
      new TypeError(
        `Cannot return ${path} from a kernel as it must be something structured clone can carry: current value is ${received}`,
      ),
    );
  });

  it("holds an array that was transferred away", () => {
    const array = new Float64Array(2);
    structuredClone(array, { transfer: [array.buffer] });
    let message = "nothing was refused";
    try {
      // Arriving empty would do as well; failing on the way, without a path, would not.
      expect(depart({ array })).toEqual({ array: new Float64Array(0) });
      return;
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain("result.array");
  });

  it("throws what a getter throws", () => {
    const thrown = new Error("hostile");
    const result = {
      get x(): never {
        throw thrown;
      },
    };
    expect(() => prepare(result)).toThrow(thrown);
  });
});

class Disguised extends Error {
  readonly [Symbol.toStringTag] = "Something";
}

describe("a nested result", () => {
  const nestings: readonly (readonly [string, (inner: unknown) => unknown, string])[] = [
    ["objects", (d) => ({ d }), "result.d.d.d.d"],
    ["lists", (d) => [d], "result[0][0][0]"],
    ["values of maps", (d) => new Map([[1, d]]), "result.get(1).get(1)"],
    ["keys of maps", (d) => new Map([[d, 1]]), "a key of a key of"],
    ["sets", (d) => new Set([d]), "an element of an element of"],
    ["causes of errors", (cause) => new Error("x", { cause }), "result.cause.cause"],
    ["causes of errors in disguise", (cause) => new Disguised("x", { cause }), "result.cause.cause"],
  ];
  const nest = (around: (inner: unknown) => unknown, depth: number): unknown => {
    let value: unknown = null;
    for (let i = 0; i < depth; i++) value = around(value);
    return value;
  };

  it.each(nestings)(
    "%s leave as deep as every thread can read them, and are refused beyond",
    (_name, around, path) => {
      expect(() => depart(nest(around, MAX_DEPTH))).not.toThrow();
      for (const depth of [MAX_DEPTH + 1, 2500, 5000]) {
        expect(() => prepare(nest(around, depth))).toThrow(`Cannot return ${path}`);
        expect(() => prepare(nest(around, depth))).toThrow(`must be nested at most ${MAX_DEPTH} deep`);
      }
    },
  );

  it("may be wide, and hold itself", () => {
    const self: Record<string, unknown> = { list: Array.from({ length: 5000 }, (_, i) => [i]) };
    self["self"] = [self, self];
    expect(() => depart(self)).not.toThrow();
  });

  it("weighs without end if it is deep, because a thread with a small stack may fail to read it", () => {
    expect(prepare(nest((d) => ({ d }), 50)).weight).toBeLessThan(50_000);
    expect(prepare(nest((d) => ({ d }), 500)).weight).toBe(Infinity);
  });
});

it("a result weighs about as many bytes as its message has", () => {
  expect(prepare({ x: new Float64Array(1000) }).weight).toBeGreaterThan(8000);
  expect(prepare(["a".repeat(5000)]).weight).toBeGreaterThan(10_000);
  expect(prepare(Array.from({ length: 1000 }, (_, i) => i)).weight).toBeGreaterThan(8000);
  expect(prepare({ x: 1 }).weight).toBeLessThan(100);
});
