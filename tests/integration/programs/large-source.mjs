/** A source of more than fits into memory, made on the fly: how much memory the process takes, early and late. */
import { ParallelExecutor } from "sharray";

const MIB = 2 ** 20;
const bytes = Number(process.argv[2] ?? 1024) * MIB;
const BATCH = 4 * MIB;

// Where workers get no core for a while, only the limit bounds what they are still about to leave.
const limit = 64 * MIB;
const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxSharedBytes: limit });

/** Reads into one buffer, as readers of files do. */
async function* source() {
  const buffer = new Float64Array(BATCH / 8);
  for (let i = 0; i < bytes / BATCH; i += 1) {
    buffer.fill(i);
    yield buffer;
  }
}

let count = 0;
let early = 0;
let late = 0;
for await (const { index, value } of executor.streamShared(source(), (x) => x[0] + x[x.length - 1])) {
  if (value !== 2 * index) throw new Error(`Batch ${index} was ${value}`);
  count += 1;
  const rss = process.memoryUsage.rss();
  // The first tenth brings workers, code and regions.
  if (10 * count * BATCH <= bytes) early = Math.max(early, rss);
  else late = Math.max(late, rss);
}
const { bytesPeak: peak } = executor.memory();
await executor.shutdown();
console.log(JSON.stringify({ bytes, limit, count, peak, early, late }));
