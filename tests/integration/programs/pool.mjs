/** What a pool does over its life: how many workers it starts, and when they end. */
import { Module } from "node:module";
import { ParallelExecutor } from "sharray";
import { initializer, nested, whenAllRun } from "./kernels.js";
import { tell, until, workers } from "./support.mjs";

const forever = { idleTimeout: 2 ** 31 - 1 };

const ways = {
  async "fifty calls"() {
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, ...forever });
    const x = Float64Array.from({ length: 1000 }, (_, i) => i);
    const wrong = [];
    for (let i = 0; i < 25; i += 1) {
      const values = await executor.mapShared([x, x], (x, { args }) => x[999] + args, { args: i });
      if (values.join() !== [999 + i, 999 + i].join()) wrong.push(i);
    }
    const atOnce = Array.from({ length: 25 }, (_, i) => executor.map([i, i + 1], (x) => 2 * x));
    for (const [i, values] of (await Promise.all(atOnce)).entries()) {
      if (values.join() !== [2 * i, 2 * i + 2].join()) wrong.push(25 + i);
    }
    const { completed } = executor.metrics.snapshot();
    await executor.shutdown();
    tell({ wrong, completed, ...workers });
  },

  async "two executors"() {
    const two = [0, 1].map(() => new ParallelExecutor({ strategy: "threads", maxWorkers: 2, ...forever }));
    for (let i = 0; i < 5; i += 1) {
      await Promise.all(two.map((executor) => executor.map([1, 2, 3, 4], (x) => x)));
    }
    const { started, alive } = workers;
    await two[0].shutdown();
    const after = await two[1].map([1, 2], (x) => x);
    tell({ started, alive, left: workers.alive, after });
  },

  async "sequential calls"() {
    const executor = new ParallelExecutor({ strategy: "sequential" });
    await executor.start();
    await executor.map([1, 2], (x) => x);
    const disabled = new ParallelExecutor({ enabled: false, strategy: "threads" });
    await disabled.start();
    await disabled.mapShared(new Float64Array(1_000_000), (x) => x.length, { strategy: "threads" });
    const lazy = new ParallelExecutor({ strategy: "threads" });
    lazy.share(new Float64Array(1000));
    lazy.explain(new Float64Array(1_000_000), (x) => x.length);
    await lazy.map([], (x) => x);
    await lazy.map([0], () => lazy).catch(() => {});
    tell(workers);
  },

  async "one task at a time"() {
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, ...forever });
    // No call has work for a second worker.
    for (let i = 0; i < 10; i += 1) await executor.map([i], (x) => x);
    tell(workers);
  },

  async "first result"() {
    // threads.js is loaded when the first worker is made a thread, which shows in CommonJS.
    let isThread = false;
    const load = Module._load;
    Module._load = (request, ...others) => {
      if (request.endsWith("/thread-control.cjs")) isThread = true;
      return load(request, ...others);
    };
    const require = Module.createRequire(import.meta.url);
    const { ParallelExecutor } = require(
      require.resolve("sharray/package.json").replace("package.json", "dist/index.cjs"),
    );
    // Of one worker: nothing comes between its last task and the result.
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1, ...forever });
    const values = await executor.map([1, 2], (x) => 2 * x);
    const atOnce = isThread;
    await until(() => isThread, "the making of a thread");
    await executor.shutdown();
    tell({ values, atOnce, ...workers });
  },

  async "idle trim"() {
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, idleTimeout: 50 });
    const rounds = [];
    for (let i = 0; i < 3; i += 1) {
      const [sum] = await executor.mapShared([new Float64Array(100_000).fill(i)], (x) => x[0] + x[99_999]);
      const atOnce = await executor.map([1, 2, 3], (x) => 2 * x);
      await until(() => workers.alive === 0 && executor.memory().bytesIdle === 0, "the end of idle workers");
      const { regions, bytesInUse } = executor.memory();
      rounds.push({ sum, atOnce, regions, bytesInUse, started: workers.started });
    }
    await executor.shutdown();
    tell(rounds);
  },

  async "busy pool"() {
    // Ten times as long as the idle timeout: a worker that has something to do is not idle.
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, idleTimeout: 20 });
    const spin = (x) => {
      const end = performance.now() + 200;
      while (performance.now() < end);
      return x;
    };
    const sleep = (x) => new Promise((resolve) => setTimeout(resolve, 200, x));
    const values = [await executor.map([1, 2], spin), await executor.map([3, 4], sleep)];
    const { failures, retries } = executor.metrics.snapshot();
    await executor.shutdown();
    tell({ values, failures, retries });
  },

  async nested() {
    const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, ...forever });
    const values = await executor.map([1, 2, 3, 4], nested);
    tell({ values, ...workers });
  },

  async initializer() {
    const executor = new ParallelExecutor({
      strategy: "threads",
      maxWorkers: 2,
      workerInitializer: initializer,
      ...forever,
    });
    const calls = [];
    for (let i = 0; i < 3; i += 1) {
      const arrived = executor.allocate(Int32Array, 1);
      calls.push(await executor.map([0, 1], whenAllRun, { args: { arrived, workers: 2 } }));
    }
    tell(calls);
  },
};

await ways[process.argv[2]]();
