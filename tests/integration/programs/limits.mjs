/**
 * Comes to a limit of the system, whose name its first argument gives, and how much is left until there the second. Then it
 * makes calls of every kind, and tells how each ended.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { ParallelExecutor } from "sharray";
import { twice } from "./kernels.js";
import { describe, tell, workers } from "./support.mjs";

const limits = {
  descriptors: (left) => `--nofile=${readdirSync("/proc/self/fd").length - 1 + left}`,
  threads: (left) => `--nproc=${left}`,
  "address space": (left) => {
    const [, kilobytes] = /^VmSize:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"));
    return `--as=${Number(kilobytes) * 1024 + left * 2 ** 20}`;
  },
};
const [name, left] = process.argv.slice(2);
execFileSync("prlimit", ["--pid", process.pid, limits[name](Number(left))]);

const fallbacks = [];
const telemetry = (event, { error, from, to }) => {
  if (event === "parallel_fallback") fallbacks.push({ from, to, error: describe(error) });
};
const ended = {};
for (const strategy of ["auto", "sequential", "threads"]) {
  const executor = new ParallelExecutor({ strategy, maxWorkers: 2, maxRetries: 0, telemetry });
  const calls = {
    share: () => executor.share(Float64Array.of(1, 2)).length,
    inline: () => executor.map([1, 2, 3], (x) => 2 * x),
    module: () => executor.map([1, 2, 3], twice),
    // The hint makes "auto" choose threads.
    hinted: () => executor.map([1, 2, 3], (x) => 2 * x, { taskSizeHintBytes: 1e9 }),
    timed: () => executor.map([1, 2, 3], (x) => 2 * x, { timeout: 10_000 }),
    endless: () =>
      executor.map(
        [1],
        () => {
          for (;;);
        },
        { timeout: 50 },
      ),
    start: () => executor.start().then(() => "started"),
    shutdown: () => executor.shutdown().then(() => "shut down"),
  };
  ended[strategy] = {};
  for (const [call, make] of Object.entries(calls)) {
    ended[strategy][call] = await Promise.resolve().then(make).catch(describe);
  }
}
tell({ ended, fallbacks, alive: workers.alive });
