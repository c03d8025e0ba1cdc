/** Timers that never fire replace the real ones, as in test runners. Calls and a shutdown must end all the same. */
import process from "node:process";
import { mock } from "node:test";
import * as nodeTimers from "node:timers";
import { ParallelExecutor } from "sharray";
import { twice } from "./kernels.js";
import { describe, tell } from "./support.mjs";

const [how] = process.argv.slice(2);
const never = () => ({ ref() {}, unref() {}, hasRef: () => false });
const ways = {
  "node:test": () => mock.timers.enable(),
  // What sinon and Jest replace at most.
  "all globals": () => {
    for (const name of ["setTimeout", "setInterval", "setImmediate"]) {
      globalThis[name] = never;
      nodeTimers.default[name] = never;
    }
    for (const name of ["clearTimeout", "clearInterval", "clearImmediate", "queueMicrotask"])
      globalThis[name] = () => {};
    globalThis.performance.now = () => 0;
    Object.defineProperty(globalThis, "performance", { value: { now: () => 0, timeOrigin: 0 } });
    process.nextTick = () => {};
    process.hrtime = Object.assign(() => [0, 0], { bigint: () => 0n });
    Date.now = () => 0;
  },
};
ways[how]();

// The clock may stand still here.
const late = (x) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6);
  return x;
};
const numbers = Array.from({ length: 12 }, (_, i) => i);
const ended = {};
for (const strategy of ["sequential", "auto", "threads"]) {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 2 });
  const calls = {
    late: () => executor.map(numbers, late),
    async: () => executor.map([1, 2], async (x) => 2 * (await x)),
    module: () => executor.map([1], twice),
    stopped: () =>
      executor.map(
        [1],
        () => {
          for (;;);
        },
        { timeout: 50 },
      ),
    progress: async () => {
      let told = 0;
      await executor.map(numbers, late, {
        onProgress: () => {
          told += 1;
        },
      });
      return told > 0;
    },
    stream: async () => {
      let sum = 0;
      for await (const { value } of executor.streamShared(Float64Array.of(1, 2, 3), (x) => x[0], {
        chunkSize: 1,
      }))
        sum += value;
      return sum;
    },
    start: () => executor.start().then(() => "started"),
    shutdown: () => executor.shutdown({ deadline: 20_000 }).then(() => "shut down"),
  };
  ended[strategy] = {};
  for (const [call, make] of Object.entries(calls)) ended[strategy][call] = await make().catch(describe);
}
tell(ended);
