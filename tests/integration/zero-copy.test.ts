import { type ParallelExecution, ParallelExecutor } from "sharray";
import { afterAll, beforeEach, expect, test } from "vitest";

const executions: ParallelExecution[] = [];
const executor = new ParallelExecutor({
  maxWorkers: 2,
  strategy: "threads",
  telemetry: (event, payload) => {
    if (event === "parallel_execution") executions.push(payload);
  },
});
beforeEach(() => executions.splice(0));
afterAll(() => executor.shutdown());

const MB = 1024 * 1024;

test("plain arrays are copied once per call, shared ones never", async () => {
  const plain = new Float64Array(MB).fill(1);
  const shared = executor.share(plain);
  const sum = (x: ArrayLike<number>) => {
    let s = 0;
    for (let i = 0; i < x.length; i++) s += x[i]!;
    return s;
  };
  const add = (a: number, b: number) => a + b;
  expect(await executor.reduceShared(plain, sum, add)).toBe(MB);
  expect(await executor.reduceShared(plain, sum, add)).toBe(MB);
  expect(await executor.reduceShared(shared, sum, add)).toBe(MB);
  expect(executions.map(({ bytesPlaced, bytesShared }) => [bytesPlaced, bytesShared])).toEqual([
    [8 * MB, 0],
    [8 * MB, 0],
    [0, 8 * MB],
  ]);
});

test("overlapping and repeated plain views are copied once", async () => {
  const x = new Float64Array(1000).fill(2);
  const windows = Array.from({ length: 100 }, (_, i) => x.subarray(i, i + 900));
  const firsts = await executor.mapShared([x, x, ...windows], (w) => w[0]! + w.length);
  expect(firsts[50]).toBe(902);
  expect(executions[0]?.bytesPlaced).toBe(8000);
});

test("a second call over shared arrays moves metadata only, the same for 8 KB and for 256 MB", async () => {
  const count = (x: { readonly length: number }) => x.length;
  const small = executor.allocate(Float64Array, 1024);
  const large = executor.allocate(Float64Array, 32 * MB);
  for (const x of [small, large, small, large]) await executor.mapShared([x], count);
  const [, , smallAgain, largeAgain] = executions;
  expect(smallAgain?.bytesPlaced).toBe(0);
  expect(largeAgain?.bytesPlaced).toBe(0);
  expect(largeAgain?.bytesShared).toBe(256 * MB);
  // msgpack writes larger integers with a few bytes more.
  expect(largeAgain!.metadataBytes - smallAgain!.metadataBytes).toBeLessThan(64);
  expect(largeAgain!.metadataBytes).toBeLessThan(1024);
});

test("a worker's write to shared memory is seen here while the call runs, without any transfer", async () => {
  const flag = executor.allocate(Int32Array, 2);
  const call = executor.mapShared(
    [new Uint8Array(1)],
    (_, { args }) => {
      const words = args.flag as unknown as Int32Array;
      Atomics.store(words, 0, 42);
      // Ends only when this thread's answer arrives through the same memory.
      while (Atomics.load(words, 1) === 0);
      return Atomics.load(words, 1);
    },
    { args: { flag } },
  );
  while (Atomics.load(flag, 0) !== 42) await new Promise((resolve) => setImmediate(resolve));
  Atomics.store(flag, 1, 7);
  expect(await call).toEqual([7]);
  expect(executions[0]?.bytesShared).toBe(8);
});

test("outputs of transformShared are the memory that the workers wrote", async () => {
  const x = executor.allocate(Float64Array, 1000);
  const out = await executor.transformShared(x, Float64Array, (x, out) => {
    for (let i = 0; i < x.length; i++) out[i] = x[i]! + 1;
  });
  expect(out.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(out.every((value) => value === 1)).toBe(true);
  // A kernel of a later call reads and writes the very same elements.
  await executor.mapShared([out], (out) => {
    (out as unknown as Float64Array)[0] = 99;
  });
  expect(out[0]).toBe(99);
});

test("arrays in args cross by reference if they are shared or large, inline if they are small", async () => {
  const shared = executor.share(new Float64Array(10));
  const large = new Float64Array(16 * 1024).fill(3);
  const small = new Float64Array(10).fill(4);
  const args = { model: { shared, large, again: large, small } };
  const seen = await executor.map(
    [0],
    (_i, _s, { args: { model } }) => [
      model.shared[0],
      model.large[16383],
      model.again.length,
      model.small[9],
    ],
    { args },
  );
  expect(seen).toEqual([[0, 3, 16384, 4]]);
  expect(executions[0]).toMatchObject({ bytesPlaced: large.byteLength, bytesShared: shared.byteLength });
});

test("placed regions are recycled: many calls over fresh arrays need the memory of a few", async () => {
  await using own = new ParallelExecutor({ maxWorkers: 2, strategy: "threads" });
  // A worker that is still starting would hold the regions of the calls it was woken for.
  await own.start();
  for (let i = 0; i < 300; i++) {
    const first = await own.mapShared([new Float64Array(MB / 8).fill(i)], (x) => x[0]!);
    expect(first).toEqual([i]);
  }
  const { bytesPeak, regions } = own.memory();
  // 300 MB went through, in 300 regions if each were new; a late worker may hold a few for a while.
  expect(bytesPeak).toBeLessThan(150 * MB);
  expect(regions).toBeLessThan(150);
});

test("what a kernel leaves in a recycled region is never seen in an output", async () => {
  const dirty = new Float64Array(MB).fill(7);
  await executor.mapShared([dirty], (x) => x.length);
  for (let i = 0; i < 5; i++) {
    const out = await executor.transformShared(dirty, Float64Array, () => {});
    expect(out.every((value) => value === 0)).toBe(true);
  }
  expect(executor.allocate(Float64Array, MB).every((value) => value === 0)).toBe(true);
});
