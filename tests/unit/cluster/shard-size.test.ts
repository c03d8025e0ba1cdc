import fc from "fast-check";
import { expect, it } from "vitest";
import { type Standing, shardTasks } from "../../../src/cluster/shard-size.js";

const standing = fc.record({
  left: fc.integer({ min: 1, max: 1e7 }),
  perTask: fc.option(fc.double({ min: 0, max: 1e5, noNaN: true }), { nil: undefined }),
  nodes: fc.nat(100),
  threads: fc.integer({ min: 1, max: 6400 }),
});

it("a shard has at least one task, and none that is not there", () => {
  fc.assert(
    fc.property(standing, (where: Standing) => {
      const tasks = shardTasks(where);
      expect(Number.isInteger(tasks)).toBe(true);
      expect(tasks).toBeGreaterThanOrEqual(1);
      expect(tasks).toBeLessThanOrEqual(where.left);
    }),
  );
});

it("a shard is a quarter of a second of a node as long as there is much left, then less, and never tiny", () => {
  const where = { perTask: 1, nodes: 2, threads: 2 };
  expect(shardTasks({ ...where, left: 10_000 })).toBe(250);
  expect(shardTasks({ ...where, left: 600 })).toBe(100);
  expect(shardTasks({ ...where, left: 60 })).toBe(25);
  expect(shardTasks({ ...where, left: 10_000, threads: 16 })).toBe(208);
});

it("the first shards of an unknown kernel are small", () => {
  const where = { perTask: undefined, nodes: 2, threads: 2 };
  expect(shardTasks({ ...where, left: 320 })).toBe(10);
  expect(shardTasks({ ...where, left: 1e6 })).toBe(64);
});

it("long tasks travel one by one", () => {
  expect(shardTasks({ left: 1000, perTask: 5000, nodes: 2, threads: 2 })).toBe(1);
});
