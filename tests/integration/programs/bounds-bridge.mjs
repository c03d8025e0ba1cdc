/** As bounds.mjs, in a thread whose calls the main thread's executor runs. Sizes are in MiB. */
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { ParallelExecutor } from "sharray";
import { connectExecutor, serveExecutor } from "sharray/bridge";
import { tell } from "./support.mjs";

const MIB = 2 ** 20;
const LIMIT = 128 * MIB;

if (isMainThread) {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxSharedBytes: LIMIT });
  await executor.start();
  const client = new Worker(new URL(import.meta.url));
  serveExecutor(executor, client);
  await new Promise((resolve) => client.once("exit", resolve));
  await executor.shutdown();
} else {
  const executor = await connectExecutor(parentPort);
  const [large, small] = [new Uint8Array(84 * MIB).fill(1), new Uint8Array(36 * MIB).fill(2)];
  let x = executor.share(new Uint8Array(8 * MIB));
  const call = async (i) => {
    const [value] = await executor.mapShared([i % 2 === 0 ? large : small], (x) => x[0]);
    x = await executor.transformShared(x, Uint8Array, (x, out) => {
      out[0] = x[0] + 1;
    });
    return value === 1 + (i % 2) && x[0] === i + 1;
  };
  await call(0);
  const rss = () => process.memoryUsage().rss / MIB;
  const before = rss();
  let wrong = 0;
  let most = 0;
  for (let i = 1; i <= 60; i++) {
    if (!(await call(i))) wrong += 1;
    most = Math.max(most, rss() - before);
  }
  tell({ wrong, most: Math.round(most), peak: executor.memory().bytesPeak / MIB });
  process.exit();
}
