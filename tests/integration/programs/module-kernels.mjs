/** Runs module kernels with the strategy that its first argument names. */
import { ParallelExecutor } from "sharray";
import { identity } from "./broken-in-workers.js";
import { cachedParts, cachedTable, evaluate, misled, misnamed, slow } from "./kernels.js";
import { describe, tell } from "./support.mjs";

const [strategy] = process.argv.slice(2);
const executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
const x = Float64Array.from({ length: 10 }, (_, i) => i / 4);

const polynomials = await executor.mapShared(x, evaluate, {
  chunkSize: 3,
  args: { coefficients: [1, -2, 0.5] },
});
// The kernel stays an ordinary function here.
const direct = evaluate(x.subarray(0, 3), { args: { coefficients: [1, -2, 0.5] } });

const tables = [];
for (let call = 0; call < 3; call += 1) {
  const returned = await executor.map([0, 1, 2, 3, 4], cachedTable);
  tables.push(...returned.map((table) => [table.constructor.name, table.length, table[0], table[999]]));
  // Whatever the caller does to its result is nothing to the next task.
  for (const table of returned) table.fill(-1);
}
const parts = [];
for (let call = 0; call < 2; call += 1) {
  for (const { table, half, buffer, index } of await executor.map([0, 1, 2], cachedParts)) {
    parts.push([index, table[999], half.length, half[0], buffer.byteLength]);
  }
}
const asynchronous = await executor.map([1, 2, 3, 4], slow);

const outcome = (call) =>
  call.then(
    (values) => ({ values }),
    (error) => ({ error: describe(error) }),
  );
const misnamedOutcome = await outcome(executor.map([1], misnamed));
const misledOutcome = await outcome(executor.map([1], misled));
const brokenOutcome = await outcome(executor.map([1, 2], identity));
const after = await executor.map([1, 2], (x) => 2 * x);
await executor.shutdown();
tell({
  same: { polynomials, direct, tables, parts, asynchronous, after },
  misnamed: misnamedOutcome,
  misled: misledOutcome,
  broken: brokenOutcome,
});
