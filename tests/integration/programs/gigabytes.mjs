/** A column whose offsets do not fit 31 bits. */
import { ParallelExecutor } from "sharray";
import { tell } from "./support.mjs";

const LENGTH = 2 ** 31 + 12_345;
const CHUNK = 2 ** 28;
const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
const column = process.argv[2] === "shared" ? executor.allocate(Uint8Array, LENGTH) : new Uint8Array(LENGTH);
// The ends of each chunk tell which one it is; what lies between stays untouched.
for (let start = 0, i = 1; start < LENGTH; start += CHUNK, i += 1) {
  column[start] = i;
  column[Math.min(start + CHUNK, LENGTH) - 1] = 100 + i;
}
const ends = (x, { index, start, end }) => [index, start, end, x.length, x[0], x[x.length - 1]];
const chunks = await executor.mapShared(column, ends, { chunkSize: CHUNK });
const facts = { chunks };
if (process.argv[2] === "shared") {
  facts.whole = await executor.mapShared([column], (x) => [
    x.length,
    x[2 ** 31 - 1],
    x[2 ** 31],
    x[x.length - 1],
  ]);
  // A view beyond 2^31, by reference among the arguments.
  const tail = column.subarray(2 ** 31 + 5);
  column[LENGTH - 7] = 42;
  facts.tail = await executor.map([0], (_, __, { args: { tail } }) => tail[tail.length - 7], {
    args: { tail },
  });
  const next = await executor.transformShared(
    column,
    Uint8Array,
    (x, out, { end }) => {
      if (end > 2 ** 31) out[x.length - 1] = x[x.length - 1] + 1;
    },
    { chunkSize: CHUNK },
  );
  facts.next = [next.length, next[2 ** 31 - 1], next[LENGTH - 1]];
}
await executor.shutdown();
tell(facts);
