/** A column of more bytes than one array of bytes has on Node 20: placed, allocated in used memory, and shared. */
import { ParallelExecutor } from "sharray";
import { tell, until } from "./support.mjs";

const LENGTH = 2 ** 29 + 12_345;
const CHUNK = 2 ** 27;
const executor = new ParallelExecutor({
  strategy: "threads",
  maxWorkers: 2,
  maxSharedBytes: 14 * 2 ** 30,
  idleTimeout: 600_000,
});
// What lies between the ends of the chunks stays untouched.
const column = new Float64Array(LENGTH);
for (let start = 0, i = 1; start < LENGTH; start += CHUNK, i += 1) {
  column[start] = i;
  column[Math.min(start + CHUNK, LENGTH) - 1] = 100 + i;
}
const ends = (x, { start, end }) => [start, end, x.length, x[0], x[x.length - 1]];

const placed = await executor.mapShared(column, ends, { chunkSize: CHUNK });
await until(() => executor.memory().bytesInUse === 0, "The region of the call has returned");
// That region, with the call's data in it.
const zeros = executor.allocate(Float64Array, LENGTH);
const allocated = [0, CHUNK - 1, 4 * CHUNK, LENGTH - 1].map((i) => zeros[i]);
const shared = executor.share(column);
const inPlace = await executor.mapShared(shared, ends, { chunkSize: CHUNK });
await executor.shutdown();
tell({ placed, allocated, inPlace, regions: executor.memory().regions });
