import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryLimitError } from "../../../src/errors.js";
import { Arena } from "../../../src/memory/arena.js";
import { kindOf, type TypedArray, viewOf } from "../../../src/memory/dtypes.js";
import {
  aligned,
  type Place,
  place,
  placedAt,
  placeNow,
  placeOf,
  planPlacement,
} from "../../../src/memory/placement.js";
import { ALIGNMENT, type Region } from "../../../src/memory/region.js";
import { aliasedArrays as arrays, bytesOf, onShared, planOf } from "../arbitraries.js";

const never = (): undefined => undefined;

function newArena(limit = 2 ** 30): Arena {
  return new Arena(limit);
}

function viewAt(placed: Place): TypedArray {
  return viewOf(placed.kind, placed.buffer, placed.byteOffset, placed.length);
}

const isPlain = (array: TypedArray): boolean => array.buffer instanceof ArrayBuffer;

/** Counts bytes the slow way: each byte once per buffer. */
function countPlainBytes(list: readonly TypedArray[]): number {
  const seen = new Map<ArrayBufferLike, Set<number>>();
  for (const array of list.filter(isPlain)) {
    const marks = seen.get(array.buffer) ?? new Set();
    seen.set(array.buffer, marks);
    for (let at = 0; at < array.byteLength; at++) marks.add(array.byteOffset + at);
  }
  return [...seen.values()].reduce((total, marks) => total + marks.size, 0);
}

describe("planPlacement", () => {
  it("gives spans that never overlap, on cache lines if they hold one kind, and aligned arrays in all", () => {
    fc.assert(
      fc.property(arrays, (list) => {
        const plan = planOf(list);
        for (const [array, extent] of plan.extentOf) {
          expect(placedAt(extent) % array.BYTES_PER_ELEMENT).toBe(0);
        }
        const mixed = plan.spans.filter(({ target }) => target % ALIGNMENT !== 0);
        for (const { extents } of mixed) {
          const kinds = [...plan.extentOf].filter(([, extent]) => extents.includes(extent));
          expect(new Set(kinds.map(([array]) => array.BYTES_PER_ELEMENT)).size).toBeGreaterThan(1);
        }
        const ranges = plan.spans
          .map(({ start, end, target }) => [target, target + (end - start)] as const)
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        ranges.forEach(([from, to], i) => {
          expect(from % ALIGNMENT).toBeLessThan(8);
          expect(to).toBeLessThanOrEqual(plan.bytesNeeded);
          if (i > 0) expect(from).toBeGreaterThanOrEqual((ranges[i - 1] as readonly [number, number])[1]);
        });
      }),
    );
  });

  it("counts every byte of a span once, and shared arrays apart", () => {
    fc.assert(
      fc.property(arrays, (list) => {
        const plan = planOf(list);
        expect(plan.bytesPlaced).toBe(countPlainBytes(list));
        const needed = plan.spans.reduce(
          (sum, s) => sum + aligned((s.target % ALIGNMENT) + s.end - s.start),
          0,
        );
        expect(plan.bytesNeeded).toBe(needed);
        const shared = new Set(list.filter((array) => !isPlain(array)));
        expect(plan.bytesShared).toBe([...shared].reduce((sum, { byteLength }) => sum + byteLength, 0));
        for (const array of shared) expect(plan.extentOf.has(array)).toBe(false);
        for (const array of list.filter(isPlain)) expect(plan.extentOf.has(array)).toBe(true);
      }),
    );
  });

  it("does not depend on the order of the arrays", () => {
    fc.assert(
      fc.property(arrays, (list) => {
        const forwards = planOf(list);
        const backwards = planOf([...list].reverse());
        expect(backwards.bytesPlaced).toBe(forwards.bytesPlaced);
        expect(backwards.bytesShared).toBe(forwards.bytesShared);
      }),
    );
  });

  it("takes overlapping windows of one buffer as one span", () => {
    const whole = new Float64Array(100);
    const windows = Array.from({ length: 80 }, (_, i) => whole.subarray(i, i + 20));
    const plan = planOf(windows);
    expect(plan.spans).toHaveLength(1);
    expect(plan.bytesPlaced).toBe(99 * 8);
  });

  it("takes a view inside another as part of its span", () => {
    const whole = new Int16Array(100);
    const inside = [whole.subarray(10, 20), whole.subarray(50, 60), whole.subarray(95)];
    const plan = planOf([...inside, whole]);
    expect(plan.spans).toHaveLength(1);
    expect(plan.spans[0]).toMatchObject({ start: 0, end: 200 });
    expect(plan.bytesPlaced).toBe(200);
  });

  it("takes views of different kinds that overlap as one span", () => {
    const bytes = new Uint8Array(1024);
    const floats = new Float64Array(bytes.buffer, 8, 20);
    const plan = planOf([bytes.subarray(3, 100), floats, new Int16Array(bytes.buffer, 50, 100)]);
    expect(plan.spans).toHaveLength(1);
    expect(plan.spans[0]).toMatchObject({ start: 3, end: 250 });
    expect(plan.bytesPlaced).toBe(247);
  });

  it("needs nothing for nothing", () => {
    expect(planOf([])).toMatchObject({ bytesPlaced: 0, bytesShared: 0, bytesNeeded: 0, spans: [] });
  });
});

it("offsets are rounded up to cache lines", () => {
  expect([0, 1, 63, 64, 65, 1000].map(aligned)).toEqual([0, 64, 64, 64, 128, 1024]);
});

describe("place", () => {
  it("keeps every array's bytes and leaves shared arrays where they are", async () => {
    await fc.assert(
      fc.asyncProperty(arrays, async (list) => {
        const arena = newArena();
        const before = list.map(bytesOf);
        const plan = planOf(list);
        // Memory that was used before: what is not copied would show.
        const used = arena.take(Math.max(1, plan.bytesNeeded));
        new Uint8Array(used.buffer).fill(0xa5);
        arena.give(used);
        const region = await place(plan, arena, never);
        list.forEach((array, i) => {
          const placed = placeOf(array, plan, region, arena);
          const view = viewAt(placed);
          expect(view.constructor).toBe(array.constructor);
          expect(view.length).toBe(array.length);
          expect(bytesOf(view)).toEqual(before[i]);
          expect(bytesOf(array)).toEqual(before[i]);
          if (isPlain(array)) {
            expect(placed.memory).toBe(region.id);
            expect(placed.buffer).toBe(region.buffer);
          } else {
            expect(placed.buffer).toBe(array.buffer);
            expect(placed.byteOffset).toBe(array.byteOffset);
            expect(placed.memory).toBe(arena.identify(array.buffer as SharedArrayBuffer));
          }
        });
      }),
    );
  });

  it("keeps overlapping views on the same memory", async () => {
    const arena = newArena();
    const whole = Float64Array.from({ length: 10 }, (_, i) => i);
    const list = [whole.subarray(0, 6), whole.subarray(3, 10), whole];
    const plan = planOf(list);
    const region = await place(plan, arena, never);
    const [head, tail] = list.map((array) => viewAt(placeOf(array, plan, region, arena)));
    (head as Float64Array)[4] = -1;
    expect((tail as Float64Array)[1]).toBe(-1);
  });

  it("never sends a plain buffer along for an empty array", async () => {
    const arena = newArena();
    const empty = new Float64Array(new ArrayBuffer(1024), 0, 0);
    const plan = planOf([empty]);
    const region = await place(plan, arena, never);
    const placed = placeOf(empty, plan, region, arena);
    expect(placed.length).toBe(0);
    expect(placed.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("places an empty array beside others", async () => {
    const arena = newArena();
    const list = [new Float64Array([1, 2]), new Int16Array(0)];
    const plan = planOf(list);
    const region = await place(plan, arena, never);
    const placed = placeOf(list[1] as TypedArray, plan, region, arena);
    expect(viewAt(placed)).toHaveLength(0);
    expect(placed.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("asks for a pause after every 4 MiB at the latest, and waits for it", async () => {
    const arena = newArena();
    const source = new Uint8Array(9 * 1024 * 1024).map((_, i) => i % 251);
    const other = new Uint8Array([1, 2, 3]);
    const plan = planOf([source, other]);
    let asked = 0;
    let waited = 0;
    const region = await place(plan, arena, () => {
      asked += 1;
      return Promise.resolve().then(() => {
        waited += 1;
      });
    });
    expect(asked).toBe(4);
    expect(waited).toBe(4);
    const placed = viewAt(placeOf(source, plan, region, arena));
    expect(Buffer.compare(placed as Uint8Array, source)).toBe(0);
    expect([...bytesOf(viewAt(placeOf(other, plan, region, arena)))]).toEqual([1, 2, 3]);
  });

  it("takes exactly one region, and has nothing to do for shared arrays alone", async () => {
    const arena = newArena();
    const shared = onShared(new Float64Array(100));
    expect(planOf([shared]).spans).toEqual([]);
    await place(planOf([shared, new Float64Array(1000), new Int8Array(5)]), arena, never);
    expect(arena.usage().regions).toBe(1);
  });

  it("returns its region when a pause rejects", async () => {
    const arena = newArena();
    const stop = new Error("stop");
    await expect(place(planOf([new Float64Array(10)]), arena, () => Promise.reject(stop))).rejects.toBe(stop);
    expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 4096 });
  });

  it.each<[string, string, (buffer: ArrayBuffer) => void]>([
    ["transferred away", "small", (buffer) => void structuredClone(buffer, { transfer: [buffer] })],
    ["shrunk", "price", (buffer) => buffer.resize(6 * 1024 * 1024)],
  ])("names the first array that was %s in a pause, and returns its region", async (_, name, take) => {
    const arena = newArena();
    const size = 9 * 1024 * 1024;
    const buffer = new ArrayBuffer(size, { maxByteLength: size });
    const list = [new Uint8Array(buffer, 0, 5000), new Uint8Array(buffer, 0, size), new Int8Array(4)];
    const plan = planPlacement(list, [{ name: "small" }, { name: "price" }, { name: 2 }]);
    let pauses = 0;
    const pause = async (): Promise<void> => {
      pauses += 1;
      if (pauses === 2) take(buffer);
    };
    await expect(place(plan, arena, pause)).rejects.toThrow(
      new TypeError(
        `Cannot read "${name}" as its buffer must stay whole until the call has settled: ` +
          "it was transferred away or shrunk; pass a copy made with slice()",
      ),
    );
    expect(arena.usage().bytesInUse).toBe(0);
  });

  it("takes lengths from the plan: what a buffer grows to is not copied", async () => {
    const arena = newArena();
    const buffer = new ArrayBuffer(16, { maxByteLength: 64 });
    const x = new Uint8Array(buffer, 0, 16);
    const plan = planOf([x, Uint8Array.of(7)]);
    buffer.resize(64);
    const region = await place(plan, arena, never);
    expect(placeOf(x, plan, region, arena).length).toBe(16);
  });

  it("refuses over the limit before anything is copied", async () => {
    const arena = newArena(4096);
    let copied = false;
    const placing = place(planOf([new Float64Array(1000)]), arena, () => {
      copied = true;
      return undefined;
    });
    await expect(placing).rejects.toBeInstanceOf(MemoryLimitError);
    expect(copied).toBe(false);
    expect(arena.usage()).toMatchObject({ regions: 0, bytesInUse: 0 });
  });
});

it("placeNow copies the same bytes to the same places", () => {
  fc.assert(
    fc.property(arrays, (list) => {
      const plan = planOf(list);
      const buffer = new SharedArrayBuffer(plan.bytesNeeded);
      const region: Region = { id: 1, buffer, recycled: false, uses: 1, idleSince: 0 };
      placeNow(plan, region);
      for (const array of list.filter(isPlain)) {
        const { byteOffset, kind } = placeOf(array, plan, region, newArena());
        expect(kind).toBe(kindOf(array));
        expect(bytesOf(viewOf(kind, buffer, byteOffset, array.length))).toEqual(bytesOf(array));
      }
    }),
  );
});
