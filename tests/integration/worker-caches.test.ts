/** What module kernels keep in their workers. */
import { ParallelExecutor } from "sharray";
import { expect, test } from "vitest";
import { program } from "./run.js";

interface Work {
  readonly value: number;
  readonly first: number;
  readonly thread: number;
  readonly made: Readonly<Record<string, number>>;
}
const { prepare, work } = (await import(program("cache-kernels.js"))) as {
  readonly prepare: () => void;
  readonly work: (i: number, shared: { readonly module: WebAssembly.Module }) => Work;
};
/** `(a, b) => a + b` of 64-bit floats, as `f`. */
const module = new WebAssembly.Module(
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 7, 1, 0x60, 2, 0x7c, 0x7c, 1, 0x7c],
    ...[3, 2, 1, 0],
    ...[7, 5, 1, 1, 0x66, 0, 0],
    ...[10, 9, 1, 7, 0, 0x20, 0, 0x20, 1, 0xa0, 0x0b],
  ]),
);

test("an instance, a plan and a handle are made once per worker, over many calls", async () => {
  await using executor = new ParallelExecutor({
    strategy: "threads",
    maxWorkers: 2,
    workerInitializer: prepare,
  });
  await executor.start();
  const seen = new Map<number, Work>();
  for (let call = 0; call < 20; call++) {
    const results = await executor.map([1, 2, 3, 4, 5, 6, 7, 8], work, { shared: { module } });
    expect(results.map(({ value }) => value)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    for (const result of results) seen.set(result.thread, result);
  }
  expect(seen.size).toBeGreaterThan(0);
  for (const { made, first, thread } of seen.values()) {
    expect(thread).toBeGreaterThan(0);
    expect(first).toBe("/".charCodeAt(0));
    expect(made).toEqual({ initialised: 1, instances: 1, plans: 1, handles: 1 });
  }
});

test("a kernel that makes what it lacks runs on the calling thread, too, without an initializer", async () => {
  await using executor = new ParallelExecutor({ strategy: "sequential" });
  const [first, second] = await executor.map([1, 2], work, { shared: { module } });
  expect([first?.value, second?.value]).toEqual([2, 3]);
  expect(second?.made).toEqual({ initialised: 0, instances: 1, plans: 1, handles: 1 });
});
