/** What a user's TypeScript project compiles against the package's declarations. */
import {
  type CallOptions,
  ConfigurationError,
  defineKernel,
  ExecutorClosedError,
  type KernelContext,
  KernelError,
  type MemoryUsage,
  ParallelConfig,
  ParallelExecutor,
  type Plan,
  type ReadOnly,
  SharrayError,
  type TypedArray,
} from "sharray";

const config = new ParallelConfig({ strategy: "auto", maxWorkers: 2 });
const options: CallOptions<{ rate: number }> = { args: { rate: 1.2 }, chunkSize: 10 };

export const rms = defineKernel(
  "file:///kernels.js",
  "rms",
  (x: ReadOnly<Float64Array>, { end, start }: KernelContext) => x.length / (end - start),
);

export async function consume(price: Float64Array, qty: Int32Array): Promise<number> {
  await using executor = new ParallelExecutor(config);
  const shared: { price: Float64Array<SharedArrayBuffer>; qty: Int32Array<SharedArrayBuffer> } =
    executor.share({
      price,
      qty,
    });
  const sums: number[] = await executor.mapShared(price, rms);
  const costs: number[] = await executor.mapShared(
    shared,
    ({ price, qty }, { args }) => price[0]! * qty[0]! * args.rate,
    options,
  );
  const { revenue }: { revenue: Float32Array<SharedArrayBuffer> } = await executor.transformShared(
    { price },
    { revenue: Float32Array },
    ({ price }, { revenue }) => revenue.set(price),
  );
  const total: number = await executor.reduceShared(
    revenue,
    (x) => x.length,
    (a, b) => a + b,
    { initial: 0 },
  );
  const texts: string[] = await executor.map(["a", "b"], async (item, { price }) => item + price[0], {
    shared,
  });
  for await (const { index, value } of executor.streamShared([price], (x) => x[0])) {
    const first: number | undefined = value;
    texts.push(`${index} ${first}`);
  }
  const plan: Plan = executor.explain(shared, () => 0);
  const usage: MemoryUsage = executor.memory();
  const arrays: TypedArray[] = [executor.allocate(Uint8Array, usage.regions)];
  try {
    // @ts-expect-error: kernels see arrays that they may not write
    await executor.mapShared(price, (x) => x.fill(0));
    // @ts-expect-error: there is no such option
    await executor.mapShared(price, (x) => x.length, { chunks: 3 });
  } catch (error) {
    if (error instanceof KernelError) return error.index;
    if (error instanceof ConfigurationError || error instanceof ExecutorClosedError) throw error;
    if (error instanceof SharrayError) return error.code.length;
  }
  return sums.length + costs.length + total + texts.length + plan.tasks + arrays.length;
}
