/**
 * Results that a worker can write and this thread cannot read. Runs one scenario and prints what came of it as JSON; the
 * test gives this thread a small stack, or the process little memory.
 */
import { readFileSync } from "node:fs";
import { defineKernel, ParallelExecutor } from "sharray";

const executor = new ParallelExecutor({ maxWorkers: 2, strategy: "threads" });
const broken = defineKernel(new URL("deeply-broken.js", import.meta.url).href, "broken", (x) => x);
const COUNT = 60;
const DEEP = 41;
const indices = Array.from({ length: COUNT }, (_, i) => i);

/** Deep at the index that is asked for. */
const nested = (i, _shared, { args }) => {
  if (i === args.throws) throw new RangeError("as it should");
  let value = `sound ${i}`;
  for (let depth = 0; depth < 800 && args.deep.includes(i); depth += 1) value = { value };
  return value;
};

async function told(call) {
  try {
    return { value: await call };
  } catch ({ code, index, message, partial, cause }) {
    return {
      code,
      index,
      message,
      cause: cause?.cause?.name ?? cause?.name,
      values: [...partial.values],
      unfinished: partial.unfinished.map((task) => task.index),
    };
  }
}

const map = (args) => told(executor.map(indices, nested, { args: { throws: -1, ...args } }));

const scenarios = {
  "one of many": () => map({ deep: [DEEP] }),
  "two of many": () => map({ deep: [50, DEEP] }),
  "all of them": () => map({ deep: indices }),
  "before one that throws": () => map({ deep: [DEEP], throws: DEEP + 10 }),
  "behind one that throws": () => map({ deep: [DEEP], throws: 3 }),

  "a field of an error": () =>
    told(
      executor.map(indices, (i) => {
        if (i !== 41) return `sound ${i}`;
        let field = null;
        for (let depth = 0; depth < 800; depth += 1) field = { field };
        throw Object.assign(new RangeError("deep"), { field });
      }),
    ),

  "of a stream": async () => {
    const seen = [];
    const stream = executor.streamShared(
      new Float64Array(COUNT),
      (_view, { index }) => {
        let value = `sound ${index}`;
        for (let depth = 0; depth < 800 && index === 41; depth += 1) value = { value };
        return value;
      },
      { chunkSize: 1 },
    );
    const loop = async () => {
      for await (const { index, value } of stream) seen.push([index, value]);
    };
    const { values: _none, ...end } = await told(loop());
    return { ...end, seen };
  },

  // More than a stream has room for.
  "all of a stream": async () => {
    const stream = executor.streamShared(
      new Float64Array(COUNT),
      () => {
        let value = null;
        for (let depth = 0; depth < 800; depth += 1) value = { value };
        return value;
      },
      { chunkSize: 1 },
    );
    const loop = async () => {
      for await (const _result of stream);
    };
    return told(loop());
  },

  "beside other calls": async () => {
    const deep = map({ deep: [DEEP] });
    const others = Array.from({ length: 8 }, () => map({ deep: [] }));
    const ends = await Promise.all(others);
    return { ...(await deep), others: ends.map(({ value }) => value?.length) };
  },

  // What it sent is read out of its port when its end is known.
  "of a worker that ends": async () => {
    const ending = new ParallelExecutor({ maxWorkers: 1, strategy: "threads", maxRetries: 0 });
    await ending.map([1], (i) => `sound ${i}`);
    const ended = new Int32Array(new SharedArrayBuffer(8));
    const call = told(
      ending.map(
        [0, 1],
        (i, { ended }) => {
          let value = null;
          for (let depth = 0; depth < 800; depth += 1) value = { value };
          if (i === 1) {
            process.on("exit", () => Atomics.store(ended, 0, 1));
            setImmediate(() => process.exit(7));
          }
          return value;
        },
        { shared: { ended } },
      ),
    );
    // This thread hears of nothing until the worker is gone.
    while (Atomics.load(ended, 0) === 0);
    const { code } = await call;
    await ending.shutdown();
    return { code };
  },

  // The port of the rounds is within a kernel's reach.
  garbage: async () => {
    const ends = await executor.map([0, 1, 2, 3], async (i) => {
      const { workerData, parentPort } = await import("node:worker_threads");
      for (const garbage of [undefined, null, "text", 7, {}, { round: 1 }, { round: 1, values: 3 }]) {
        workerData.port.postMessage(garbage);
        parentPort.postMessage(garbage);
      }
      return `sound ${i}`;
    });
    return { value: ends };
  },

  "of a kernel that does not load": () => told(executor.map(indices, broken)),

  "without much memory": async () => {
    await executor.start();
    // A kernel that may keep what it returns has it copied; 400 MB in one piece, so that much is free if there is no room.
    const call = executor.map([0, 4e8, 0], (bytes) => {
      globalThis.kept = undefined;
      return new Error("large", { cause: new Uint8Array(bytes) });
    });
    const { values, value, ...end } = await told(call);
    return {
      ...end,
      ended: values?.map(([index]) => index),
      lengths: value?.map(({ cause }) => cause.length),
    };
  },

  "how large it is": async () => {
    await executor.start();
    return { kilobytes: Number(/VmSize:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) };
  },
};

const seen = await scenarios[process.argv[2]]();
const after = await executor.map([1, 2], (i) => ({ i }));
await executor.shutdown();
console.log(JSON.stringify({ ...seen, after }));
