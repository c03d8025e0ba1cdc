import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MemoryLimitError } from "../../../src/errors.js";
import { Arena, type Region, sizeClass } from "../../../src/memory/arena.js";
import { collectGarbageUntil } from "../collect-garbage.js";

const PAGE = 4096;

function failureOf(act: () => unknown): MemoryLimitError {
  try {
    act();
  } catch (error) {
    if (error instanceof MemoryLimitError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("sizeClass", () => {
  const bytes = fc.oneof(
    fc.integer({ min: 0, max: 3 * PAGE }),
    fc.integer({ min: 0, max: 2 ** 42 }),
    fc.nat(40).chain((power) => fc.integer({ min: -2, max: 2 }).map((by) => Math.max(0, 2 ** power + by))),
  );

  it("covers the need, whole pages at least, and wastes at most a quarter", () => {
    fc.assert(
      fc.property(bytes, (need) => {
        const size = sizeClass(need);
        expect(Number.isSafeInteger(size)).toBe(true);
        expect(size).toBeGreaterThanOrEqual(Math.max(need, PAGE));
        if (need > PAGE) expect(size - need).toBeLessThanOrEqual(need / 4);
      }),
      { numRuns: 1000 },
    );
  });

  it("grows with the need, and is a class itself", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(sizeClass(Math.min(a, b))).toBeLessThanOrEqual(sizeClass(Math.max(a, b)));
        expect(sizeClass(sizeClass(a))).toBe(sizeClass(a));
      }),
      { numRuns: 1000 },
    );
  });

  it("has four classes per doubling", () => {
    const classes = new Set<number>();
    for (let need = 8193; need <= 16384; need++) classes.add(sizeClass(need));
    expect([...classes]).toEqual([10240, 12288, 14336, 16384]);
  });
});

describe("take and give", () => {
  it("account for every byte, whatever the order", () => {
    const limit = 256 * 1024;
    const operation = fc.oneof(
      fc.record({ do: fc.constant("take" as const), bytes: fc.integer({ min: 0, max: 100_000 }) }),
      fc.record({ do: fc.constant("give" as const), which: fc.nat(20) }),
      fc.record({ do: fc.constant("trim" as const), keep: fc.integer({ min: 0, max: 100_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const gone: number[] = [];
        const arena = new Arena(limit, (id) => gone.push(id));
        const taken: Region[] = [];
        const known = new Map<number, Region>();
        let peak = 0;
        for (const each of operations) {
          const before = arena.usage();
          if (each.do === "take") {
            try {
              const region = arena.take(each.bytes);
              expect(region.buffer.byteLength).toBeGreaterThanOrEqual(each.bytes);
              expect(taken).not.toContain(region);
              // An unused one is zero throughout; a used one carries the mark below.
              expect(new Uint8Array(region.buffer)[0]).toBe(region.recycled ? 0xee : 0);
              new Uint8Array(region.buffer)[0] = 0xee;
              taken.push(region);
              known.set(region.id, region);
            } catch (error) {
              expect(error).toBeInstanceOf(MemoryLimitError);
              expect(arena.usage()).toEqual(before);
            }
          } else if (each.do === "give" && taken.length > 0) {
            const [region] = taken.splice(each.which % taken.length, 1) as [Region];
            arena.give(region);
            expect(region.recycled).toBe(true);
          } else if (each.do === "trim") {
            arena.trim(each.keep);
            expect(arena.usage().bytesIdle).toBeLessThanOrEqual(each.keep);
          }
          for (const id of gone.splice(0)) {
            expect(taken.some((region) => region.id === id)).toBe(false);
            expect(known.delete(id)).toBe(true);
          }
          const inUse = taken.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
          const all = [...known.values()].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
          peak = Math.max(peak, inUse);
          expect(arena.usage()).toEqual({
            regions: known.size,
            bytesInUse: inUse,
            bytesIdle: all - inUse,
            bytesPeak: peak,
            limit,
          });
          expect(all).toBeLessThanOrEqual(limit);
          expect(new Set(taken.map(({ id }) => id)).size).toBe(taken.length);
          expect(new Set(taken.map(({ buffer }) => buffer)).size).toBe(taken.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("reuse what was given back, the latest first", () => {
    const arena = new Arena(2 ** 20, () => {});
    const first = arena.take(10_000);
    const second = arena.take(10_000);
    expect([first.recycled, second.recycled]).toEqual([false, false]);
    arena.give(first);
    arena.give(second);
    expect(arena.take(10_000)).toBe(second);
    expect(arena.take(10_000)).toBe(first);
    expect(first.recycled).toBe(true);
  });

  it("reuse the smallest region that fits, and none of more than twice the size", () => {
    const arena = new Arena(2 ** 20, () => {});
    const [small, middle, large] = [8192, 12288, 20480].map((bytes) => arena.take(bytes)) as [
      Region,
      Region,
      Region,
    ];
    for (const region of [large, middle, small]) arena.give(region);
    expect(arena.take(10_240)).toBe(middle);
    expect(arena.take(10_240)).toBe(large);
    arena.give(large);
    // 20,480 bytes for a need of 10,240 is twice the size: allowed. For 8,192 it is not.
    expect(arena.take(8192)).toBe(small);
    expect(arena.take(8192)).not.toBe(large);
    expect(arena.take(10_240)).toBe(large);
  });

  it("name every region by an id of its own", () => {
    const arena = new Arena(2 ** 20, () => {});
    const other = new Arena(2 ** 20, () => {});
    const foreign = arena.identify(new SharedArrayBuffer(8));
    const ids = [arena.take(1).id, other.take(1).id, arena.take(1).id, foreign];
    expect(new Set(ids).size).toBe(4);
  });
});

describe("what could be taken", () => {
  it("a used region is found by `recycles` exactly where `take` finds one", () => {
    const bytes = fc.integer({ min: 1, max: 200_000 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 6 }), bytes, (given, need) => {
        const arena = new Arena(2 ** 24, () => {});
        for (const region of given.map((size) => arena.take(size))) arena.give(region);
        const before = arena.usage();
        const expected = arena.recycles(need);
        expect(arena.usage()).toEqual(before);
        expect(arena.take(need).recycled).toBe(expected);
      }),
    );
    // Regions in use are nobody else's.
    const arena = new Arena(2 ** 24, () => {});
    const region = arena.take(10_000);
    expect(arena.recycles(10_000)).toBe(false);
    arena.give(region);
    expect(arena.recycles(10_000)).toBe(true);
    arena.trim();
    expect(arena.recycles(10_000)).toBe(false);
  });

  it("fits exactly where `take` does not refuse, idle regions or not", () => {
    const bytes = fc.integer({ min: 1, max: 40_000 });
    const regions = fc.array(fc.record({ bytes, isIdle: fc.boolean() }), { maxLength: 5 });
    const limit = 65_536;
    let refused = 0;
    fc.assert(
      fc.property(regions, bytes, (others, need) => {
        const arena = new Arena(limit, () => {});
        for (const other of others) {
          if (!arena.fits(other.bytes)) continue;
          const region = arena.take(other.bytes);
          if (other.isIdle) arena.give(region);
        }
        const before = arena.usage();
        const expected = arena.fits(need);
        expect(arena.usage()).toEqual(before);
        if (expected) arena.take(need);
        else expect(failureOf(() => arena.take(need)).limit).toBe(limit);
        refused += expected ? 0 : 1;
      }),
    );
    expect(refused).toBeGreaterThan(0);
    // What counts is the size class, 20,480 bytes.
    expect(new Arena(20_000, () => {}).fits(20_000)).toBe(false);
    expect(new Arena(20_480, () => {}).fits(20_000)).toBe(true);
  });
});

describe("the limit", () => {
  it("refuses with its figures and changes nothing", () => {
    const arena = new Arena(8192, () => {});
    arena.take(4096);
    const before = arena.usage();
    expect(failureOf(() => arena.take(8192))).toMatchObject({ requested: 8192, inUse: 4096, limit: 8192 });
    expect(arena.usage()).toEqual(before);
    expect(failureOf(() => arena.reserve([4097]))).toMatchObject({
      requested: 4097,
      inUse: 4096,
      limit: 8192,
    });
    arena.reserve([4096]);
    expect(arena.usage()).toEqual(before);
    arena.take(4096);
    expect(arena.usage()).toMatchObject({ bytesInUse: 8192, regions: 2 });
  });

  it("tells the bytes that were asked for, not those of the size class", () => {
    const arena = new Arena(4096, () => {});
    expect(failureOf(() => arena.take(5000)).requested).toBe(5000);
  });

  it("is exceeded by what may exceed it, and holds for what comes next", () => {
    const arena = new Arena(8192, () => {});
    arena.take(8192);
    arena.take(4096, true);
    expect(arena.usage()).toMatchObject({ bytesInUse: 12_288, limit: 8192 });
    expect(failureOf(() => arena.take(1)).inUse).toBe(12_288);
  });

  it("lets idle regions give way", () => {
    const gone: number[] = [];
    const arena = new Arena(16_384, (id) => gone.push(id));
    const small = arena.take(4096);
    const middle = arena.take(8192);
    arena.give(small);
    arena.give(middle);
    arena.reserve([16_384]);
    arena.take(16_384);
    expect(gone.sort()).toEqual([small.id, middle.id].sort());
    expect(arena.usage()).toMatchObject({ regions: 1, bytesInUse: 16_384, bytesIdle: 0 });
  });

  it("is told apart from nothing when the system has no more memory", () => {
    const arena = new Arena(Number.MAX_SAFE_INTEGER, () => {});
    const before = arena.usage();
    const failure = failureOf(() => arena.take(2 ** 50));
    expect(failure.requested).toBe(2 ** 50);
    expect(failure.message).toContain("the system has no more of it");
    expect(arena.usage()).toEqual(before);
  });
});

describe("trim", () => {
  it("frees idle regions only, the largest first, and says which", () => {
    const gone: number[] = [];
    const arena = new Arena(2 ** 20, (id) => gone.push(id));
    const [held, small, large] = [4096, 8192, 65_536].map((bytes) => arena.take(bytes)) as [
      Region,
      Region,
      Region,
    ];
    arena.give(small);
    arena.give(large);
    arena.trim(2 ** 20);
    expect(gone).toEqual([]);
    arena.trim(8192);
    expect(gone).toEqual([large.id]);
    expect(arena.usage()).toMatchObject({ regions: 2, bytesIdle: 8192, bytesInUse: 4096 });
    arena.trim();
    expect(gone).toEqual([large.id, small.id]);
    expect(arena.usage()).toMatchObject({ regions: 1, bytesIdle: 0, bytesInUse: 4096 });
    expect(arena.take(8192)).not.toBe(small);
    expect(gone).not.toContain(held.id);
  });
});

describe("lend", () => {
  // Untouched, so the system gives it no memory.
  it("lends more than Node 20 makes an ArrayBuffer of", () => {
    const arena = new Arena(2 ** 34, () => {});
    const region = arena.take(2 ** 32 + 4096);
    const handle = arena.lend(region);
    expect(handle.byteLength).toBe(region.buffer.byteLength);
    new Uint8Array(handle, 2 ** 32, 1)[0] = 7;
    expect(new Uint8Array(region.buffer, 2 ** 32, 1)[0]).toBe(7);
  });

  it("gives a second handle over the same memory", () => {
    const arena = new Arena(2 ** 20, () => {});
    const region = arena.take(100);
    const handle = arena.lend(region);
    expect(handle).not.toBe(region.buffer);
    new Uint8Array(handle)[7] = 42;
    expect(new Uint8Array(region.buffer)[7]).toBe(42);
    expect(arena.identify(handle)).toBe(region.id);
    expect(arena.identify(region.buffer)).toBe(region.id);
  });

  it("recycles the region when the handle is dropped, not before", async () => {
    const gone: number[] = [];
    const arena = new Arena(2 ** 20, (id) => gone.push(id));
    // Touched inside functions alone: a frame that waits would keep what its registers saw.
    const held: { view?: Float64Array<SharedArrayBuffer> } = {};
    const id = (() => {
      const region = arena.take(10_000);
      held.view = new Float64Array(arena.lend(region), 0, 10);
      return region.id;
    })();
    let collected = 0;
    const dropped = new FinalizationRegistry<void>(() => {
      collected += 1;
    });
    (() => dropped.register({}))();
    // Garbage was collected and finalizers ran, yet the region is not idle: the user's view holds it.
    expect(await collectGarbageUntil(() => collected === 1)).toBe(true);
    expect(arena.usage()).toMatchObject({ bytesInUse: sizeClass(10_000), bytesIdle: 0 });
    expect(arena.take(10_000).id).not.toBe(id);

    (() => {
      (held.view as Float64Array)[0] = 1;
      delete held.view;
    })();
    expect(await collectGarbageUntil(() => arena.usage().bytesIdle > 0)).toBe(true);
    expect(arena.usage().bytesInUse).toBe(sizeClass(10_000));
    const again = arena.take(10_000);
    expect(again).toMatchObject({ id, recycled: true });
    expect(new Float64Array(again.buffer)[0]).toBe(1);
    expect(gone).toEqual([]);
  });

  it("weighs what is lent in V8's books once that is more than a little of the limit", async () => {
    const arena = new Arena(2 ** 30, () => {});
    const size = 2 ** 24;
    const weight = (): number => process.memoryUsage().external;
    // What earlier tests have left may be collected at any time.
    await collectGarbageUntil(() => true);
    const lend = (): SharedArrayBuffer => arena.lend(arena.take(size));
    const before = weight();
    const light = [lend(), lend()];
    expect(weight() - before).toBeLessThan(size / 2);
    const heavy = lend();
    expect(weight() - before).toBeGreaterThan(size / 2);
    expect([...light, heavy].map(({ byteLength }) => byteLength)).toEqual([size, size, size]);

    // What was dropped and collected counts no more.
    (() => light.splice(0))();
    expect(await collectGarbageUntil(() => arena.usage().bytesIdle === 2 * size)).toBe(true);
    const after = weight();
    const again = lend();
    expect(weight() - after).toBeLessThan(size / 2);
    expect(again.byteLength + heavy.byteLength).toBe(2 * size);
  });

  it("lends a returned region anew", async () => {
    const arena = new Arena(2 ** 20, () => {});
    for (let i = 0; i < 3; i++) {
      (() => arena.lend(arena.take(100)))();
      expect(await collectGarbageUntil(() => arena.usage().bytesInUse === 0)).toBe(true);
    }
    expect(arena.usage().regions).toBe(1);
  });
});

describe("identify", () => {
  it("names foreign memory stably and uniquely", () => {
    const arena = new Arena(2 ** 20, () => {});
    const buffers = Array.from({ length: 20 }, () => new SharedArrayBuffer(8));
    const ids = buffers.map((buffer) => arena.identify(buffer));
    expect(new Set([...ids, arena.take(1).id]).size).toBe(21);
    expect(buffers.map((buffer) => arena.identify(buffer))).toEqual(ids);
    expect(arena.usage().regions).toBe(1);
  });

  it("says when foreign memory is gone", async () => {
    const gone: number[] = [];
    const arena = new Arena(2 ** 20, (id) => gone.push(id));
    const kept = new SharedArrayBuffer(8);
    const keptId = arena.identify(kept);
    const id = (() => arena.identify(new SharedArrayBuffer(8)))();
    expect(await collectGarbageUntil(() => gone.length > 0)).toBe(true);
    expect(gone).toEqual([id]);
    expect(arena.identify(kept)).toBe(keptId);
  });
});

describe("time", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("frees what nobody needed for the timeout, though other regions are in steady use", () => {
    const clock = vi.spyOn(performance, "now");
    vi.useFakeTimers();
    clock.mockImplementation(() => Date.now());
    const gone: number[] = [];
    const arena = new Arena(2 ** 20, (id) => gone.push(id), 1000);
    const big = arena.take(100_000);
    arena.give(big);
    for (let passed = 0; passed < 3000; passed += 100) {
      arena.give(arena.take(4096));
      vi.advanceTimersByTime(100);
    }
    expect(gone).toEqual([big.id]);
    expect(arena.usage()).toMatchObject({ regions: 1, bytesInUse: 0, bytesIdle: 4096 });
    vi.advanceTimersByTime(3000);
    expect(arena.usage()).toMatchObject({ regions: 0, bytesIdle: 0 });
  });
});

it("keeps nothing once it is retired, and no timer", () => {
  vi.useFakeTimers();
  const gone: number[] = [];
  const arena = new Arena(2 ** 20, (id) => gone.push(id), 1000);
  const [idle, later] = [arena.take(4096), arena.take(8192)];
  arena.give(idle);
  expect(vi.getTimerCount()).toBe(1);
  arena.retire();
  expect(vi.getTimerCount()).toBe(0);
  expect(arena.usage()).toMatchObject({ regions: 1, bytesInUse: 8192, bytesIdle: 0 });
  arena.give(later);
  expect(arena.usage()).toMatchObject({ regions: 0, bytesInUse: 0, bytesIdle: 0 });
  expect(gone).toEqual([idle.id, later.id]);
  vi.useRealTimers();
});
