import { constants } from "node:buffer";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MemoryLimitError } from "../../../src/errors.js";
import { Arena } from "../../../src/memory/arena.js";
import { kindNames, type TypedArray } from "../../../src/memory/dtypes.js";
import { sizeClass } from "../../../src/memory/region.js";
import { allocate, share } from "../../../src/memory/share.js";
import { bytesOf, KINDS, onShared, typedArray } from "../arbitraries.js";

const LARGE = 64 * 1024;

function newArena(limit = 2 ** 30): Arena {
  return new Arena(limit);
}

function expectShared(array: unknown, source: TypedArray): void {
  expect((array as TypedArray).buffer).toBeInstanceOf(SharedArrayBuffer);
  expect((array as TypedArray).constructor).toBe(source.constructor);
  // Not toEqual: it takes seconds for large arrays.
  expect(Buffer.compare(bytesOf(array as TypedArray), bytesOf(source))).toBe(0);
}

const broken = vi.hoisted((): { isBroken: boolean } => ({ isBroken: false }));
vi.mock("../../../src/platform/bytes.js", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../../src/platform/bytes.js")>();
  const orThrow =
    <P extends unknown[]>(work: (...parameters: P) => void) =>
    (...parameters: P): void => {
      if (broken.isBroken) throw new RangeError("no view of it");
      work(...parameters);
    };
  return { copyBytes: orThrow(original.copyBytes), clearBytes: orThrow(original.clearBytes) };
});

describe("what throws in the middle", () => {
  afterEach(() => {
    broken.isBroken = false;
  });

  it("gives all regions of share() back", () => {
    const arena = newArena();
    broken.isBroken = true;
    const list = [new Uint8Array(LARGE), new Uint8Array(LARGE), new Uint8Array(3)];
    expect(() => share(list, arena)).toThrow("no view of it");
    expect(arena.usage().bytesInUse).toBe(0);
    broken.isBroken = false;
    expectShared((share(list, arena) as TypedArray[])[2], list[2] as TypedArray);
  });

  it("gives the region of allocate() back", () => {
    const arena = newArena();
    arena.give(arena.take(1000));
    broken.isBroken = true;
    expect(() => allocate(Float64Array, 100, arena)).toThrow("no view of it");
    expect(arena.usage().bytesInUse).toBe(0);
  });

  it.skipIf(constants.MAX_LENGTH >= Number.MAX_SAFE_INTEGER)(
    "takes no region for what no array can be",
    () => {
      const arena = newArena(2 ** 52);
      expect(() => allocate(Uint8Array, constants.MAX_LENGTH + 1, arena)).toThrow(
        new RangeError(
          `Cannot allocate the array as its length must be at most ${constants.MAX_LENGTH} on this runtime: ` +
            `current value is ${constants.MAX_LENGTH + 1}`,
        ),
      );
      expect(arena.usage().regions).toBe(0);
    },
  );
});

describe("share", () => {
  it("reads arrays by what they are, and each field once", () => {
    class Odd extends Float64Array {
      override get length(): number {
        return 1;
      }
    }
    let reads = 0;
    const columns = {
      get x(): Float64Array {
        reads += 1;
        return Float64Array.of(1, 2);
      },
      y: new Odd([3, 4]),
    };
    const shared = share(columns, newArena()) as { x: Float64Array; y: Float64Array };
    expect([...shared.x, ...shared.y]).toEqual([1, 2, 3, 4]);
    expect(reads).toBe(1);
  });

  it("finds that one column's getter has taken another's array", () => {
    const x = new Float64Array(2);
    const arena = newArena();
    const columns = {
      x,
      get y(): Float64Array {
        structuredClone(x, { transfer: [x.buffer] });
        return new Float64Array(2);
      },
    };
    expect(() => share(columns, arena)).toThrow(/column "x" as its buffer was transferred away/);
    expect(arena.usage().regions).toBe(0);
  });

  it("keeps the shape: an array", () => {
    const array = new Float64Array([1, -0, Number.NaN]);
    const shared = share(array, newArena());
    expectShared(shared, array);
    array[0] = 9;
    expect((shared as Float64Array)[0]).toBe(1);
  });

  it("keeps the shape: a list", () => {
    const arena = newArena();
    fc.assert(
      fc.property(fc.array(typedArray()), (list) => {
        const shared = share(list, arena) as unknown[];
        expect(Array.isArray(shared)).toBe(true);
        expect(shared).toHaveLength(list.length);
        list.forEach((array, i) => {
          expectShared(shared[i], array);
        });
      }),
    );
  });

  it("keeps the shape: columns", () => {
    const columns = { b: new Float32Array([1, 2]), a: new BigInt64Array([3n, 4n]), c: new Uint8Array(2) };
    const shared = share(columns, newArena()) as typeof columns;
    expect(Object.keys(shared)).toEqual(["b", "a", "c"]);
    for (const name of ["a", "b", "c"] as const) expectShared(shared[name], columns[name]);
  });

  it("turns a Buffer into a Uint8Array", () => {
    const shared = share(Buffer.from("ab"), newArena()) as Uint8Array;
    expect(shared.constructor).toBe(Uint8Array);
    expect([...shared]).toEqual([97, 98]);
  });

  it("gives shared arrays back as they are, and takes nothing", () => {
    const arena = newArena();
    const shared = onShared(new Float64Array(3));
    const subclass = Buffer.from(new SharedArrayBuffer(4));
    expect(share(shared, arena)).toBe(shared);
    expect(share(subclass, arena)).toBe(subclass);
    const list = share([shared, shared], arena) as unknown[];
    expect(list[0]).toBe(shared);
    expect(list[1]).toBe(shared);
    const { x } = share({ x: shared }, arena) as { x: unknown };
    expect(x).toBe(shared);
    expect(arena.usage().regions).toBe(0);
  });

  it("copies only what is not shared yet", () => {
    const arena = newArena();
    const first = share({ x: new Float64Array(4), y: new Float64Array(4) }, arena) as Record<
      string,
      TypedArray
    >;
    const inUse = arena.usage().bytesInUse;
    const second = share({ ...first, z: new Float64Array(4) }, arena) as Record<string, TypedArray>;
    expect(second["x"]).toBe(first["x"]);
    expect(second["y"]).toBe(first["y"]);
    expect(second["z"]?.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(arena.usage().bytesInUse).toBe(inUse + sizeClass(32));
  });

  it.each([
    ["small", 10],
    ["large", LARGE],
  ])("gives a repeated %s array once", (_name, length) => {
    const arena = newArena();
    const array = new Uint8Array(length).fill(3);
    const [a, b] = share([array, array], arena) as [TypedArray, TypedArray];
    expect(a).toBe(b);
    expectShared(a, array);
    expect(arena.usage().bytesInUse).toBe(sizeClass(length));
  });

  it.each([
    ["small", 1000],
    ["large", 4 * LARGE],
  ])("keeps overlapping %s arrays on one piece of memory", (_name, length) => {
    const arena = newArena();
    const whole = new Uint8Array(length).map((_, i) => i);
    const windows = [whole.subarray(0, length - 8), whole.subarray(8)];
    const [head, tail] = share(windows, arena) as [Uint8Array, Uint8Array];
    expectShared(head, windows[0] as Uint8Array);
    expectShared(tail, windows[1] as Uint8Array);
    expect(arena.usage().bytesInUse).toBe(sizeClass(length));
    head[8] = 77;
    expect(tail[0]).toBe(77);
  });

  it("puts small arrays together and every large one by itself", () => {
    const arena = newArena();
    const small = [new Uint8Array(LARGE - 1), new Uint8Array(10)];
    const large = [new Uint8Array(LARGE), new Uint8Array(LARGE)];
    const shared = share([...small, ...large], arena) as Uint8Array[];
    expect(shared[0]?.buffer).toBe(shared[1]?.buffer);
    expect(new Set(shared.map(({ buffer }) => buffer)).size).toBe(3);
    expect(arena.usage().regions).toBe(3);
  });

  it("shares empty arrays", () => {
    const arena = newArena();
    expectShared(share(new Float64Array(0), arena), new Float64Array(0));
    const list = share([new Int8Array(0), new Float64Array(0)], arena) as TypedArray[];
    expect(list.map(({ length }) => length)).toEqual([0, 0]);
    expect(list[1]?.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(share([], arena)).toEqual([]);
  });

  it("starts every large array on a cache line", () => {
    const backing = new ArrayBuffer(LARGE + 64);
    const shared = share([new Uint8Array(backing, 3, LARGE)], newArena()) as Uint8Array[];
    expect((shared[0] as Uint8Array).byteOffset % 64).toBe(0);
  });

  it("places nothing when the limit is passed", () => {
    const arena = newArena(100_000);
    expect(() => share([new Uint8Array(60_000), new Uint8Array(60_000)], arena)).toThrow(MemoryLimitError);
    expect(arena.usage()).toMatchObject({ regions: 0, bytesInUse: 0 });
  });

  it("places nothing when the limit is passed by the rounding of regions", () => {
    // Two of 70,000 bytes fit the limit as they are; the two regions of 81,920 do not.
    const arena = newArena(145_000);
    expect(() => share([new Uint8Array(70_000), new Uint8Array(70_000)], arena)).toThrow(MemoryLimitError);
    expect(arena.usage()).toMatchObject({ bytesInUse: 0 });
  });

  it("refuses what is no payload", () => {
    expect(() => share({ x: [1] }, newArena())).toThrow(TypeError);
  });
});

describe("allocate", () => {
  it.each(KINDS.map((kind) => [kind.name, kind] as const))("%s", (_name, kind) => {
    const array = allocate(kind, 5, newArena());
    expect(array.constructor).toBe(kind);
    expect(array).toHaveLength(5);
    expect(array.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("fills recycled memory with zeros", () => {
    const arena = newArena();
    const used = arena.take(8000);
    new Uint8Array(used.buffer).fill(0xff);
    arena.give(used);
    const array = allocate(Float64Array, 1000, arena) as Float64Array;
    expect(arena.identify(array.buffer as SharedArrayBuffer)).toBe(used.id);
    expect(array.every((value) => Object.is(value, 0))).toBe(true);
  });

  it("gives an empty array", () => {
    expect(allocate(Float64Array, 0, newArena())).toHaveLength(0);
  });

  it.each([[-1], [1.5], [Number.NaN], ["3"], [2 ** 53], [undefined]])("refuses a length of %o", (length) => {
    expect(() => allocate(Float64Array, length as number, newArena())).toThrow(
      /^Cannot allocate the array as its length must be an integer of at least 0: current value is /,
    );
    expect(() => allocate(Float64Array, length as number, newArena())).toThrow(RangeError);
  });

  it("refuses what is no kind", () => {
    expect(() => allocate(Array, 3, newArena())).toThrow(
      new TypeError(
        `Cannot allocate the array as its kind must be a typed-array constructor (${kindNames}): ` +
          "current value is function Array",
      ),
    );
  });

  it("refuses over the limit", () => {
    const arena = newArena(4096);
    expect(() => allocate(Float64Array, 1000, arena)).toThrow(MemoryLimitError);
    expect(arena.usage().regions).toBe(0);
  });
});
