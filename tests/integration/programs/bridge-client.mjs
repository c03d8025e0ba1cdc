/** A worker thread that uses the executor of the thread that started it. Runs one scenario and posts what it saw. */
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { KernelError, ParallelExecutor, SharrayError } from "sharray";
import { connectExecutor } from "sharray/bridge";
import { evaluate } from "./kernels.js";
import { SHAPES } from "./shapes.mjs";
import { until } from "./support.mjs";

const MIB = 2 ** 20;

const told = (error) => {
  const { name, message, code, cause, stack, partial, ...fields } = error;
  return {
    ...fields,
    partial: partial && {
      values: [...partial.values].filter(([index]) => index < fields.index),
      outputs: partial.outputs && written(partial.outputs, partial.unfinished[0].start),
      // Of tasks behind the one that failed some may have ended, on workers.
      unfinished: partial.unfinished.filter(({ index }) => index <= fields.index),
    },
    name,
    message,
    code,
    isSharray: error instanceof SharrayError,
    isKernelError: error instanceof KernelError,
    // Without who called it there.
    cause:
      cause instanceof Error
        ? {
            ...told(cause),
            stack: cause.stack.split("\n", 1),
          }
        : cause,
  };
};

/** Outputs as far as their tasks have ended: what the others hold means nothing. */
function written(outputs, end) {
  if (!ArrayBuffer.isView(outputs))
    return Object.entries(outputs).map(([name, array]) => [name, written(array, end)]);
  return {
    length: outputs.length,
    isShared: outputs.buffer instanceof SharedArrayBuffer,
    head: outputs.slice(0, end),
  };
}

async function outcome(call) {
  try {
    return { value: await call() };
  } catch (error) {
    return told(error);
  }
}

async function streamed(executor, ...parameters) {
  const values = [];
  for await (const { index, value } of executor.streamShared(...parameters)) values[index] = value;
  return values;
}

const kinds = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array];
const bigKinds = [BigInt64Array, BigUint64Array];

/** Every call over one random-looking input, on any executor. */
const battery = {
  everyKind: (executor) =>
    executor.mapShared(
      [
        ...[...kinds, Float32Array, Float64Array].map((Kind) => Kind.from({ length: 300 }, (_, i) => i * 3)),
        ...bigKinds.map((Kind) => Kind.from({ length: 30 }, (_, i) => BigInt(i))),
      ],
      (array) => ({
        first: array[1],
        last: array.at(-1),
        kind: array.constructor.name,
        copy: array.slice(0, 5),
      }),
    ),
  numbers: (executor) =>
    executor.mapShared(input(), ({ x }, { start }) => x[0] / 3 + start, { chunkSize: 7 }),
  specials: (executor) =>
    executor.map(
      [0, 1, 2, 3, 4, 5, 6, 7],
      (i) => [-0, Number.NaN, undefined, null, 2n ** 70n, "ü", -1n, { a: [1] }][i],
    ),
  list: (executor) => executor.mapShared([new Float64Array(0), new Float64Array(3)], (array) => array.length),
  nothing: (executor) => executor.mapShared([], () => 1),
  sum: (executor) =>
    executor.reduceShared(
      input(),
      ({ x }) => x.reduce((a, b) => a + b, 0),
      (a, b) => a + b,
    ),
  seeded: (executor) =>
    executor.reduceShared(
      input(),
      ({ y }) => y.length,
      (a, b) => a + b,
      { initial: 5, chunkSize: 100 },
    ),
  one: (executor) =>
    executor.transformShared(input(), Float64Array, ({ x, y }, out) => {
      for (let i = 0; i < out.length; i += 1) if (i % 5 > 0) out[i] = x[i] / (y[i] + 1);
    }),
  several: (executor) =>
    executor.transformShared(input(), { a: Float32Array, b: BigInt64Array }, ({ x }, { a, b }) => {
      for (let i = 0; i < a.length; i += 1) [a[i], b[i]] = [x[i], BigInt(i)];
    }),
  emptyOutputs: (executor) => executor.transformShared(new Float64Array(0), Float64Array, () => {}),
  items: (executor) =>
    executor.map(
      [
        { seed: 1, weights: Float32Array.of(1, 2) },
        { seed: 2, weights: new Float32Array(20_000).fill(3) },
      ],
      ({ seed, weights }, { table }, { args, index }) =>
        seed * weights.at(-1) * table[index] * args.scale + args.big[9],
      {
        shared: { table: Float64Array.of(10, 20, 30) },
        args: { scale: 0.5, big: new Float64Array(10_000).fill(7) },
      },
    ),
  strings: (executor) =>
    executor.map(
      Array.from({ length: 200 }, (_, i) => `item ${i}`),
      (item) => item.toUpperCase(),
    ),
  module: (executor) => executor.mapShared([input().x], evaluate, { args: { coefficients: [1, 2, 3] } }),
  stream: (executor) =>
    streamed(executor, input(), ({ x }, { index }) => ({ index, head: x.slice(0, 3) }), { chunkSize: 50 }),
  buffer: (executor) =>
    executor.mapShared([Buffer.from("abc")], (array) => array.constructor.name + array.length),
  ...Object.fromEntries(Object.entries(SHAPES).map(([name, [call]]) => [name, call])),
};

function input() {
  return {
    x: Float64Array.from({ length: 3000 }, (_, i) => Math.sin(i) * 1e3),
    y: Int32Array.from({ length: 3000 }, (_, i) => (i * 7919) % 1000),
  };
}

/** Calls that fail, on any executor. */
const failures = {
  kernel: (executor) =>
    executor.map([3, -1, -2], (x) => {
      if (x >= 0) return x;
      class NegativeError extends RangeError {}
      throw Object.assign(new NegativeError("negative", { cause: new TypeError("deep") }), { x });
    }),
  thrownValue: (executor) =>
    executor.map([1], () => {
      throw "text";
    }),
  inStream: (executor) =>
    streamed(executor, input(), (_, { index }) => {
      if (index === 3) throw new RangeError("in a stream");
      return index;
    }),
  inTransform: (executor) =>
    executor.transformShared(input(), Float64Array, ({ x }, out, { index }) => {
      if (index > 0) throw new RangeError("in a transform");
      out.set(x);
    }),
  inOneOfSeveral: (executor) =>
    executor.transformShared(input(), { a: Float32Array, b: BigInt64Array }, () => {
      throw new RangeError("in a transform");
    }),
  objects: (executor) =>
    executor.map([0, 1, 2], (i) => {
      if (i === 2) throw new RangeError("the last one");
      return { i, array: Float32Array.of(i) };
    }),
  resultThatCannotTravel: (executor) => executor.map([1], () => () => 1),
  capture: (executor) => executor.map([1], (x) => x + MIB, { captures: "error" }),
  arguments: (executor) => executor.map([1], (x) => x, { args: { fit: () => 1 } }),
  items: (executor) => executor.map([1, undefined], (x) => x),
  payload: (executor) => executor.mapShared("no array", (x) => x),
  lengths: (executor) => executor.mapShared({ a: new Uint8Array(1), b: new Uint8Array(2) }, () => 1),
  option: (executor) => executor.map([1], (x) => x, { chunksize: 4 }),
  strategy: (executor) => executor.map([1], (x) => x, { strategy: "fast" }),
  combine: (executor) => executor.reduceShared(input(), () => 1, "plus"),
  empty: (executor) =>
    executor.reduceShared(
      [],
      () => 1,
      (a, b) => a + b,
    ),
  list: (executor) => executor.transformShared([new Uint8Array(1)], Uint8Array, () => 1),
};

const scenarios = {
  /** The same as on an executor of this thread's own, bit for bit. */
  async equal(client) {
    const local = new ParallelExecutor({ strategy: "sequential", ...workerData.config });
    const expected = new Map();
    const compare = async ([name, call]) =>
      assert.deepStrictEqual(await call(client), expected.get(name), name);
    for (const [name, call] of Object.entries(battery)) expected.set(name, await call(local));
    await local.shutdown();
    // What a call has in common with the one before does not cross again.
    for (const each of Object.entries(battery)) for (let i = 0; i < 3; i += 1) await compare(each);
    await Promise.all([...Object.entries(battery), ...Object.entries(battery)].map(compare));
    return expected.size;
  },

  async "equal failures"(client) {
    const local = new ParallelExecutor({ strategy: "sequential" });
    const seen = {};
    for (const [name, call] of Object.entries(failures)) {
      const [expected, actual] = [await outcome(() => call(local)), await outcome(() => call(client))];
      assert.deepStrictEqual(actual, expected, name);
      seen[name] = actual.name;
    }
    await local.shutdown();
    return seen;
  },

  /** Wrong calls throw here, before a message is sent. */
  async "refused here"(client) {
    let posted = 0;
    let texts = 0;
    const { postMessage } = MessagePort.prototype;
    MessagePort.prototype.postMessage = function (...parameters) {
      posted += 1;
      if (JSON.stringify(parameters).includes("(part) => part[0]")) texts += 1;
      return postMessage.apply(this, parameters);
    };
    const names = [
      "capture",
      "arguments",
      "items",
      "payload",
      "lengths",
      "option",
      "strategy",
      "combine",
      "empty",
      "list",
    ];
    for (const name of names) await outcome(() => failures[name](client));
    assert.throws(() => client.streamShared("no array", () => 1), TypeError);
    assert.throws(() => client.share("no array"), TypeError);
    const before = posted;
    // With as many workers as there are, of which some may leave after the call has ended.
    const shared = new Float64Array(new SharedArrayBuffer(800));
    for (let i = 0; i < 100; i += 1) await client.mapShared(shared, (part) => part[0], { chunkSize: 10 });
    await client.metrics.snapshot();
    MessagePort.prototype.postMessage = postMessage;
    return { refused: before, calls: posted - before - 1, texts };
  },

  async "large plain array"(client) {
    const x = new Float64Array(8 * MIB).fill(1);
    const firsts = await client.mapShared(x, (part) => part[0]);
    assert.equal(firsts.length, 128);
    await until(() => client.memory().bytesInUse === 0, "The region of the call has returned");
    await client.mapShared(x, (part) => part[0]);
    await until(() => client.memory().bytesInUse === 0, "The region of the call has returned again");
    return client.memory();
  },

  async "shared arrays"(client) {
    const x = client.share(new Float64Array(MIB).fill(2));
    const own = new Float64Array(new SharedArrayBuffer(8 * MIB)).fill(3);
    const { bytesInUse } = client.memory();
    await client.mapShared({ x, own }, ({ x, own }) => x[0] + own[0]);
    const doubled = await client.transformShared({ x }, Float64Array, ({ x }, out) => {
      for (let i = 0; i < out.length; i += 1) out[i] = 2 * x[i];
    });
    // What a call wrote is the next one's input, and still is in place.
    await client.mapShared(doubled, (part) => part[0]);
    const zeros = client.allocate(Int32Array, 100);
    return {
      isShared: doubled.buffer instanceof SharedArrayBuffer && zeros.buffer instanceof SharedArrayBuffer,
      values: [doubled[0], doubled.at(-1), zeros.length],
      placedByCalls: client.memory().bytesInUse - bytesInUse - 8 * MIB - 4096,
      same: client.share(x) === x,
    };
  },

  async "outputs in used memory"(client) {
    const x = new Float64Array(10_000).fill(7);
    // Leaves data in the one region there is, which the outputs take first.
    await client.mapShared(x, () => 1);
    await until(() => client.memory().bytesInUse === 0, "The region has returned");
    const out = await client.transformShared(
      x,
      Float64Array,
      (_, out) => {
        out[0] = 1;
      },
      { chunkSize: 5000 },
    );
    return { sum: out.reduce((a, b) => a + b, 0), regions: client.memory().regions };
  },

  async "unreachable outputs"(client) {
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc");
    const x = client.share(new Float64Array(10_000));
    const before = client.memory().bytesInUse;
    await (async () => {
      const out = await client.transformShared(x, Float64Array, () => {});
      assert.ok(client.memory().bytesInUse > before);
      assert.equal(out.length, 10_000);
    })();
    await until(() => {
      gc();
      return client.memory().bytesInUse === before;
    }, "The region of the outputs has returned");
    return "returned";
  },

  /** Its list changes while its heavy array is still being placed. */
  async "changed list"(client) {
    const heavy = new Float64Array(2 ** 22).fill(1);
    const items = Array.from({ length: 100 }, (_, i) => i);
    const call = client.map(items, (i, { heavy }) => i + heavy[0], { shared: { heavy } });
    items.fill(Number.NaN);
    return await call;
  },

  async "changed plain arrays"(client) {
    const readings = new Float64Array(1000);
    const calls = [1, 2, 3, 4].map((k) => {
      readings.fill(k);
      return client.reduceShared(
        { readings },
        ({ readings }) => readings.reduce((a, b) => a + b, 0),
        (a, b) => a + b,
      );
    });
    const sums = await Promise.all(calls);
    const gone = client.mapShared([new Int8Array(1), readings], (array) => array.length);
    structuredClone(readings, { transfer: [readings.buffer] });
    const { name, message } = await gone.catch((error) => error);
    await until(() => client.memory().bytesInUse === 0, "The regions of the calls have returned");
    return { sums, name, message };
  },

  async aborted(client) {
    const reason = new Error("my own reason");
    const before = await client
      .map([1], (x) => x, { signal: AbortSignal.abort(reason) })
      .catch((e) => e === reason);
    const controller = new AbortController();
    const flags = new Int32Array(new SharedArrayBuffer(8));
    const x = new Float64Array(100_000);
    const during = client
      .mapShared(
        x,
        (_, { aborted, args }) => {
          Atomics.store(args, 0, 1);
          while (!aborted());
          Atomics.add(args, 1, 1);
        },
        { args: flags, signal: controller.signal, chunkSize: 50_000, strategy: "threads" },
      )
      .catch((e) => e === reason);
    await until(() => Atomics.load(flags, 0) === 1, "A task has begun");
    controller.abort(reason);
    const isOwn = await during;
    await until(() => client.memory().bytesInUse === 0, "The call's memory has returned");
    // By then no task is at it any more.
    const ended = Atomics.load(flags, 1);
    return { before, during: isOwn, hasEnded: ended > 0, after: await client.map([1, 2], (x) => 2 * x) };
  },

  async cancelled(client) {
    const flags = new Int32Array(new SharedArrayBuffer(4));
    const kernel = (_, __, { aborted, args }) => {
      Atomics.store(args, 0, 1);
      while (!aborted());
    };
    const other = await connectExecutor(parentPort);
    const calls = [1, 2].map(() => client.map([1], kernel, { args: flags, strategy: "threads" }));
    const bystander = other.map([1], () => "unharmed");
    await until(() => Atomics.load(flags, 0) === 1, "A task has begun");
    client.cancel("enough");
    const settled = await Promise.allSettled(calls);
    return {
      reasons: settled.map(({ reason }) => reason),
      other: await bystander,
      after: await client.map([1], (x) => x),
    };
  },

  async "stream left early"(client) {
    const ran = new Int32Array(new SharedArrayBuffer(4));
    let seen = 0;
    const kernel = (_, { args }) => {
      Atomics.add(args, 0, 1);
      const end = Date.now() + 1;
      while (Date.now() < end);
      return 1;
    };
    for await (const { value } of client.streamShared(new Float64Array(5000), kernel, {
      args: ran,
      chunkSize: 1,
    })) {
      seen += value;
      if (seen === 3) break;
    }
    await until(() => client.memory().bytesInUse === 0, "The stream's memory has returned");
    return { seen, ranAll: Atomics.load(ran, 0) === 5000 };
  },

  async "stream in batches"(client) {
    let received = 0;
    const { postMessage } = MessagePort.prototype;
    MessagePort.prototype.postMessage = function (...parameters) {
      received += 1;
      return postMessage.apply(this, parameters);
    };
    const values = await streamed(client, new Float64Array(20_000), (_, { index }) => index, {
      chunkSize: 1,
    });
    MessagePort.prototype.postMessage = postMessage;
    return { results: values.length, inOrder: values.every((value, i) => value === i), answers: received };
  },

  async "loop that makes calls"(client) {
    const values = [];
    for await (const { value } of client.streamShared(new Float64Array(300), (part) => part.length, {
      chunkSize: 10,
    })) {
      values.push(...(await client.map([value], (x) => x + 1)));
    }
    return values;
  },

  /** A reader that stops keeps the tasks from running on. */
  async "stream that is not read"(client) {
    const ran = new Int32Array(new SharedArrayBuffer(4));
    const kernel = (_, { args }) => Atomics.add(args, 0, 1);
    const options = { args: ran, chunkSize: 1, strategy: "threads" };
    const results = client.streamShared(new Float64Array(50_000), kernel, options)[Symbol.asyncIterator]();
    await results.next();
    let before = -1;
    // No task has started between two looks with calls of the same client between them.
    while (before !== Atomics.load(ran, 0)) {
      before = Atomics.load(ran, 0);
      for (let i = 0; i < 20; i += 1) await client.map([1, 2], (x) => x, { strategy: "threads" });
    }
    let read = 1;
    while (!(await results.next()).done) read += 1;
    return { wasHeldBack: before < 20_000, read };
  },

  async "out of time"(client) {
    const call = client.map(
      [0, 1],
      (i, _, { aborted }) => {
        while (i === 1 && !aborted());
        return i;
      },
      { timeout: 100, strategy: "threads" },
    );
    return outcome(() => call);
  },

  async "changed inputs"(client) {
    const plain = new Float64Array(100_000);
    const shared = client.share(new Float64Array(100_000));
    const kernel = ({ x }, { index }) => {
      if (index === 1) x[0] = 1;
    };
    const errors = [];
    for (const x of [plain, shared]) {
      errors.push(await outcome(() => client.mapShared({ x }, kernel, { chunkSize: 50_000 })));
    }
    return errors.map(({ name, message }) => ({ name, message }));
  },

  async progress(client) {
    const reports = [];
    await client.map(
      Array.from({ length: 20 }, (_, i) => i),
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
      },
      { onProgress: (progress) => reports.push(progress), strategy: "threads" },
    );
    const failed = await client
      .map(
        [1, 2, 3, 4, 5, 6],
        async () => {
          await new Promise((resolve) => setTimeout(resolve, 100));
        },
        {
          strategy: "threads",
          onProgress: () => {
            throw new RangeError("the listener's");
          },
        },
      )
      .catch((error) => error.message);
    return { first: reports[0], last: reports.at(-1), count: reports.length, failed };
  },

  async explained(client) {
    const x = client.share(new Float64Array(1e6));
    const kernel = (part) => part[0] + 0.123;
    const plan = await client.explain(x, kernel);
    await client.mapShared(x, kernel);
    const later = await client.explain(x, kernel);
    return {
      text: String(plan),
      frozen:
        Object.isFrozen(plan) && Object.isFrozen(plan.predicted.threads) && Object.isFrozen(plan.advice),
      host: String(plan.host).split("\n").length,
      bytesShared: plan.bytesShared,
      runs: [plan.kernel?.runs, later.kernel?.runs],
      wrong: await client.explain("no array", kernel).catch((error) => error.name),
    };
  },

  async asked(client) {
    await client.start();
    await client.map([1], (x) => x);
    const { completed, maxWorkers, latency } = await client.metrics.snapshot();
    return { completed, maxWorkers, hasLatency: latency.max > 0 };
  },

  /** Waits in a kernel until this thread ends. */
  async "ends in a call"(client) {
    const flags = new Int32Array(new SharedArrayBuffer(4));
    const call = client.mapShared(
      new Float64Array(1000),
      (_, { aborted, args }) => {
        Atomics.store(args, 0, 1);
        while (!aborted());
      },
      { args: flags, strategy: "threads" },
    );
    call.catch(() => {});
    await until(() => Atomics.load(flags, 0) === 1, "A task has begun");
    parentPort.postMessage("running");
    if (workerData.how === "exit") process.exit(7);
    if (workerData.how === "throw")
      setImmediate(() => {
        throw new Error("uncaught");
      });
    await call;
  },

  /** Ends by itself though its client is open. */
  async idle(client) {
    await client.map([1], (x) => x);
    return "idle";
  },

  async closed(client) {
    const flags = new Int32Array(new SharedArrayBuffer(4));
    const out = await client.transformShared(new Float64Array(1000).fill(4), Float64Array, (x, out) =>
      out.set(x),
    );
    const call = client.map(
      [1],
      (_, __, { aborted, args }) => {
        Atomics.store(args, 0, 1);
        while (!aborted());
      },
      { args: flags, strategy: "threads" },
    );
    const running = outcome(() => call);
    const asked = outcome(() => client.metrics.snapshot());
    await until(() => Atomics.load(flags, 0) === 1, "A task has begun");
    await asked;
    const asking = outcome(() => client.metrics.snapshot());
    client.close();
    client.close();
    const errors = [await running, await asking];
    for (const use of [
      () => client.map([1], (x) => x),
      () => client.metrics.snapshot(),
      () => client.explain(out, () => 1),
      () => client.start(),
      async () => client.share(new Float64Array(1)),
    ]) {
      errors.push(await outcome(use));
    }
    const still = out.every((value) => value === 4);
    return { errors: errors.map(({ code, reason, message }) => ({ code, reason, message })), still };
  },

  async "many calls"(client) {
    const { calls, kernel } = workerData;
    const order = [];
    const work = new Function(`return ${kernel}`)();
    await Promise.all(
      Array.from({ length: calls }, async () => {
        await client.map([1, 2, 3, 4], work, { strategy: "threads" });
        order.push(performance.timeOrigin + performance.now());
      }),
    );
    return order;
  },

  async replay(client) {
    let item;
    const kernel = (x) => {
      if (x === 2) throw new Error(`again ${x}`);
      return x;
    };
    const watched = (x) => {
      globalThis.note?.(x);
      return kernel(x);
    };
    const error = await client.map([1, 2, 3], watched).catch((error) => error);
    globalThis.note = (x) => {
      item = x;
    };
    const { message } = await client.replay(error).catch((thrown) => thrown);
    return { item, message };
  },

  module(client) {
    const { module } = workerData;
    return client.map([1, 2, 3], (x) => new WebAssembly.Instance(module).exports.f(x, 2));
  },

  async captures(client) {
    const rate = 2;
    const table = new Float64Array([5, 5, 5]);
    const add = (x, y) => x + y;
    const values = await client.map([1, 2, 3], (x) => add(x * rate, table[x - 1]));
    class Model {
      fit() {}
    }
    const model = new Model();
    const refused = await client.map([1], () => model.fit()).catch((error) => error.variables);
    const failed = await client
      .map([1], (x) => add(x, null.y))
      .catch((error) => error.cause.stack.split("\n"));
    return { values, refused, failed: failed.slice(1, 3).map((line) => /bridge-client/.test(line)) };
  },

  async "beside other messages"(client) {
    const echoed = [];
    const listener = (message) => echoed.push(message);
    parentPort.on("message", listener);
    parentPort.postMessage({ echo: 1 });
    const values = await client.map([1, 2], (x) => x + 1);
    parentPort.postMessage({ echo: 2 });
    await until(() => echoed.length === 2, "Both echoes have come");
    parentPort.off("message", listener);
    return { values, echoed };
  },
};

const client = await connectExecutor(workerData.port ?? parentPort);
const result = await scenarios[workerData.way](client);
parentPort.postMessage({ result });
if (workerData.way !== "idle") client.close();
await nextTurn();
