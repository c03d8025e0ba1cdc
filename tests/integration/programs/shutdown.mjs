/** Shuts executors down: with calls running, twice, and at moments that are hard to hit. */
import assert from "node:assert/strict";
import { ParallelExecutor } from "sharray";
import { tell, until, workers } from "./support.mjs";

const options = { strategy: "threads", maxWorkers: 2, idleTimeout: 2 ** 31 - 1 };

const ways = {
  async "waits for calls"() {
    const executor = new ParallelExecutor(options);
    const order = [];
    const calls = [1, 2, 3].map(async (n) => {
      const spin = (x) => {
        const end = performance.now() + 30;
        while (performance.now() < end);
        return 2 * x;
      };
      const values = await executor.map([n, n + 1], spin);
      order.push("call");
      return values;
    });
    const first = executor.shutdown().then(() => order.push("shutdown"));
    const second = executor.shutdown();
    await Promise.all([first, second, executor.shutdown()]);
    const values = await Promise.all(calls);
    await executor.shutdown();
    const refused = [];
    const x = new Float64Array(3);
    const uses = {
      mapShared: () => executor.mapShared(x, () => 0),
      transformShared: () => executor.transformShared(x, Float64Array, () => {}),
      reduceShared: () =>
        executor.reduceShared(
          x,
          () => 0,
          (a, b) => a + b,
        ),
      map: () => executor.map([1], () => 0),
      streamShared: async () => executor.streamShared(x, () => 0),
      share: async () => executor.share(x),
      allocate: async () => executor.allocate(Float64Array, 1),
      explain: async () => executor.explain(x, () => 0),
      start: () => executor.start(),
    };
    for (const [name, use] of Object.entries(uses)) {
      const error = await use().then(
        () => undefined,
        (thrown) => thrown,
      );
      refused.push([name, error?.name, error?.message.includes(`${name}()`)]);
    }
    // What only looks stays allowed.
    executor.cancel();
    const { completed } = executor.metrics.snapshot();
    const { bytesInUse, bytesIdle } = executor.memory();
    tell({ order, values, refused, completed, bytesInUse, bytesIdle, alive: workers.alive });
  },

  async "right after calls"() {
    // The second worker may not have left the call's round yet when the first one has finished it.
    for (let i = 0; i < 15; i += 1) {
      const executor = new ParallelExecutor(options);
      await executor.start();
      assert.deepEqual(await executor.map([1, 2], (x) => x), [1, 2]);
      await executor.shutdown();
      assert.equal(workers.alive, 0);
    }
    tell("all shut down");
  },

  async "while workers start"() {
    for (let i = 0; i < 5; i += 1) {
      const executor = new ParallelExecutor(options);
      const starting = executor.start().catch(() => {});
      await executor.shutdown();
      await starting;
      assert.equal(workers.alive, 0);
    }
    tell("all shut down");
  },

  async "while an idle worker ends"() {
    const executor = new ParallelExecutor({ ...options, maxWorkers: 1, idleTimeout: 1 });
    const ending = new Promise((resolve) => {
      process.on("worker", (worker) => {
        const { terminate } = worker;
        worker.terminate = () => {
          resolve();
          return terminate.call(worker);
        };
      });
    });
    await executor.map([1, 2], (x) => x);
    // An idle pool does not keep the process alive.
    const keepsAlive = setInterval(() => {}, 1000);
    await ending;
    clearInterval(keepsAlive);
    await executor.shutdown();
    assert.equal(workers.alive, 0);
    tell("all shut down");
  },

  async "while another worker is about to be woken"() {
    const kernel = (x, _, { args }) => {
      Atomics.store(args, 0, 1);
      while (Atomics.load(args, 1) === 1);
      return x;
    };
    for (let i = 0; i < 5; i += 1) {
      const executor = new ParallelExecutor(options);
      const state = executor.allocate(Int32Array, 2);
      // So quick that one worker is woken alone, and the other when it is not done after a millisecond.
      for (let j = 0; j < 20; j += 1) await executor.map([1, 2], kernel, { args: state });
      state.set([0, 1]);
      const call = executor.map([1, 2], kernel, { args: state }).catch(() => {});
      while (Atomics.load(state, 0) === 0) await null;
      await executor[Symbol.asyncDispose]();
      await call;
      assert.equal(workers.alive, 0);
    }
    tell("all shut down");
  },

  async "while an aborted kernel does not yield"() {
    const executor = new ParallelExecutor(options);
    const running = executor.allocate(Int32Array, 1);
    const endless = (_, __, { args }) => {
      Atomics.store(args.running, 0, 1);
      for (;;);
    };
    const outcome = executor.map([0], endless, { args: { running } }).catch((error) => error.name);
    await until(() => Atomics.load(running, 0) === 1, "the kernel running");
    executor.cancel();
    assert.equal(await outcome, "AbortError");
    await executor.shutdown();
    assert.equal(workers.alive, 0);
    tell("all shut down");
  },
};

await ways[process.argv[2]]();
