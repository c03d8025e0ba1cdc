// Calls whose results are compared with Node's: the same module runs there. Kernels use no Math functions whose last bit
// may differ between versions of V8.

const ramp = (length, Kind = Float64Array) => Kind.from({ length }, (_, i) => ((i * 7919) % 1009) / 7);
const columns = () => ({
  price: ramp(50_000),
  qty: ramp(50_000, Int32Array),
  flag: ramp(50_000, Uint8Array),
});

/** A result in which equal means equal bytes. */
function bytesOf(value) {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
    let hash = 0;
    for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
    const head = Array.from(bytes.subarray(0, 32), (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${value.constructor.name}(${value.length}) ${head} ${hash}`;
  }
  if (typeof value === "number") return bytesOf(Float64Array.of(value));
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Map) return ["Map", ...[...value].map(bytesOf)];
  if (Array.isArray(value)) return value.map(bytesOf);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, bytesOf(part)]));
  }
  return value;
}

/** All of an error that programs look at, those that caused it too. */
function detailsOf(error) {
  const { name, code, cause, index, start, end, timeout, variables, detail } = error;
  const because = cause === undefined ? undefined : detailsOf(cause);
  const isItsClass = name === undefined || error instanceof (globalThis[name] ?? Object);
  // Not every runtime has all kinds.
  const message = String(error.message).replace(", Float16Array", "");
  return { name, code, message, index, start, end, timeout, variables, detail, isItsClass, cause: because };
}

async function failing(call) {
  try {
    return { value: await call() };
  } catch (error) {
    return detailsOf(error);
  }
}

const sumOfSquares = (array) => {
  let sum = 0;
  for (const x of array) sum += Number(x) * Number(x);
  return sum;
};

export const scenarios = {
  async list(executor) {
    return await executor.mapShared(
      [0, 10, 1000, 100_000].map((length) => ramp(length)),
      sumOfSquares,
    );
  },

  async "arrays of every kind"(executor) {
    const kinds = [
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
    ];
    const arrays = [...kinds, Float32Array, Float64Array].map((Kind) => ramp(500, Kind));
    const big = [BigInt64Array, BigUint64Array].map((Kind) =>
      Kind.from({ length: 9 }, (_, i) => BigInt(i * i)),
    );
    const same = await executor.mapShared([...arrays, ...big], (array) => array.slice(1));
    return [same, await executor.mapShared([...arrays, ...big], sumOfSquares)];
  },

  async columns(executor) {
    return await executor.mapShared(
      columns(),
      ({ price, qty, flag }, { start, end, index, args }) => {
        let total = 0;
        for (let i = 0; i < price.length; i++) total += price[i] * qty[i] * args.rate + flag[i];
        return { start, end, index, total, first: price.slice(0, 2), seen: new Map([["n", price.length]]) };
      },
      { args: { rate: 1.2 }, chunkSize: 7000 },
    );
  },

  async "columns in place"(executor) {
    const { price, qty } = columns();
    const { revenue, isDear } = await executor.transformShared(
      { price, qty },
      { revenue: Float64Array, isDear: Uint8Array },
      ({ price, qty }, { revenue, isDear }) => {
        for (let i = 0; i < price.length; i++) {
          revenue[i] = price[i] * qty[i];
          isDear[i] = price[i] > 70 ? 1 : 0;
        }
      },
    );
    const doubled = await executor.transformShared(revenue, Float32Array, (x, out) => {
      for (let i = 0; i < x.length; i++) out[i] = 2 * x[i];
    });
    return { revenue, isDear, doubled };
  },

  async reduce(executor) {
    const add = (a, b) => a + b;
    const sum = (x) => x.reduce((a, b) => a + b, 0);
    return [
      await executor.reduceShared(ramp(123_456), sum, add),
      await executor.reduceShared(ramp(1000), sum, add, { initial: 0.1, chunkSize: 77 }),
      await executor.reduceShared(new Float64Array(0), sum, add, { initial: 0.5 }),
    ];
  },

  async items(executor) {
    return await executor.map(
      Array.from({ length: 40 }, (_, i) => ({ seed: i, label: `n${i}` })),
      async ({ seed, label }, { price }, { index, args }) => {
        await null;
        let state = seed;
        let total = 0;
        for (let i = 0; i < 100; i++) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          total += price[state % price.length] / args.divisor;
        }
        return { label, index, total };
      },
      { shared: { price: ramp(50_000) }, args: { divisor: 3 } },
    );
  },

  async stream(executor) {
    const seen = [];
    const arrays = Array.from({ length: 30 }, (_, i) => ramp(100 + i));
    for await (const { index, value } of executor.streamShared(arrays, sumOfSquares))
      seen.push([index, value]);
    return seen.sort(([a], [b]) => a - b);
  },

  async "shared memory"(executor) {
    const shared = executor.share({ x: ramp(10_000), y: ramp(10_000, Int16Array) });
    const out = executor.allocate(Float64Array, 1000);
    const zeros = out.every((x) => x === 0);
    const where = [...Object.values(shared), out].map(({ buffer }) => buffer instanceof SharedArrayBuffer);
    const isKept = executor.share(shared).x === shared.x;
    // A kernel that writes to memory that it should only read shows whose memory it has.
    await executor.mapShared([out], (array) => {
      array[7] = 42;
    });
    const sums = await executor.mapShared(shared, ({ x, y }) => x.reduce((a, b) => a + b, 0) + y[0]);
    return { where, zeros, isKept, written: out[7], sums };
  },

  async explanation(executor) {
    const plan = await executor.explain({ x: ramp(100_000) }, (x) => x.length, { chunkSize: 10_000 });
    const { tasks, bytesShared, bytesToPlace, taskBytes, predicted } = plan;
    const table = String(plan).includes("sequential");
    const bytes = bytesShared + bytesToPlace;
    return { tasks, bytes, taskBytes, strategies: Object.keys(predicted), table };
  },

  async metrics(executor) {
    const before = await executor.metrics.snapshot();
    await executor.mapShared([ramp(10)], sumOfSquares);
    await executor.mapShared([ramp(10)], () => null.nothing).catch(() => {});
    const after = await executor.metrics.snapshot();
    const { p50, max } = after.latency ?? {};
    return {
      submitted: after.submitted - before.submitted,
      completed: after.completed - before.completed,
      failures: after.failures - before.failures,
      fields: Object.keys(after).sort(),
      sound: 0 < p50 && p50 <= max,
    };
  },

  async errors(executor) {
    const outside = performance.now();
    return {
      own: await failing(() =>
        executor.mapShared([ramp(5), ramp(6), ramp(7)], (_, { index }) => {
          class DataError extends RangeError {
            name = "DataError";
            detail = { row: index, list: [1, 2] };
          }
          if (index > 0) throw new DataError("too far", { cause: new TypeError("why") });
        }),
      ),
      value: await failing(() =>
        executor.mapShared([ramp(5)], () => {
          throw "just text";
        }),
      ),
      rejected: await failing(() => executor.map([1], async () => Promise.reject(new SyntaxError("later")))),
      // Of the names that are in it bundlers make shorter ones.
      captured: (
        await failing(() => executor.mapShared([ramp(5)], (x) => x.length + outside, { captures: "error" }))
      ).code,
      unsendable: await failing(() => executor.mapShared([ramp(5)], () => () => 1)),
      badOption: await failing(() => executor.mapShared([ramp(5)], (x) => x.length, { chunkSize: 0 })),
      badInput: await failing(() => executor.mapShared([1, 2], () => 1)),
    };
  },

  async "random numbers, work arrays and modules"(executor) {
    const bytes = [
      0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0,
    ];
    const module = new WebAssembly.Module(Uint8Array.from([...bytes, 10, 6, 1, 4, 0, 0x41, 42, 0x0b]));
    const kernel = (i, shared, { rng, scratch, args }) => {
      const work = scratch(Float64Array, 2).fill(i);
      const run = (of) => new WebAssembly.Instance(of).exports.f();
      return [rng(i), rng(i, 3), Math.abs(rng.normal(i)) < 9, ...work, run(shared.module), run(args)];
    };
    return executor.map([0, 1, 2, 500], kernel, { seed: 5, shared: { module }, args: module });
  },

  async "time-outs"(executor) {
    const endless = (x, { aborted }) => {
      while (x.length > 5 && !aborted());
      return x.length;
    };
    const late = await failing(() => executor.mapShared([ramp(5), ramp(6)], endless, { timeout: 50 }));
    return { late, next: await executor.map([1], (x) => x + 1) };
  },

  async aborts(executor) {
    const flag = executor.share({ flag: new Int32Array(1) }).flag;
    /** Goes on until it is stopped, and tells that it has begun. */
    const endless = (_, { aborted, args }) => {
      Atomics.store(args.flag, 0, 1);
      while (!aborted());
    };
    const begun = async () => {
      while (Atomics.load(flag, 0) === 0) await new Promise((resolve) => setTimeout(resolve));
      Atomics.store(flag, 0, 0);
    };
    const controller = new AbortController();
    const { signal } = controller;
    const first = failing(() => executor.mapShared([ramp(5)], endless, { signal, args: { flag } }));
    await begun();
    controller.abort(new DOMException("enough", "AbortError"));
    const second = failing(() => executor.mapShared([ramp(5)], endless, { args: { flag } }));
    await begun();
    executor.cancel();
    const late = await failing(() => executor.mapShared([ramp(5)], sumOfSquares, { signal }));
    return {
      aborted: await first,
      cancelled: await second,
      late,
      next: await executor.map([1], (x) => x + 1),
    };
  },

  async progress(executor) {
    const seen = [];
    await executor.map([...Array(20).keys()], (x) => x, { onProgress: (progress) => seen.push(progress) });
    const { completed, total } = seen.at(-1);
    return { completed, total };
  },
};

/** Every scenario, one after the other, on one executor. */
export async function runAll(executor, names = Object.keys(scenarios)) {
  const results = {};
  for (const name of names) {
    try {
      results[name] = bytesOf(await scenarios[name](executor));
    } catch (error) {
      results[name] = `failed: ${error.stack ?? error}`;
    }
  }
  return results;
}
