import { expect, it } from "vitest";
import { WorkerKnowledge } from "../../../src/dispatch/worker-knowledge.js";

it("tells once what the worker lacks", () => {
  const knowledge = new WorkerKnowledge();
  expect([knowledge.meetMemory(1), knowledge.meetMemory(1), knowledge.meetKernel(1)]).toEqual([
    true,
    false,
    true,
  ]);
  knowledge.dropMemory(2);
  expect(knowledge.takeGoneMemory()).toBeNull();
  knowledge.dropMemory(1);
  expect([knowledge.takeGoneMemory(), knowledge.takeGoneMemory()]).toEqual([[1], null]);
  expect(knowledge.meetMemory(1)).toBe(true);
});

it("has a worker keep some hundreds of kernels, those in use among them", () => {
  const knowledge = new WorkerKnowledge();
  const worker = new Set<number>();
  let most = 0;
  for (let kernel = 1; kernel <= 2000; kernel += 1) {
    if (knowledge.meetKernel(kernel)) worker.add(kernel);
    knowledge.meetKernel(1);
    for (const forgotten of knowledge.takeOldKernels() ?? []) expect(worker.delete(forgotten)).toBe(true);
    expect(worker.has(kernel)).toBe(true);
    expect(worker.has(1)).toBe(true);
    most = Math.max(most, worker.size);
  }
  expect(most).toBeGreaterThan(200);
  expect(most).toBeLessThan(500);
  expect(knowledge.meetKernel(2)).toBe(true);
});
