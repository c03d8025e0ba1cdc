import { expect, it } from "vitest";
import { Arena } from "../../../src/memory/arena.js";
import { Lease } from "../../../src/memory/lease.js";

it("returns its regions with the last holder, and once", () => {
  const arena = new Arena(2 ** 20, () => {});
  const lease = new Lease(arena);
  lease.add(arena.take(4096));
  lease.hold();
  lease.add(arena.take(8192));
  lease.hold();
  lease.drop();
  lease.drop();
  expect(arena.usage()).toMatchObject({ bytesInUse: 12_288, bytesIdle: 0 });
  lease.drop();
  expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 12_288 });
});

it("returns a region once, though it was added twice or is dropped more often", () => {
  const arena = new Arena(2 ** 20, () => {});
  const lease = new Lease(arena);
  const region = arena.take(4096);
  lease.add(region);
  lease.add(region);
  lease.drop();
  lease.drop();
  expect(arena.usage()).toMatchObject({ regions: 1, bytesInUse: 0, bytesIdle: 4096 });
});

it("returns its regions so that the same needs find them in the same order", () => {
  const arena = new Arena(2 ** 20, () => {});
  const calls = [1, 2].map(() => {
    const lease = new Lease(arena);
    const regions = [arena.take(4096), arena.take(4096), arena.take(4096)];
    for (const region of regions) lease.add(region);
    lease.drop();
    return regions;
  });
  expect(calls[1]).toEqual(calls[0]);
  expect(arena.usage().regions).toBe(3);
});

it("keeps its hands off what it has lent", () => {
  const arena = new Arena(2 ** 20, () => {});
  const lease = new Lease(arena);
  const mine = arena.take(4096);
  const yours = arena.take(8192);
  lease.add(mine);
  lease.add(yours);
  const handle = lease.lend(yours);
  expect(handle).not.toBe(yours.buffer);
  expect(handle.byteLength).toBe(8192);
  lease.drop();
  expect(arena.usage()).toMatchObject({ bytesInUse: 8192, bytesIdle: 4096 });
});

it("that is abandoned never gives a region to anybody again, nor keeps it", () => {
  const gone: number[] = [];
  const arena = new Arena(2 ** 20, (id) => gone.push(id));
  const lease = new Lease(arena);
  const [kept, lent] = [arena.take(4096), arena.take(8192)];
  lease.add(kept);
  lease.add(lent);
  lease.abandon();
  expect(arena.usage()).toMatchObject({ regions: 2, bytesInUse: 12_288 });
  // The very memory that somebody still touches: a second handle would return it when it is collected.
  expect(lease.lend(lent)).toBe(lent.buffer);
  expect(arena.usage()).toMatchObject({ regions: 1, bytesInUse: 4096, bytesIdle: 0 });
  lease.drop();
  expect(arena.usage()).toMatchObject({ regions: 0, bytesInUse: 0, bytesIdle: 0 });
  expect(gone).toEqual([lent.id, kept.id]);
});

it("tells when the last holder has dropped out, and whether the memory may be used again", () => {
  const told: boolean[] = [];
  const arena = new Arena(2 ** 20, () => {});
  const lease = new Lease(arena, (isSafe) => told.push(isSafe));
  lease.hold().drop();
  expect(told).toEqual([]);
  lease.drop();
  const abandoned = new Lease(arena, (isSafe) => told.push(isSafe));
  abandoned.abandon();
  abandoned.drop();
  expect(told).toEqual([true, false]);
});
