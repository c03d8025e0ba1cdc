/** Loses workers in the way that its first argument names, and goes on. */
import { ParallelExecutor } from "sharray";
import { describe, tell, until, workers } from "./support.mjs";

const ITEMS = Array.from({ length: 100 }, (_, i) => i);

const kernels = {
  exits: () => process.exit(7),
  "throws in a timer": () => {
    return new Promise(() => {
      setTimeout(() => {
        throw new RangeError("in a timer");
      });
    });
  },
  "rejects unseen": () => {
    return new Promise(() => {
      Promise.reject(new RangeError("unseen"));
    });
  },
  "exhausts its heap": (_, __, { index }) => {
    const kept = [];
    for (;;) kept.push(new Array(100_000).fill(index));
  },
};

/** Every call of such a kernel loses its worker. */
async function everyTime(kernel) {
  const executor = new ParallelExecutor({
    strategy: "threads",
    maxWorkers: 2,
    maxRetries: 0,
    resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 },
  });
  const error = await executor.map([0], kernel).catch(describe);
  const after = await executor.map(ITEMS, (x) => 2 * x);
  const again = await executor.map([0], kernel).catch((thrown) => thrown.name);
  const both = await executor.map([0, 1, 2, 3], kernel).catch((thrown) => thrown.name);
  const inTheEnd = await executor.map(ITEMS, (x) => 3 * x);
  const metrics = executor.metrics.snapshot();
  await executor.shutdown();
  tell({ error, after, again, both, inTheEnd, metrics, alive: workers.alive, memory: executor.memory() });
}

/** A worker dies once, by the task at index 40; `runs` counts how often each task came to its end. */
async function once(settings, value) {
  const events = [];
  const executor = new ParallelExecutor({
    strategy: "threads",
    maxWorkers: 2,
    telemetry: (event, payload) => events.push({ event, ...payload, error: payload.error?.name }),
    ...settings,
  });
  const died = executor.allocate(Int32Array, 1);
  const runs = executor.allocate(Int32Array, ITEMS.length);
  const kernel = (x, _, { index, args }) => {
    if (index === 40 && Atomics.exchange(args.died, 0, 1) === 0) process.exit(7);
    Atomics.add(args.runs, index, 1);
    return args.value === "number" ? 2 * x : { twice: 2 * x };
  };
  const values = await executor.map(ITEMS, kernel, { args: { died, runs, value } }).catch(describe);
  const after = await executor.map(ITEMS, (x) => 3 * x);
  const metrics = executor.metrics.snapshot();
  await executor.shutdown();
  tell({ values, runs: [...runs], after, events, metrics, alive: workers.alive });
}

/** As `once`, with every result seen as it comes. */
async function stream() {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
  const died = executor.allocate(Int32Array, 1);
  const kernel = (x, { index, args }) => {
    if (index === 40 && Atomics.exchange(args.died, 0, 1) === 0) process.exit(7);
    return 2 * x[0];
  };
  const seen = [];
  const options = { chunkSize: 1, args: { died } };
  for await (const { index, value } of executor.streamShared(Uint8Array.from(ITEMS), kernel, options)) {
    seen.push([index, value]);
  }
  await executor.shutdown();
  tell({ seen: seen.sort(([a], [b]) => a - b), retries: executor.metrics.snapshot().retries });
}

/** Outputs of lost workers' tasks are written again from the start. */
async function outputs() {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
  const died = executor.allocate(Int32Array, 1);
  const x = Float64Array.from({ length: 1000 }, (_, i) => i);
  const kernel = (x, out, { index, args }) => {
    for (let i = 0; i < x.length; i += 1) {
      // Adds, so that what the lost worker had written would show.
      out[i] += 2 * x[i];
      if (index === 4 && i === 50 && Atomics.exchange(args.died, 0, 1) === 0) process.exit(7);
    }
  };
  const run = () => executor.transformShared(x, Float64Array, kernel, { chunkSize: 100, args: { died } });
  const first = await run();
  await executor.shutdown();
  tell({
    right: first.every((value, i) => value === 2 * x[i]),
    retries: executor.metrics.snapshot().retries,
  });
}

/** A worker dies while there is no shared memory left. */
async function withoutMemory() {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1, maxSharedBytes: 2 ** 20 });
  const gate = new Int32Array(new SharedArrayBuffer(8));
  const kernel = (x, _, { args }) => {
    if (x === 40 && Atomics.add(args, 0, 1) === 0) {
      while (Atomics.load(args, 1) === 0);
      process.exit(7);
    }
    return 2 * x;
  };
  const call = executor.map(ITEMS, kernel, { args: gate });
  await until(() => Atomics.load(gate, 0) === 1, "the task that ends its worker");
  const kept = [];
  try {
    for (;;) kept.push(executor.allocate(Uint8Array, 1));
  } catch {}
  const { bytesInUse, limit } = executor.memory();
  Atomics.store(gate, 1, 1);
  const values = await call.catch(describe);
  await executor.shutdown();
  tell({ isFull: bytesInUse === limit, kept: kept.length > 0, values });
}

/** A worker dies between two calls. */
async function idle() {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 1, idleTimeout: 2 ** 31 - 1 });
  await executor.map([0], () => {
    setTimeout(() => {
      throw new RangeError("after the call");
    });
  });
  await until(() => workers.started === 1 && workers.alive === 0, "the worker's end");
  const after = await executor.map(ITEMS, (x) => 2 * x);
  await executor.shutdown();
  tell({ after, started: workers.started, failures: executor.metrics.snapshot().failures });
}

/** One worker's death is no other call's concern. */
async function bystander() {
  const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxRetries: 0 });
  const running = executor.allocate(Int32Array, 2);
  const bystander = executor.map(
    [0],
    (_, __, { args }) => {
      Atomics.store(args.running, 0, 1);
      Atomics.notify(args.running, 0);
      Atomics.wait(args.running, 1, 0, 20_000);
      return "unharmed";
    },
    { args: { running } },
  );
  const error = await executor
    .map(
      [0],
      (_, __, { args }) => {
        Atomics.wait(args.running, 0, 0, 20_000);
        process.exit(7);
      },
      { args: { running } },
    )
    .catch(describe);
  Atomics.store(running, 1, 1);
  Atomics.notify(running, 1);
  const values = await bystander;
  await executor.shutdown();
  tell({ error, values });
}

const [way, value] = process.argv.slice(2);
if (way in kernels) await everyTime(kernels[way]);
else if (way === "once") await once({}, value);
else if (way === "once, no retries") await once({ maxRetries: 0 }, value);
else if (way === "once, serial") await once({ maxRetries: 0, forceSerialOnFailure: true }, value);
else if (way === "stream") await stream();
else if (way === "outputs") await outputs();
else if (way === "without memory") await withoutMemory();
else if (way === "idle") await idle();
else await bystander();
