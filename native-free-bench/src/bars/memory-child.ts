/** How far one call raises the memory of its process, which was started for it. */
import { ParallelExecutor } from "../../../dist/index.js";
import { answer } from "../harness/ask.js";
import { collect } from "../harness/collect.js";
import { THREADS } from "./calls.js";

export interface MemoryQuestion {
  readonly call: "results" | "transform";
  /** Tasks with a number as result, or elements of 8 bytes to be transformed. */
  readonly units: number;
}

answer(async ({ call, units }: MemoryQuestion) => {
  const executor = new ParallelExecutor(THREADS);
  const run =
    call === "results"
      ? numbers(executor, units)
      : transform(executor, executor.allocate(Float64Array, units));
  // The same call on little: the pool runs, the kernel is compiled.
  await (call === "results" ? numbers(executor, 1000) : transform(executor, new Float64Array(1000)))();
  await collect();
  const before = process.memoryUsage.rss();
  const result = await run();
  const peak = 1024 * process.resourceUsage().maxRSS;
  if (result.length !== units) throw new Error(`${result.length} results in place of ${units}`);
  return { grown: peak - before };
});

function numbers(executor: ParallelExecutor, tasks: number): () => Promise<ArrayLike<number>> {
  const input = new Uint8Array(new SharedArrayBuffer(tasks)).fill(7);
  return () => executor.mapShared(input, (view) => view[0] as number, { chunkSize: 1 });
}

function transform(executor: ParallelExecutor, input: Float64Array): () => Promise<ArrayLike<number>> {
  input.fill(2);
  return () =>
    executor.transformShared(input, Float64Array, (view, out) => {
      for (let i = 0; i < out.length; i += 1) out[i] = 2 * (view[i] as number);
    });
}
