import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryLimitError } from "../../../src/errors.js";
import { ALIGNMENT, Arena, type Region } from "../../../src/memory/arena.js";
import { kindOf, type TypedArray, viewOf } from "../../../src/memory/dtypes.js";
import {
  aligned,
  type Place,
  place,
  placeNow,
  placeOf,
  planPlacement,
} from "../../../src/memory/placement.js";
import { aliasedArrays as arrays, bytesOf, onShared } from "../arbitraries.js";

const never = (): undefined => undefined;

function newArena(limit = 2 ** 30): Arena {
  return new Arena(limit, () => {});
}

function viewAt(placed: Place): TypedArray {
  return viewOf(placed.kind, placed.buffer, placed.byteOffset, placed.length);
}

const isPlain = (array: TypedArray): boolean => array.buffer instanceof ArrayBuffer;

/** Counts bytes the slow way: each byte once per buffer and element size. */
function countPlainBytes(list: readonly TypedArray[]): number {
  const seen = new Map<ArrayBufferLike, Set<string>>();
  for (const array of list.filter(isPlain)) {
    const marks = seen.get(array.buffer) ?? new Set();
    seen.set(array.buffer, marks);
    for (let at = 0; at < array.byteLength; at++) {
      marks.add(`${array.BYTES_PER_ELEMENT}:${array.byteOffset + at}`);
    }
  }
  return [...seen.values()].reduce((total, marks) => total + marks.size, 0);
}

describe("planPlacement", () => {
  it("gives spans that start on cache lines and never overlap", () => {
    fc.assert(
      fc.property(arrays, (list) => {
        const plan = planPlacement(list);
        const ranges = plan.spans
          .map(({ start, end, target }) => [target, target + (end - start)] as const)
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        ranges.forEach(([from, to], i) => {
          expect(from % ALIGNMENT).toBe(0);
          expect(to).toBeLessThanOrEqual(plan.bytesNeeded);
          if (i > 0) expect(from).toBeGreaterThanOrEqual((ranges[i - 1] as readonly [number, number])[1]);
        });
      }),
    );
  });

  it("counts every byte of a span once, and shared arrays apart", () => {
    fc.assert(
      fc.property(arrays, (list) => {
        const plan = planPlacement(list);
        expect(plan.bytesPlaced).toBe(countPlainBytes(list));
        expect(plan.bytesNeeded).toBe(plan.spans.reduce((sum, s) => sum + aligned(s.end - s.start), 0));
        const shared = new Set(list.filter((array) => !isPlain(array)));
        expect(plan.bytesShared).toBe([...shared].reduce((sum, { byteLength }) => sum + byteLength, 0));
        for (const array of shared) expect(plan.spanOf.has(array)).toBe(false);
        for (const array of list.filter(isPlain)) expect(plan.spanOf.has(array)).toBe(true);
      }),
    );
  });

  it("does not depend on the order of the arrays", () => {
    fc.assert(
      fc.property(arrays, (list) => {
        const forwards = planPlacement(list);
        const backwards = planPlacement([...list].reverse());
        expect(backwards.bytesPlaced).toBe(forwards.bytesPlaced);
        expect(backwards.bytesShared).toBe(forwards.bytesShared);
      }),
    );
  });

  it("takes overlapping windows of one buffer as one span", () => {
    const whole = new Float64Array(100);
    const windows = Array.from({ length: 80 }, (_, i) => whole.subarray(i, i + 20));
    const plan = planPlacement(windows);
    expect(plan.spans).toHaveLength(1);
    expect(plan.bytesPlaced).toBe(99 * 8);
  });

  it("takes a view inside another as part of its span", () => {
    const whole = new Int16Array(100);
    const inside = [whole.subarray(10, 20), whole.subarray(50, 60), whole.subarray(95)];
    const plan = planPlacement([...inside, whole]);
    expect(plan.spans).toHaveLength(1);
    expect(plan.spans[0]).toMatchObject({ start: 0, end: 200 });
    expect(plan.bytesPlaced).toBe(200);
  });

  it("needs nothing for nothing", () => {
    expect(planPlacement([])).toMatchObject({ bytesPlaced: 0, bytesShared: 0, bytesNeeded: 0, spans: [] });
  });
});

it("aligned rounds up to cache lines", () => {
  expect([0, 1, 63, 64, 65, 1000].map(aligned)).toEqual([0, 64, 64, 64, 128, 1024]);
});

describe("place", () => {
  it("keeps every array's bytes and leaves shared arrays where they are", async () => {
    await fc.assert(
      fc.asyncProperty(arrays, async (list) => {
        const arena = newArena();
        const before = list.map(bytesOf);
        const plan = planPlacement(list);
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
    const plan = planPlacement(list);
    const region = await place(plan, arena, never);
    const [head, tail] = list.map((array) => viewAt(placeOf(array, plan, region, arena)));
    (head as Float64Array)[4] = -1;
    expect((tail as Float64Array)[1]).toBe(-1);
  });

  it("never sends a plain buffer along for an empty array", async () => {
    const arena = newArena();
    const empty = new Float64Array(new ArrayBuffer(1024), 0, 0);
    const plan = planPlacement([empty]);
    const region = await place(plan, arena, never);
    const placed = placeOf(empty, plan, region, arena);
    expect(placed.length).toBe(0);
    expect(placed.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("places an empty array beside others", async () => {
    const arena = newArena();
    const list = [new Float64Array([1, 2]), new Int16Array(0)];
    const plan = planPlacement(list);
    const region = await place(plan, arena, never);
    const placed = placeOf(list[1] as TypedArray, plan, region, arena);
    expect(viewAt(placed)).toHaveLength(0);
    expect(placed.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("asks for a pause after every 4 MiB at the latest, and waits for it", async () => {
    const arena = newArena();
    const source = new Uint8Array(9 * 1024 * 1024).map((_, i) => i % 251);
    const other = new Uint8Array([1, 2, 3]);
    const plan = planPlacement([source, other]);
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
    expect(planPlacement([shared]).spans).toEqual([]);
    await place(planPlacement([shared, new Float64Array(1000), new Int8Array(5)]), arena, never);
    expect(arena.usage().regions).toBe(1);
  });

  it("returns its region when a pause rejects", async () => {
    const arena = newArena();
    const stop = new Error("stop");
    await expect(
      place(planPlacement([new Float64Array(10)]), arena, () => Promise.reject(stop)),
    ).rejects.toBe(stop);
    expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 4096 });
  });

  it("refuses over the limit before anything is copied", async () => {
    const arena = newArena(4096);
    let copied = false;
    const placing = place(planPlacement([new Float64Array(1000)]), arena, () => {
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
      const plan = planPlacement(list);
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
