import { expect, it } from "vitest";
import { WorkerKnowledge } from "../../../../src/strategies/threads/worker-knowledge.js";

function knowledgeOf(): WorkerKnowledge {
  return new WorkerKnowledge(
    () => {},
    () => {},
  );
}

it("a worker lacks a kernel once", () => {
  const knowledge = knowledgeOf();
  expect([knowledge.meetKernel(1), knowledge.meetKernel(1)]).toEqual([true, false]);
  expect(knowledge.takeOldKernels()).toBeNull();
});

it("a worker keeps some hundreds of kernels, those in use among them", () => {
  const knowledge = knowledgeOf();
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
