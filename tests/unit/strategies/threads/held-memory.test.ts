import { expect, it } from "vitest";
import { HeldMemory } from "../../../../src/strategies/threads/held-memory.js";
import { WorkerKnowledge } from "../../../../src/strategies/threads/worker-knowledge.js";

/** A worker that knows the memory, and keeps what it is told at once. */
function workerWith(memory: Readonly<Record<number, number>>, told: object[]) {
  const knowledge = new WorkerKnowledge(
    (message) => {
      told.push(message);
      return "away";
    },
    () => {},
  );
  for (const [id, bytes] of Object.entries(memory)) knowledge.memory.add(Number(id), bytes);
  return { knowledge, isTerminated: false };
}

it("a pool says whether a worker may still reach memory that it must forget", () => {
  const workers = new Set([workerWith({ 1: 10 }, []), workerWith({ 2: 10 }, [])]);
  const held = new HeldMemory(workers, 1000, () => {});
  expect([held.forget(1), held.forget(2), held.forget(3)]).toEqual([true, true, false]);
});

it("workers collect at once when their garbage has become much", () => {
  const told: object[] = [];
  const held = new HeldMemory(new Set([workerWith({ 1: 600, 2: 600 }, told)]), 1000, () => {});
  held.forget(1);
  expect(told).toEqual([]);
  held.forget(2);
  expect(told).toMatchObject([{ round: null, forget: [1, 2] }]);
});

it("a worker that the pool has ended need not collect", async () => {
  const told: object[] = [];
  const worker = { ...workerWith({ 1: 600 }, told), isTerminated: true };
  const held = new HeldMemory(new Set([worker]), 1000, () => {});
  held.forget(1);
  await held.collect();
  expect(told).toEqual([]);
});

it("memory is unheld when the last worker has let it go", () => {
  const unheld: number[] = [];
  const [first, second] = [workerWith({ 1: 10 }, []), workerWith({ 1: 10 }, [])];
  const held = new HeldMemory(new Set([first, second]), 1000, (id) => unheld.push(id));
  held.forget(1);
  first.knowledge.memory.collected([1]);
  held.gone([1]);
  expect(unheld).toEqual([]);
  second.knowledge.memory.collected([1]);
  held.gone([1]);
  expect(unheld).toEqual([1]);
});
