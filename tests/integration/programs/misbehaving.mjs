/** Kernels whose misbehaviour shows in the process around them. */
import { ParallelExecutor } from "sharray";
import { closing, garbage, removing } from "./misbehaving-kernels.js";
import { tell, until, workers } from "./support.mjs";

const ITEMS = [0, 1, 2, 3];
const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxRetries: 10 });
const works = () => executor.map(ITEMS, (x) => 3 * x);
const ended = () => workers.started - workers.alive;
const failures = () => executor.metrics.snapshot().failures;

const ways = {
  async ports() {
    const seen = {};
    for (const [name, kernel] of Object.entries({ garbage, closing, removing })) {
      seen[name] = await executor.map(ITEMS, kernel);
    }
    tell({ ...seen, after: await works(), failures: failures() });
  },

  async talks() {
    const values = await executor.map(ITEMS, (x) => {
      for (let i = 0; i < 250; i += 1) console.log(`${x}${"z".repeat(4000)}`);
      return x;
    });
    const after = await works();
    // Workers send their output in turns of their event loop, and nothing more once they are ended.
    await until(() => process.stdout.bytesWritten >= ITEMS.length * 250 * 4002, "all output");
    tell({ values, after });
  },

  async floods() {
    const flood = () => {
      process.stdout.write("y".repeat(5_000_000));
      process.exit(3);
    };
    const { name, exitCode } = await executor.map([0], flood).catch((error) => error);
    const after = await works();
    await executor.shutdown();
    console.log();
    tell({ error: name, exitCode, after });
  },

  async timers() {
    const rounds = [];
    for (let i = 0; i < 5; i += 1) {
      const before = ended();
      rounds.push(
        await executor.map(ITEMS, (x) => {
          setTimeout(() => {
            throw new Error("in a timer, after the call");
          });
          return x;
        }),
      );
      await until(() => ended() > before, "the loss of a worker");
    }
    tell({ rounds, failures: failures() });
  },
};

await ways[process.argv[2]]();
await executor.shutdown();
