import { expect, it } from "vitest";
import { Arena } from "../../../src/memory/arena.js";
import { Lease } from "../../../src/memory/lease.js";

it("a lease returns its regions with the last holder, and once", () => {
  const arena = new Arena(2 ** 20);
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

it("a lease returns a region once, though it was added twice or is dropped more often", () => {
  const arena = new Arena(2 ** 20);
  const lease = new Lease(arena);
  const region = arena.take(4096);
  lease.add(region);
  lease.add(region);
  lease.drop();
  lease.drop();
  expect(arena.usage()).toMatchObject({ regions: 1, bytesInUse: 0, bytesIdle: 4096 });
});

it("a lease returns its regions so that the same needs find them in the same order", () => {
  const arena = new Arena(2 ** 20);
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

it("a lease does not return what it has lent", () => {
  const arena = new Arena(2 ** 20);
  const lease = new Lease(arena);
  const mine = arena.take(4096);
  const yours = arena.take(8192);
  lease.add(mine);
  lease.add(yours);
  const handle = lease.lend(yours, 8192);
  expect(handle.byteLength).toBe(8192);
  lease.drop();
  expect(arena.usage()).toMatchObject({ bytesInUse: 8192, bytesIdle: 4096 });
});

it("a lease keeps from use what its kernel may still reach, and nothing else", () => {
  const arena = new Arena(2 ** 20);
  const lease = new Lease(arena);
  lease.add(arena.take(4096));
  lease.add(arena.take(8192), true);
  lease.reachedBy("here");
  // What runs later in workers does not change that.
  lease.reachedBy("workers");
  lease.drop();
  expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 4096, bytesUncollected: 8192 });
});

it("a lease gives everything back if its kernel leaves nothing behind", () => {
  const arena = new Arena(2 ** 20);
  const lease = new Lease(arena);
  lease.add(arena.take(8192), true);
  lease.drop();
  expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 8192 });
});

it("a lease tells the arena of the user's memory that its kernel may still reach", () => {
  const arena = new Arena(2 ** 20);
  const before = arena.lend(arena.take(8192), [[0, 8192]]);
  const lease = new Lease(arena, [new Uint8Array(before)]);
  const output = arena.take(65_536);
  lease.add(output, true);
  lease.reachedBy("here");
  const after = lease.lend(output, 65_536);
  lease.drop();
  arena.release(before, 0, 8192);
  arena.release(after, 0, 65_536);
  expect(arena.usage()).toMatchObject({ bytesInUse: 0, bytesIdle: 0, bytesUncollected: 73_728 });
});

it("a lease is closing from the end of its call until its workers have left", async () => {
  const arena = new Arena(2 ** 20);
  const lease = new Lease(arena).hold();
  expect(lease.closingSince).toBeUndefined();
  lease.close();
  expect(lease.closingSince).toBeGreaterThan(0);
  const returned = lease.returned();
  lease.drop();
  await returned;
});

it("a lease tells when its last holder has dropped out, and whether the memory may be used again", () => {
  const told: boolean[] = [];
  const arena = new Arena(2 ** 20);
  const lease = new Lease(arena, [], (isSafe) => told.push(isSafe));
  lease.hold().drop();
  expect(told).toEqual([]);
  lease.drop();
  const abandoned = new Lease(arena, [], (isSafe) => told.push(isSafe));
  abandoned.reachedBy("workers");
  abandoned.drop();
  expect(told).toEqual([true, false]);
});
