import { expect, it } from "vitest";
import { ChildMemory } from "../../../../../src/strategies/processes/child/child-memory.js";

it("memory of a round's own stays until the last round that has it leaves", () => {
  const memory = new ChildMemory();
  const buffer = memory.open(7, true, 64);
  expect(memory.use([7])).toBe(true);
  // The next round has the same memory, and is about to begin when the first one is let go.
  expect(memory.open(7, true, 64)).toBe(buffer);
  expect(memory.use([7])).toBe(false);
  memory.leave([7], true);
  expect(memory.get(7, [7])).toBe(buffer);
  memory.leave([7], true);
  // It is used again by whoever needs as much.
  expect(memory.open(8, true, 64)).toBe(buffer);
  expect(memory.use([8])).toBe(false);
});

it("memory of the user's and memory of a round's own may have the same id", () => {
  const memory = new ChildMemory();
  const [own, shared] = [memory.open(7, true, 64), memory.open(7, false, 64)];
  expect(own).not.toBe(shared);
  expect([memory.get(7, [7]), memory.get(7, [])]).toEqual([own, shared]);
  memory.forget([7]);
  expect(memory.get(7, [7])).toBe(own);
  expect(memory.collect()).toEqual([7]);
  expect(memory.open(7, false, 64)).not.toBe(shared);
});
