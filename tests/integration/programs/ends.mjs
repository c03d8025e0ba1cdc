/** Comes to its end in the way that its first argument names, with workers that nobody ends. */
import { ParallelExecutor } from "sharray";
import { tell, workers } from "./support.mjs";

const double = (x) => 2 * x;
// So long that no idle worker can end while the test waits.
const options = { strategy: "threads", maxWorkers: 2, idleTimeout: 2 ** 31 - 1 };
const spin = (_, __, { args }) => {
  Atomics.add(args.running, 0, 1);
  for (;;);
};

const ways = {
  unused() {
    new ParallelExecutor(options);
  },
  async forgotten() {
    const executor = new ParallelExecutor(options);
    await executor.map([1, 2, 3], double);
  },
  "not awaited"() {
    const executor = new ParallelExecutor(options);
    executor.map([1, 2, 3], double);
  },
  async "forgotten after many calls"() {
    const executor = new ParallelExecutor(options);
    for (let i = 0; i < 20; i += 1) await executor.mapShared(new Float64Array(100_000), (x) => x.length);
    await executor.transformShared(new Float64Array(1000), Float64Array, () => {});
  },
  async "warmed up"() {
    await new ParallelExecutor(options).start();
  },
  "warming up"() {
    new ParallelExecutor(options).start();
  },
  async failed() {
    const executor = new ParallelExecutor(options);
    await executor.map([1, 2], () => JSON.parse("{")).catch(() => {});
  },
  async "stream left"() {
    const executor = new ParallelExecutor(options);
    for await (const _ of executor.streamShared(new Uint8Array(1000), (x) => x.length)) break;
  },
  async "two executors"() {
    const two = [new ParallelExecutor(options), new ParallelExecutor(options)];
    await Promise.all(two.map((executor) => executor.map([1, 2, 3], double)));
  },
  async "shut down"() {
    const executor = new ParallelExecutor(options);
    await executor.map([1, 2, 3], double);
    await executor.shutdown();
  },
  async disposed() {
    const executor = new ParallelExecutor(options);
    await executor.map([1, 2, 3], double);
    // What `await using` calls; Node 20 does not know its syntax.
    await executor[Symbol.asyncDispose]();
  },
  async "cancelled in an endless kernel"() {
    const executor = new ParallelExecutor(options);
    const running = executor.allocate(Int32Array, 1);
    const call = executor.map([0], spin, { args: { running } });
    const timer = setInterval(() => {
      if (Atomics.load(running, 0) === 0) return;
      clearInterval(timer);
      executor.cancel();
    }, 1);
    await call.catch(() => {});
  },
};

process.on("exit", (code) => tell({ code, ...workers }));
await ways[process.argv[2]]();
