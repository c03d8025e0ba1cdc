/** A TypeScript program, to be run by tsx. */
import { ParallelExecutor, type StrategyName } from "sharray";
import { toMetres } from "./typescript-kernels.js";

const strategy = process.argv[2] as StrategyName;
const events: string[] = [];
await using executor = new ParallelExecutor({
  strategy,
  maxWorkers: 2,
  telemetry: (event, payload) => {
    if (event === "parallel_execution") events.push(payload.strategy);
  },
});
const miles = Float64Array.of(1, 2, 3, 4, 5);
const metres = await executor.mapShared(miles, toMetres, { chunkSize: 2 });
// tsx wraps named functions into calls of a helper of its own.
const inline = await executor.mapShared(
  { miles },
  ({ miles }, { args }) => {
    const double = (value: number): number => 2 * value;
    function addTo(sum: number): (value: number) => number {
      const add = (value: number): number => sum + double(value) * args.factor;
      return add;
    }
    return Array.from(miles, addTo(0.5));
  },
  { chunkSize: 2, args: { factor: 10 } },
);
const items = await executor.map([1, 2], async (item: number) => item * 3);
console.log(JSON.stringify({ metres, inline, items, events }));
