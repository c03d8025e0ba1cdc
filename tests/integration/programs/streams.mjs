/** Reads a stream slowly, or no further, while its workers end in the way that the first argument names. */
import { ParallelExecutor } from "sharray";
import { tell, until, workers } from "./support.mjs";

const x = Uint8Array.from({ length: 100 }, (_, i) => i);

async function dies() {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
  const [died, started] = [executor.allocate(Int32Array, 1), executor.allocate(Int32Array, 1)];
  const kernel = (part, { index, args }) => {
    Atomics.add(args.started, 0, 1);
    if (index === 40 && Atomics.exchange(args.died, 0, 1) === 0) process.exit(7);
    return part[0];
  };
  const seen = [];
  let most = 0;
  for await (const { value } of executor.streamShared(x, kernel, { chunkSize: 1, args: { died, started } })) {
    seen.push(value);
    // Slow, so that the gate closes again and again.
    await new Promise((resolve) => setTimeout(resolve, 3));
    most = Math.max(most, Atomics.load(started, 0) - seen.length);
  }
  await executor.shutdown();
  const { retries } = executor.metrics.snapshot();
  tell({ seen: seen.sort((a, b) => a - b), most, retries });
}

async function idles() {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, idleTimeout: 1 });
  const seen = [];
  for await (const { value } of executor.streamShared(x, (part) => part[0], { chunkSize: 1 })) {
    seen.push(value);
    if (seen.length === 3 || seen.length === 50) await until(() => workers.alive === 0, "the workers' end");
  }
  await executor.shutdown();
  const { retries } = executor.metrics.snapshot();
  tell({ seen: seen.sort((a, b) => a - b), retries, started: workers.started });
}

/** The worker dies, again and again, once it has left at the closed gate: each time the pool waits longer. */
async function diesIdle() {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1, idleTimeout: 2 ** 31 - 1 });
  // Whether there is a worker that has run a task, and so is about to die.
  const doomed = executor.allocate(Int32Array, 1);
  process.on("worker", (worker) => worker.on("exit", () => Atomics.store(doomed, 0, 0)));
  const kernel = (part, { args }) => {
    Atomics.store(args.doomed, 0, 1);
    setTimeout(() => {
      throw new RangeError("after the task");
    });
    return part[0];
  };
  const options = { chunkSize: 1, args: { doomed } };
  const seen = [];
  for await (const { value } of executor.streamShared(x.subarray(0, 24), kernel, options)) {
    seen.push(value);
    if (seen.length % 4 === 3) await until(() => Atomics.load(doomed, 0) === 0, "the worker's end");
  }
  await executor.shutdown();
  tell({ seen: seen.sort((a, b) => a - b), started: workers.started });
}

async function stops(strategy, onProgress) {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 2, idleTimeout: 2 ** 31 - 1 });
  const options = { chunkSize: 1, ...(onProgress && { onProgress }) };
  const stream = executor.streamShared(new Float64Array(100_000), (part) => part[0], options);
  const first = [];
  process.on("exit", (code) => tell({ code, first }));
  first.push((await stream[Symbol.asyncIterator]().next()).value.value);
}

const ways = {
  dies,
  idles,
  "dies idle": diesIdle,
  "read no further": () => stops("threads"),
  "read no further, with progress": () => stops("threads", () => {}),
  "sequential, read no further": () => stops("sequential"),
};
await ways[process.argv[2]]();
