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

it("keeps its hands off what was removed", () => {
  const arena = new Arena(2 ** 20, () => {});
  const lease = new Lease(arena);
  const mine = arena.take(4096);
  const yours = arena.take(8192);
  lease.add(mine);
  lease.add(yours);
  lease.remove(yours);
  lease.drop();
  expect(arena.usage()).toMatchObject({ bytesInUse: 8192, bytesIdle: 4096 });
});
