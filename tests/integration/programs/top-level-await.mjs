/** Waits at the top level for what its first argument names. Nothing but the executor keeps the process alive. */
import { ParallelExecutor } from "sharray";

const options = { maxWorkers: 2, idleTimeout: 2 ** 31 - 1 };
const threads = new ParallelExecutor({ ...options, strategy: "threads" });
const sequential = new ParallelExecutor({ ...options, strategy: "sequential" });
const spin = (x) => {
  const end = performance.now() + 150;
  while (performance.now() < end);
  return x;
};
const sleep = (x) => new Promise((resolve) => setTimeout(resolve, 150, x));

const waits = {
  "first call": () => threads.map([1, 2, 3], spin),
  async "call on a pool that was idle"() {
    await threads.map([1], (x) => x);
    return threads.map([1, 2, 3], spin);
  },
  "async kernels": () => threads.map([1, 2, 3], sleep),
  "sequential call": () => sequential.map([1, 2, 3], spin),
  "sequential async kernels": () => sequential.map([1, 2, 3], sleep),
  async stream() {
    const values = [];
    for await (const { value } of threads.streamShared(Uint8Array.of(1, 2, 3), (x) => x[0], {
      chunkSize: 1,
    })) {
      values.push(value);
    }
    return values.sort();
  },
  async start() {
    await threads.start();
    return [1, 2, 3];
  },
  async shutdown() {
    const call = threads.map([1, 2, 3], spin);
    await threads.shutdown();
    return call;
  },
  "placed arrays": () =>
    threads.mapShared(
      [1, 2, 3].map((x) => new Float64Array(2_000_000).fill(x)),
      (x) => x[0],
    ),
};

const values = await waits[process.argv[2]]();
console.log(JSON.stringify(values));
