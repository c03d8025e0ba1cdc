// Float16Array is in Node 24 and in lib esnext; the tests compile this file and run it there.
import { ParallelExecutor } from "sharray";

const executor = new ParallelExecutor({ maxWorkers: 2, strategy: "threads" });
const half = Float16Array.of(1.5, 2.25, -0);
const heads: (number | undefined)[] = await executor.mapShared(half, (a) => a[0], { chunkSize: 2 });
const { twice, wide } = await executor.transformShared(
  { half },
  { twice: Float16Array, wide: Float64Array },
  ({ half }, { twice, wide }) => {
    for (let i = 0; i < half.length; i++) {
      twice[i] = 2 * half[i]!;
      wide[i] = half[i]!;
    }
  },
);
const halves: Float16Array = twice;
const doubles: Float64Array<SharedArrayBuffer> = wide;
const refused = (): unknown =>
  executor.mapShared(half, (a) => {
    // @ts-expect-error inputs are read-only, of this kind too
    a[0] = 1;
  });
const shared = executor.share(half);
const [weight] = await executor.map([2], (i, _shared, { args }) => args.half[i], { args: { half } });
console.log(heads, halves, [...doubles], typeof refused, shared.buffer instanceof SharedArrayBuffer, weight);
await executor.shutdown();
