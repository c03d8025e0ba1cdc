import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MemoryLimitError } from "../../../src/errors.js";
import { Arena } from "../../../src/memory/arena.js";
import { Lease } from "../../../src/memory/lease.js";
import { makeRoom, takeAll, takeNow } from "../../../src/memory/make-room.js";
import type { HandleHolders } from "../../../src/memory/mapped-memory.js";
import { type Region, sizeClass } from "../../../src/memory/region.js";
import { collectGarbageUntil } from "../collect-garbage.js";

vi.mock("../../../src/platform/builtins.js", () => import("../late-builtins.js"));

function failureOf(act: () => unknown): MemoryLimitError {
  try {
    act();
  } catch (error) {
    if (error instanceof MemoryLimitError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Workers that let go of memory when they are told to. */
function holdersOf(held: Set<number>): HandleHolders & { readonly forgotten: number[]; collections: number } {
  const forgotten: number[] = [];
  return {
    forgotten,
    collections: 0,
    forget(id) {
      forgotten.push(id);
      return held.has(id);
    },
    collect() {
      this.collections += 1;
      return Promise.resolve();
    },
  };
}

describe("an arena's take and give", () => {
  it("account for every byte, in any order", () => {
    const limit = 256 * 1024;
    const operation = fc.oneof(
      fc.record({ do: fc.constant("take" as const), bytes: fc.integer({ min: 0, max: 100_000 }) }),
      fc.record({ do: fc.constant("give" as const), which: fc.nat(20) }),
      fc.record({ do: fc.constant("trim" as const), keep: fc.integer({ min: 0, max: 100_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const arena = new Arena(limit);
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
          const inUse = taken.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
          const all = [...known.values()].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
          peak = Math.max(peak, inUse);
          const usage = arena.usage();
          // `known` holds them all, so none is collected.
          expect(usage).toMatchObject({ bytesInUse: inUse, bytesPeak: peak, limit });
          expect(usage.regions).toBeGreaterThanOrEqual(taken.length);
          expect(usage.bytesIdle + usage.bytesUncollected).toBe(all - inUse);
          expect(inUse).toBeLessThanOrEqual(limit);
          // An eighth more may be mapped.
          expect(all).toBeLessThanOrEqual(limit * 1.125);
          expect(new Set(taken.map(({ id }) => id)).size).toBe(taken.length);
          expect(new Set(taken.map(({ buffer }) => buffer)).size).toBe(taken.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("reuse what was given back, the latest first", () => {
    const arena = new Arena(2 ** 20);
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
    const arena = new Arena(2 ** 20);
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
    const arena = new Arena(2 ** 20);
    const other = new Arena(2 ** 20);
    const foreign = arena.identify(new SharedArrayBuffer(8));
    const ids = [arena.take(1).id, other.take(1).id, arena.take(1).id, foreign];
    expect(new Set(ids).size).toBe(4);
  });
});

describe("what an arena says could be taken", () => {
  it("is a used region for `recycles` exactly if `take` finds one", () => {
    const bytes = fc.integer({ min: 1, max: 200_000 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 6 }), bytes, (given, need) => {
        const arena = new Arena(2 ** 24);
        for (const region of given.map((size) => arena.take(size))) arena.give(region);
        const before = arena.usage();
        const expected = arena.recycles(need);
        expect(arena.usage()).toEqual(before);
        expect(arena.take(need).recycled).toBe(expected);
      }),
    );
    // Regions in use are nobody else's.
    const arena = new Arena(2 ** 24);
    const region = arena.take(10_000);
    expect(arena.recycles(10_000)).toBe(false);
    arena.give(region);
    expect(arena.recycles(10_000)).toBe(true);
    arena.trim();
    expect(arena.recycles(10_000)).toBe(false);
  });

  it("fits exactly if `take` does not refuse, idle regions or not", () => {
    const bytes = fc.integer({ min: 1, max: 40_000 });
    const regions = fc.array(fc.record({ bytes, isIdle: fc.boolean() }), { maxLength: 5 });
    const limit = 65_536;
    let refused = 0;
    fc.assert(
      fc.property(regions, bytes, (others, need) => {
        const arena = new Arena(limit);
        for (const other of others) {
          if (!arena.fits(other.bytes)) continue;
          const [region] = takeNow(arena, [other.bytes]) as [Region];
          if (other.isIdle) arena.give(region);
        }
        const before = arena.usage();
        const expected = arena.fits(need);
        expect(arena.usage()).toEqual(before);
        // Idle regions that give way may have to be collected first.
        if (expected) takeNow(arena, [need]);
        else expect(failureOf(() => takeNow(arena, [need])).limit).toBe(limit);
        refused += expected ? 0 : 1;
      }),
    );
    expect(refused).toBeGreaterThan(0);
    // What counts is the size class, 20,480 bytes.
    expect(new Arena(20_000).fits(20_000)).toBe(false);
    expect(new Arena(20_480).fits(20_000)).toBe(true);
  });
});

describe("the limit of an arena", () => {
  it("refuses with its figures and changes nothing", () => {
    const arena = new Arena(8192);
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
    const arena = new Arena(4096);
    expect(failureOf(() => arena.take(5000)).requested).toBe(5000);
  });

  it("is exceeded by what may exceed it, and holds for what comes next", () => {
    const arena = new Arena(8192);
    arena.take(8192);
    arena.take(4096, "anything");
    expect(arena.usage()).toMatchObject({ bytesInUse: 12_288, limit: 8192 });
    expect(failureOf(() => arena.take(1)).inUse).toBe(12_288);
  });

  it("lets a need take an idle region of up to eight times its size rather than map more", () => {
    const arena = new Arena(32_768);
    const large = arena.take(28_000);
    arena.give(large);
    expect(arena.take(8192)).toBe(large);
    expect(arena.usage()).toMatchObject({ regions: 1, bytesInUse: 28_672 });
  });

  it("lends no region that is larger than what is needed by more than its class", () => {
    const arena = new Arena(32_768);
    arena.give(arena.take(28_672));
    // As it would take a quarter more than the limit, the idle one has to go.
    failureOf(() => arena.take(10_240, "nothing", true));
    expect(arena.take(8192, "nothing", true).buffer.byteLength).toBe(8192);
    const roomy = new Arena(2 ** 20);
    roomy.give(roomy.take(16_384));
    expect(roomy.take(10_240, "nothing", true).buffer.byteLength).toBe(10_240);
    expect(roomy.take(16_384, "nothing", true).recycled).toBe(true);
  });

  it("refuses at first what idle regions leave no room for, and makes room", async () => {
    const holders = holdersOf(new Set());
    const arena = new Arena(16_384, holders);
    const ids = (() => {
      const regions = [arena.take(4096), arena.take(8192)];
      for (const region of regions) arena.give(region);
      return regions.map(({ id }) => id);
    })();
    arena.reserve([16_384]);
    failureOf(() => arena.take(16_384));
    // Neither is large enough, and both together are in the way.
    expect(await makeRoom(arena, [16_384])).toBe(true);
    expect(holders.forgotten.sort()).toEqual(ids.sort());
    arena.take(16_384);
    expect(arena.usage()).toMatchObject({
      regions: 1,
      bytesInUse: 16_384,
      bytesIdle: 0,
      bytesUncollected: 0,
    });
  });

  it("counts memory that a worker may still have, until it has not", async () => {
    const held = new Set<number>();
    const holders = holdersOf(held);
    const arena = new Arena(16_384, holders);
    const id = (() => {
      const region = arena.take(16_384);
      arena.give(region);
      return region.id;
    })();
    held.add(id);
    arena.trim();
    expect(await makeRoom(arena, [12_288])).toBe(false);
    // Stacks may have held it the first times.
    expect(holders.collections).toBe(3);
    failureOf(() => arena.take(12_288));
    expect(arena.usage()).toMatchObject({ regions: 0, bytesInUse: 0, bytesUncollected: 16_384 });
    arena.unheld(id);
    expect(arena.usage()).toMatchObject({ regions: 0, bytesInUse: 0, bytesUncollected: 0 });
    expect(await makeRoom(arena, [12_288])).toBe(true);
    arena.take(12_288);
  });

  it("is exceeded for callers that can't wait by what only workers may have", () => {
    const held = new Set<number>();
    const arena = new Arena(16_384, holdersOf(held));
    const region = arena.take(16_384);
    held.add(region.id);
    arena.give(region);
    arena.trim();
    const [taken] = takeNow(arena, [12_288]) as [Region];
    expect(arena.usage()).toMatchObject({ bytesInUse: 12_288, bytesUncollected: 16_384 });
    arena.give(taken);
    // In use is in use.
    arena.take(12_288);
    expect(failureOf(() => takeNow(arena, [12_288])).inUse).toBe(12_288);
  });

  it("is exceeded by a quarter for callers that can't wait, while workers are about to leave calls that are over", () => {
    const arena = new Arena(16_384);
    arena.take(16_384);
    failureOf(() => takeNow(arena, [4096]));
    const lease = { closingSince: 1, uses: () => false, returned: () => new Promise<void>(() => {}) };
    arena.leases.opened(lease);
    takeNow(arena, [4096]);
    expect(arena.usage().bytesInUse).toBe(20_480);
    failureOf(() => takeNow(arena, [4096]));
    failureOf(() => arena.take(4096));
  });

  it("takes all regions or none", () => {
    const arena = new Arena(16_384);
    const uncollected = arena.take(12_288);
    arena.give(uncollected);
    arena.trim();
    failureOf(() => takeAll(arena, [4096, 8192]));
    expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 4096 });
    expect(uncollected.buffer.byteLength).toBe(12_288);
  });

  it("waits for calls that are over until their workers have left", async () => {
    const arena = new Arena(16_384);
    let leave = (): void => {};
    const returned = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const region = arena.take(16_384);
    const lease = { closingSince: 0, uses: () => false, returned: () => returned };
    arena.leases.opened(lease);
    const made = makeRoom(arena, [16_384]);
    arena.give(region);
    arena.leases.returned(lease);
    leave();
    expect(await made).toBe(true);
    expect(arena.take(16_384)).toBe(region);
  });

  it("is told apart from nothing when the system has no more memory", () => {
    const arena = new Arena(Number.MAX_SAFE_INTEGER);
    const before = arena.usage();
    const failure = failureOf(() => arena.take(2 ** 50));
    expect(failure.requested).toBe(2 ** 50);
    expect(failure.message).toContain("the system has no more of it");
    expect(arena.usage()).toEqual(before);
  });
});

describe("an arena's trim", () => {
  it("lets idle regions go, the largest first, and says which when nothing holds them", async () => {
    const holders = holdersOf(new Set());
    const arena = new Arena(2 ** 20, holders);
    const held = arena.take(4096);
    const [small, large] = (() => {
      const regions = [arena.take(8192), arena.take(65_536)];
      for (const region of regions) arena.give(region);
      return regions.map(({ id }) => id) as [number, number];
    })();
    const found = async (count: number): Promise<readonly number[]> => {
      await collectGarbageUntil(() => holders.forgotten.length >= count);
      return holders.forgotten;
    };
    arena.trim(2 ** 20);
    expect(arena.usage().bytesIdle).toBe(73_728);
    arena.trim(8192);
    expect(await found(1)).toEqual([large]);
    expect(arena.usage()).toMatchObject({ regions: 2, bytesIdle: 8192, bytesInUse: 4096 });
    arena.trim();
    expect(await found(2)).toEqual([large, small]);
    expect(arena.usage()).toMatchObject({ regions: 1, bytesIdle: 0, bytesInUse: 4096 });
    expect(held.buffer.byteLength).toBe(4096);
  });
});

describe("an arena's quarantine", () => {
  it("keeps a region from use until no worker can reach it", () => {
    const held = new Set<number>();
    const arena = new Arena(2 ** 20, holdersOf(held));
    const region = arena.take(8192);
    held.add(region.id);
    arena.giveAfter(region, "workers");
    expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 0, bytesUncollected: 8192 });
    expect(arena.take(8192)).not.toBe(region);
    held.delete(region.id);
    arena.unheld(region.id);
    expect(arena.take(8192)).toBe(region);
    expect(region.recycled).toBe(true);
  });

  it("is over at once if no worker has the region", () => {
    const arena = new Arena(2 ** 20, holdersOf(new Set()));
    const region = arena.take(8192);
    arena.giveAfter(region, "workers");
    expect(arena.take(8192)).toBe(region);
  });

  it("lets go for good what a kernel of this thread may reach", () => {
    const arena = new Arena(2 ** 20);
    const region = arena.take(8192);
    arena.giveAfter(region, "here");
    expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 0, bytesUncollected: 8192 });
    expect(arena.take(8192)).not.toBe(region);
  });
});

describe("memory that an arena lends", () => {
  // Untouched, so the system gives it no memory.
  it("may be more than Node 20 makes an ArrayBuffer of", () => {
    const arena = new Arena(2 ** 34);
    const region = arena.take(2 ** 32 + 4096);
    const handle = arena.lend(region, [[0, 8]]);
    expect(handle.byteLength).toBe(region.buffer.byteLength);
    new Uint8Array(handle, 2 ** 32, 1)[0] = 7;
    expect(new Uint8Array(region.buffer, 2 ** 32, 1)[0]).toBe(7);
  });

  it("has another handle each time if it was used before", () => {
    const arena = new Arena(2 ** 20);
    const fresh = arena.take(100);
    expect(arena.lend(fresh, [[0, 8]])).toBe(fresh.buffer);
    arena.give(arena.take(10_000));
    const used = arena.take(10_000);
    const handle = arena.lend(used, [[0, 8]]);
    expect(handle).not.toBe(used.buffer);
    new Uint8Array(handle)[7] = 42;
    expect(new Uint8Array(used.buffer)[7]).toBe(42);
    expect(arena.identify(handle)).toBe(used.id);
    expect(arena.identify(used.buffer)).toBe(used.id);
  });

  it("is never used again, and freed when no handle is left", async () => {
    const arena = new Arena(2 ** 20);
    // Touched inside functions alone: a frame that waits would keep what its registers saw.
    const held: { view?: Float64Array<SharedArrayBuffer>; clone?: SharedArrayBuffer } = {};
    const id = (() => {
      const region = arena.take(10_000);
      held.view = new Float64Array(arena.lend(region, [[0, 80]]), 0, 10);
      return region.id;
    })();
    let collected = 0;
    const dropped = new FinalizationRegistry<void>(() => {
      collected += 1;
    });
    (() => dropped.register({}))();
    // Garbage was collected and finalizers ran, yet the region is in use: the user's view holds it.
    expect(await collectGarbageUntil(() => collected === 1)).toBe(true);
    expect(arena.usage()).toMatchObject({ bytesInUse: sizeClass(10_000), bytesIdle: 0 });

    // A clone, as `postMessage` makes it in another thread, is out of the arena's sight.
    (() => {
      held.clone = structuredClone((held.view as Float64Array<SharedArrayBuffer>).buffer);
      delete held.view;
    })();
    expect(await collectGarbageUntil(() => arena.usage().bytesInUse === 0)).toBe(true);
    expect(arena.usage()).toMatchObject({ regions: 0, bytesIdle: 0, bytesUncollected: 0 });
    const next = arena.take(10_000);
    expect(next.id).not.toBe(id);
    new Uint8Array(next.buffer).fill(7);
    expect(new Uint8Array(held.clone as SharedArrayBuffer)[0]).toBe(0);
  });

  it("weighs in V8's books once it is more than a little of the limit", async () => {
    const arena = new Arena(2 ** 30);
    const size = 2 ** 24;
    const weight = (): number => process.memoryUsage().external;
    // What earlier tests have left may be collected at any time.
    await collectGarbageUntil(() => true);
    const lend = (): SharedArrayBuffer => arena.lend(arena.take(size), [[0, size]]);
    const before = weight();
    const light = [lend(), lend()];
    expect(weight() - before).toBeLessThan(size / 2);
    const heavy = lend();
    expect(weight() - before).toBeGreaterThan(size / 2);
    expect([...light, heavy].map(({ byteLength }) => byteLength)).toEqual([size, size, size]);

    // What was dropped and collected counts no more.
    (() => light.splice(0))();
    expect(await collectGarbageUntil(() => arena.usage().bytesInUse === size)).toBe(true);
    const after = weight();
    const again = lend();
    expect(weight() - after).toBeLessThan(size / 2);
    expect(again.byteLength + heavy.byteLength).toBe(2 * size);
  });
});

describe("an arena's release", () => {
  const lent = (arena: Arena, bytes: number): [Region, SharedArrayBuffer] => {
    const region = arena.take(bytes);
    return [region, arena.lend(region, [[0, bytes]])];
  };

  it("makes the memory used again at once", () => {
    const arena = new Arena(2 ** 20);
    const [{ id }, handle] = lent(arena, 8192);
    arena.release(handle, 0, 8192);
    expect(arena.usage()).toMatchObject({ regions: 1, bytesInUse: 0, bytesIdle: 8192 });
    expect(arena.take(8192)).toMatchObject({ id, recycled: true });
  });

  it("takes nothing back twice, nor what a later owner has", () => {
    const arena = new Arena(2 ** 20);
    const [, first] = lent(arena, 8192);
    arena.release(first, 0, 8192);
    expect(arena.lendings.isPart(first, 0, 8192)).toBe(false);
    arena.release(first, 0, 8192);
    const [, second] = lent(arena, 8192);
    arena.release(first, 0, 8192);
    expect(arena.lendings.isPart(second, 0, 8192)).toBe(true);
    expect(arena.usage()).toMatchObject({ regions: 1, bytesInUse: 8192, bytesIdle: 0 });
  });

  it("waits for the last of the arrays that lie together", () => {
    const arena = new Arena(2 ** 20);
    const handle = arena.lend(arena.take(8192), [
      [0, 100],
      [128, 100],
    ]);
    expect(arena.lendings.isPart(handle, 0, 228)).toBe(false);
    arena.release(handle, 0, 100);
    expect(arena.usage()).toMatchObject({ bytesInUse: 8192, bytesIdle: 0 });
    arena.release(handle, 128, 100);
    expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 8192 });
  });

  it("waits for calls that use the memory", async () => {
    const arena = new Arena(2 ** 20);
    const [, handle] = lent(arena, 8192);
    const lease = new Lease(arena, [new Uint8Array(handle)]);
    arena.release(handle, 0, 8192);
    expect(arena.usage()).toMatchObject({ bytesInUse: 8192, bytesIdle: 0 });
    lease.drop();
    await lease.returned();
    await undefined;
    expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 8192 });
  });

  it("uses nothing again that a kernel may still reach", () => {
    const held = new Set<number>();
    const arena = new Arena(2 ** 20, holdersOf(held));
    const [region, handle] = lent(arena, 8192);
    held.add(region.id);
    arena.lendings.note(handle, "workers");
    arena.release(handle, 0, 8192);
    expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 0, bytesUncollected: 8192 });
    held.clear();
    arena.unheld(region.id);
    expect(arena.usage()).toMatchObject({ bytesIdle: 8192, bytesUncollected: 0 });
    const [, here] = lent(arena, 65_536);
    arena.lendings.note(here, "here");
    // A kernel of a worker does not change that.
    arena.lendings.note(here, "workers");
    arena.release(here, 0, 65_536);
    expect(arena.usage()).toMatchObject({ bytesIdle: 8192, bytesUncollected: 65_536 });
  });
});

describe("an arena's identify", () => {
  it("names foreign memory stably and uniquely", () => {
    const arena = new Arena(2 ** 20);
    const buffers = Array.from({ length: 20 }, () => new SharedArrayBuffer(8));
    const ids = buffers.map((buffer) => arena.identify(buffer));
    expect(new Set([...ids, arena.take(1).id]).size).toBe(21);
    expect(buffers.map((buffer) => arena.identify(buffer))).toEqual(ids);
    expect(arena.usage().regions).toBe(1);
  });

  it("says when foreign memory is gone", async () => {
    const { forgotten: gone, ...holders } = holdersOf(new Set());
    const arena = new Arena(2 ** 20, holders);
    const kept = new SharedArrayBuffer(8);
    const keptId = arena.identify(kept);
    const id = (() => arena.identify(new SharedArrayBuffer(8)))();
    expect(await collectGarbageUntil(() => gone.length > 0)).toBe(true);
    expect(gone).toEqual([id]);
    expect(arena.identify(kept)).toBe(keptId);
  });
});

describe("an arena in time", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("frees what nobody needed for the timeout, though other regions are in steady use", () => {
    const clock = vi.spyOn(performance, "now");
    vi.useFakeTimers();
    clock.mockImplementation(() => Date.now());
    const arena = new Arena(2 ** 20, undefined, 1000);
    const big = arena.take(100_000);
    const size = big.buffer.byteLength;
    arena.give(big);
    for (let passed = 0; passed < 3000; passed += 100) {
      arena.give(arena.take(4096));
      vi.advanceTimersByTime(100);
    }
    expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 4096, bytesUncollected: size });
    vi.advanceTimersByTime(3000);
    expect(arena.usage()).toMatchObject({ bytesIdle: 0, bytesUncollected: size + 4096 });
  });
});

it("a retired arena keeps nothing, and no timer", () => {
  vi.useFakeTimers();
  const arena = new Arena(2 ** 20, undefined, 1000);
  const [idle, later] = [arena.take(4096), arena.take(8192)];
  arena.give(idle);
  expect(vi.getTimerCount()).toBe(1);
  arena.retire();
  expect(vi.getTimerCount()).toBe(0);
  expect(arena.usage()).toMatchObject({ bytesInUse: 8192, bytesIdle: 0, bytesUncollected: 4096 });
  arena.give(later);
  expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 0, bytesUncollected: 12_288 });
  vi.useRealTimers();
});
