/** Programs that generate kernels: nobody keeps them all. */
import { ParallelExecutor } from "sharray";
import { connectExecutor, serveExecutor } from "sharray/bridge";
import { afterAll, describe, expect, test } from "vitest";

const limited = { maxOldGenerationSizeMb: 32 };
const threads = new ParallelExecutor({ strategy: "threads", maxWorkers: 1, resourceLimits: limited });
const sequential = new ParallelExecutor({ strategy: "sequential" });
afterAll(() => Promise.all([threads.shutdown(), sequential.shutdown()]));

type Kernel = (n: number) => number;

/** A text of `characters` and a few more. */
function makeKernel(n: number, characters: number): Kernel {
  return new Function(`return (n) => { /*${" ".repeat(characters)}*/ return n + ${n}; }`)() as Kernel;
}

describe("generated kernels", () => {
  test("of more text than a worker's heap holds, each gives its own result", async () => {
    // 50 MB of text; the worker may have 32. Of different lengths, as V8 hashes long texts of one length alike.
    for (let n = 1; n <= 1000; n += 1) {
      expect(await threads.map([1], makeKernel(n, 50_000 + n))).toEqual([1 + n]);
    }
    expect(threads.metrics.snapshot().retries).toBe(0);
    // One that the worker was told to forget.
    expect(await threads.map([1, 2], makeKernel(1, 50_001))).toEqual([2, 3]);
  });

  test("come and go on several workers at a time", async () => {
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
    const kernels = Array.from({ length: 1000 }, (_, n) => makeKernel(n, 10));
    const calls = kernels.map((kernel) => executor.map([1, 2, 3], kernel));
    const again = kernels.map((kernel) => executor.map([4], kernel));
    expect(await Promise.all(calls)).toEqual(kernels.map((_, n) => [1 + n, 2 + n, 3 + n]));
    expect(await Promise.all(again)).toEqual(kernels.map((_, n) => [4 + n]));
    await executor.shutdown();
  });

  test("come and go across a bridge", async () => {
    const { port1, port2 } = new MessageChannel();
    const service = serveExecutor(sequential, port1);
    const client = await connectExecutor(port2);
    for (let n = 0; n < 1000; n += 1) expect(await client.map([1], makeKernel(n, 10))).toEqual([1 + n]);
    expect(await client.map([1], makeKernel(0, 10))).toEqual([1]);
    expect(await client.map([1], makeKernel(999, 10))).toEqual([1000]);
    client.close();
    service.close();
  });
});
