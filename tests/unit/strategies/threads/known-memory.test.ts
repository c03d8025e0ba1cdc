import { expect, it } from "vitest";
import type { CollectMessage } from "../../../../src/protocol/messages.js";
import { KnownMemory } from "../../../../src/strategies/threads/known-memory.js";

function setUp() {
  const sent: CollectMessage[] = [];
  const gone: number[] = [];
  const memory = new KnownMemory(
    (message) => sent.push(message),
    (ids) => gone.push(...ids),
  );
  return { memory, sent, gone };
}

it("a worker holds memory from the first handle until it says that it is gone", () => {
  const { memory, gone } = setUp();
  memory.add(1, 100);
  memory.add(2, 50);
  expect([memory.has(1), memory.has(3), memory.holds(1), memory.holds(3)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  memory.forget(1);
  // A handle is to be sent anew from here on.
  expect([memory.has(1), memory.holds(1), memory.garbageBytes, memory.garbageCount]).toEqual([
    false,
    true,
    100,
    1,
  ]);
  expect([memory.takeUntold(), memory.takeUntold()]).toEqual([[1], null]);
  memory.collected([1]);
  expect([memory.holds(1), memory.holds(2), memory.garbageBytes, gone]).toEqual([false, true, 0, [1]]);
});

it("a worker hears nothing of memory that it never had", () => {
  const { memory } = setUp();
  memory.forget(7);
  expect([memory.takeUntold(), memory.holds(7), memory.garbageBytes]).toEqual([null, false, 0]);
});

it("a worker collects once, and again for what it was told meanwhile", async () => {
  const { memory, sent } = setUp();
  memory.add(1, 100);
  memory.add(2, 100);
  memory.forget(1);
  const first = memory.collect();
  expect(memory.collect()).toBe(first);
  expect(sent).toEqual([{ round: null, forget: [1] }]);
  memory.forget(2);
  let isOver = false;
  const second = memory.collect().then(() => {
    isOver = true;
  });
  memory.collected([1]);
  await first;
  await undefined;
  expect([isOver, sent]).toEqual([
    false,
    [
      { round: null, forget: [1] },
      { round: null, forget: [2] },
    ],
  ]);
  memory.collected([2]);
  await second;
  expect(memory.garbageBytes).toBe(0);
});

it("a worker that has ended holds nothing, and nobody waits for it", async () => {
  const { memory, gone } = setUp();
  memory.add(1, 100);
  memory.add(2, 100);
  memory.forget(2);
  const collecting = memory.collect();
  memory.ended();
  await collecting;
  expect(gone.sort()).toEqual([1, 2]);
  expect([memory.holds(1), memory.holds(2), memory.garbageBytes]).toEqual([false, false, 0]);
});
