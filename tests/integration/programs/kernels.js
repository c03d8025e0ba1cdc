/** Module kernels, with an import and with state of the module. */
import { threadId } from "node:worker_threads";
import { defineKernel, ParallelExecutor } from "sharray";
import { polynomial } from "./polynomial.js";

/** Uses an import. */
export const evaluate = defineKernel(import.meta.url, "evaluate", (x, { args }) => {
  return Array.from(x, (value) => polynomial(args.coefficients, value));
});

const table = new Float64Array(1000).map((_, i) => Math.sqrt(i));

/** Returns an array that the module keeps: it must come back whole each time. */
export const cachedTable = defineKernel(import.meta.url, "cachedTable", () => table);

/** The same inside an object, and as a part of it. */
export const cachedParts = defineKernel(import.meta.url, "cachedParts", (_, __, { index }) => {
  return { table, half: table.subarray(500), buffer: table.buffer, index };
});

export const slow = defineKernel(import.meta.url, "slow", async (item) => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return polynomial([1, 2], item);
});

/** Says another name than the one it is exported under. */
export const misnamed = defineKernel(import.meta.url, "missing", (x) => x);

/** Says the name of something that is no function. */
export const answer = 42;
export const misled = defineKernel(import.meta.url, "answer", (x) => x);

/** Opens an executor inside the worker. */
export const nested = defineKernel(import.meta.url, "nested", async (item) => {
  const events = [];
  const executor = new ParallelExecutor({ telemetry: (event, payload) => events.push([event, payload]) });
  const values = await executor.map([item, item + 1], (x) => 10 * x, { strategy: "threads" });
  const [[event, { decision, reason }]] = events;
  await executor.shutdown();
  return { event, decision, reason, values, threadId };
});

let initialized = 0;

export const initializer = defineKernel(import.meta.url, "initializer", async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  initialized += 1;
});

/** Waits until as many tasks run at once as there are workers, so that every worker takes one. */
export const whenAllRun = defineKernel(
  import.meta.url,
  "whenAllRun",
  (_, __, { args: { arrived, workers } }) => {
    Atomics.add(arrived, 0, 1);
    Atomics.notify(arrived, 0);
    for (let seen = Atomics.load(arrived, 0); seen < workers; seen = Atomics.load(arrived, 0)) {
      if (Atomics.wait(arrived, 0, seen, 20_000) === "timed-out")
        throw new Error("The other worker did not come");
    }
    return { threadId, initialized };
  },
);

export const failingInitializer = defineKernel(import.meta.url, "failingInitializer", () => {
  throw Object.assign(new RangeError("no initialisation today"), { today: false });
});

export const twice = defineKernel(import.meta.url, "twice", (x) => 2 * x);

export const endless = defineKernel(import.meta.url, "endless", () => {
  for (;;);
});

/** Globals of the worker that are not of JavaScript or Node. */
export const strayGlobals = defineKernel(import.meta.url, "strayGlobals", () =>
  ["self", "__non_webpack_require__"].filter((name) => name in globalThis),
);
