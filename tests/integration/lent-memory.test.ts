/** Memory that was given away is never used again, unless the user says that nobody has it. */
import { Worker } from "node:worker_threads";
import { ParallelExecutor } from "sharray";
import { afterAll, describe, expect, test } from "vitest";

const BYTES = 7 * 16 * 1024;
const executor = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, idleTimeout: 600_000 });
afterAll(() => executor.shutdown());

/** Has the collector come by? What the test has dropped is gone by then. */
async function collected(): Promise<void> {
  let isGone = false;
  const registry = new FinalizationRegistry<void>(() => {
    isGone = true;
  });
  (() => registry.register({}))();
  // Ballast has V8 collect.
  while (!isGone) {
    new Uint8Array(16 * 2 ** 20).fill(1);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Fills as much memory as would meet what was let go before. */
async function useMuch(): Promise<void> {
  for (let i = 0; i < 8; i++) {
    await executor.transformShared(new Uint8Array(BYTES).fill(0x77), Uint8Array, (x, out) => out.set(x));
    executor.share(new Uint8Array(BYTES).fill(0x66));
  }
}

describe("memory of the user's is nobody else's", () => {
  const gifts = {
    share: async () => executor.share(new Uint8Array(BYTES).fill(5)),
    allocate: async () => executor.allocate(Uint8Array, BYTES).fill(5),
    transformShared: async () =>
      executor.transformShared(new Uint8Array(BYTES), Uint8Array, (_x, out) => void out.fill(5)),
  };

  test.each(Object.entries(gifts))("%s: while a clone of it is here", async (_, give) => {
    const kept: { clone?: SharedArrayBuffer } = {};
    await (async () => {
      kept.clone = structuredClone((await give()).buffer as SharedArrayBuffer);
    })();
    await collected();
    await useMuch();
    expect([...new Set(new Uint8Array(kept.clone as SharedArrayBuffer, 0, BYTES))]).toEqual([5]);
  });

  test.each(Object.entries(gifts))("%s: while a worker of the program has it", async (_, give) => {
    const worker = new Worker(
      `const { parentPort } = require("node:worker_threads");
      let array;
      parentPort.on("message", (message) => {
        if (message === "look") parentPort.postMessage([...new Set(array)]);
        else array = message;
      });`,
      { eval: true },
    );
    await (async () => worker.postMessage(await give()))();
    await collected();
    await useMuch();
    const seen = new Promise((resolve) => worker.once("message", resolve));
    worker.postMessage("look");
    expect(await seen).toEqual([5]);
    await worker.terminate();
  });
});

describe("what a kernel leaves behind", () => {
  // Each gets the views of its task and writes to them after the task has ended, in its own way.
  const leftovers = {
    "a promise that nobody awaits": (x: unknown, out: Uint8Array) => {
      void (async () => {
        for (let i = 0; i < 1000; i++) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          out.fill(0xee);
          (x as Uint8Array).fill(0xee);
        }
      })();
    },
    "a race that it has lost": async (x: unknown, out: Uint8Array) => {
      const work = async (): Promise<void> => {
        for (let i = 0; i < 1000; i++) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          out.fill(0xee);
          (x as Uint8Array).fill(0xee);
        }
      };
      await Promise.race([work(), new Promise((resolve) => setTimeout(resolve, 2))]);
    },
    "a timer": (x: unknown, out: Uint8Array) => {
      setInterval(() => {
        out.fill(0xee);
        (x as Uint8Array).fill(0xee);
      }, 1);
    },
    "a message to itself": (x: unknown, out: Uint8Array) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        out.fill(0xee);
        (x as Uint8Array).fill(0xee);
        port2.postMessage(0);
      };
      port2.postMessage(0);
    },
    "a finalizer": (x: unknown, out: Uint8Array) => {
      const registry = new FinalizationRegistry<number>((left) => {
        out.fill(0xee);
        (x as Uint8Array).fill(0xee);
        if (left > 0) registry.register({}, left - 1);
      });
      registry.register({}, 1000);
      setInterval(() => new Uint8Array(2 ** 20), 1);
    },
    "an error after which it goes on": async (x: unknown, out: Uint8Array) => {
      setInterval(() => {
        out.fill(0xee);
        (x as Uint8Array).fill(0xee);
      }, 1);
      throw new Error("mine");
    },
  };

  test.each(Object.entries(leftovers))("%s reaches no other call", { timeout: 60_000 }, async (_, kernel) => {
    const own = new ParallelExecutor({ strategy: "threads", maxWorkers: 1 });
    const call = own.transformShared(new Uint8Array(BYTES).fill(1), Uint8Array, kernel as never, {
      chunkSize: BYTES,
    });
    const first = await call.catch(() => undefined);
    for (let i = 0; i < 60; i++) {
      const plain = new Uint8Array(BYTES).fill(2);
      const sum = await own.reduceShared(
        plain,
        async (part) => {
          // Long enough for what was left behind to strike.
          await new Promise((resolve) => setTimeout(resolve, 2));
          return part.reduce((a, b) => a + b, 0);
        },
        (a, b) => a + b,
        { chunkSize: BYTES },
      );
      expect(sum).toBe(2 * BYTES);
      const out = await own.transformShared(plain, Uint8Array, (x, out) => out.set(x), { chunkSize: BYTES });
      expect([...new Set(out)]).toEqual([2]);
    }
    // It is its own call's array that it writes to.
    if (first !== undefined)
      expect([...new Set(first)].every((byte) => byte === 0 || byte === 0xee)).toBe(true);
    await own.shutdown({ deadline: 0 });
  });

  test("on this thread reaches no other call either", async () => {
    const own = new ParallelExecutor({ strategy: "sequential" });
    const controller = new AbortController();
    const call = own.transformShared(
      new Uint8Array(BYTES).fill(1),
      Uint8Array,
      async (_x, out) => {
        for (let i = 0; i < 200; i++) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          out.fill(0xee);
        }
      },
      { chunkSize: BYTES, signal: controller.signal },
    );
    const aborted = expect(call).rejects.toBe("enough");
    setTimeout(() => controller.abort("enough"), 5);
    await aborted;
    for (let i = 0; i < 30; i++) {
      const out = await own.transformShared(new Uint8Array(BYTES).fill(2), Uint8Array, async (x, out) => {
        out.set(x);
        await new Promise((resolve) => setTimeout(resolve, 1));
      });
      expect([...new Set(out)]).toEqual([2]);
    }
    await own.shutdown();
  });
});

describe("release", () => {
  test("has the next call use the memory, which is counted as idle until then", async () => {
    const own = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
    const x = own.share(new Uint8Array(BYTES).fill(4));
    const one = await own.transformShared(x, Uint8Array, (x, out) => out.set(x));
    const { buffer } = one;
    expect(own.memory().bytesInUse).toBeGreaterThanOrEqual(2 * BYTES);
    await expect.poll(() => own.memory().bytesInUse).toBe(2 * BYTES);
    own.release(one);
    expect(own.memory()).toMatchObject({ bytesInUse: BYTES });
    expect(own.memory().bytesIdle).toBeGreaterThanOrEqual(BYTES);
    await own.transformShared(x, Uint8Array, (x, out) => {
      for (let i = 0; i < x.length; i++) out[i] = x[i]! + 1;
    });
    // The very memory, as whoever reads a released array finds.
    expect([...new Set(new Uint8Array(buffer, 0, BYTES))]).toEqual([5]);
    await own.shutdown();
  });

  test("is advised if outputs are dropped again and again, and not if they are released", async () => {
    const advice: string[][] = [];
    const own = new ParallelExecutor({
      strategy: "threads",
      maxWorkers: 2,
      maxSharedBytes: 16 * 2 ** 20,
      telemetry: (event, payload) => {
        if (event === "parallel_execution")
          advice.push(payload.advice.filter((text) => /release/.test(text)));
      },
    });
    const x = own.share(new Uint8Array(2 ** 21));
    const call = () => own.transformShared(x, Uint8Array, (x, out) => out.set(x));
    for (let i = 0; i < 20; i++) own.release(await call());
    expect(advice.flat()).toEqual([]);
    for (let i = 0; i < 40; i++) await call();
    expect(advice.flat().at(-1)).toMatch(
      /^outputs of 2.10 MB were dropped \d+ times.*use executor.release\(\)/,
    );
    await own.shutdown();
  });

  test("waits for the calls that use the array", async () => {
    const flags = executor.allocate(Int32Array, 2);
    const x = executor.share(new Uint8Array(BYTES).fill(9));
    const call = executor.mapShared(
      [x],
      (x, { args }) => {
        const flags = args.flags as unknown as Int32Array;
        Atomics.store(flags, 0, 1);
        while (Atomics.load(flags, 1) === 0);
        return x.every((byte) => byte === 9);
      },
      { args: { flags } },
    );
    while (Atomics.load(flags, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    executor.release(x);
    const others = [
      executor.allocate(Uint8Array, BYTES).fill(1),
      executor.allocate(Uint8Array, BYTES).fill(2),
    ];
    Atomics.store(flags, 1, 1);
    expect(await call).toEqual([true]);
    expect(others.map((other) => other[0])).toEqual([1, 2]);
  });

  describe("of an array that a call has been given", () => {
    const LIMIT = 2 ** 20;
    const copy = (x: Parameters<Float64Array["set"]>[0], out: Float64Array): void => out.set(x);
    const reuse = (own: ParallelExecutor, x: Float64Array): void => {
      own.release(x);
      own.share(new Float64Array(10_000).fill(7));
    };

    test("waits for the call, though the call waits for memory", async () => {
      const own = new ParallelExecutor({ strategy: "threads", maxWorkers: 2, maxSharedBytes: LIMIT });
      // Garbage, of which the call has to have some collected first.
      await (async () => own.allocate(Uint8Array, 900_000))();
      await new Promise((resolve) => setTimeout(resolve, 1));
      const x = own.share(new Float64Array(10_000).fill(1));
      const call = own.transformShared(x, Float64Array, copy);
      reuse(own, x);
      expect([...new Set(await call)]).toEqual([1]);
      await own.shutdown();
    });

    test.each(["threads", "sequential", "auto"] as const)(
      "waits for a call that is being told of: %s",
      async (strategy) => {
        const given: { x?: Float64Array } = {};
        const own: ParallelExecutor = new ParallelExecutor({
          strategy,
          maxWorkers: 2,
          telemetry: (event, _payload) => {
            if (event !== "parallel_decision" || given.x === undefined) return;
            const { x } = given;
            delete given.x;
            reuse(own, x);
          },
        });
        const x = own.share(new Float64Array(10_000).fill(1));
        given.x = x;
        expect([...new Set(await own.transformShared(x, Float64Array, copy))]).toEqual([1]);
        await own.shutdown();
      },
    );

    test("is told if it comes first, by the array's name", async () => {
      const own = new ParallelExecutor({ strategy: "threads", maxWorkers: 2 });
      const [x, y] = [own.share(new Float64Array(10_000)), own.share(new Float64Array(10_000))];
      own.release(y);
      const wrong = /^Cannot read "y" as its memory must be the caller's: it was given back with release\(\)/;
      await expect(own.mapShared({ x, y }, ({ x }) => x.length)).rejects.toThrow(wrong);
      // While the call reads its items, too.
      function* items() {
        yield 1;
        own.release(x);
      }
      const read = own.map(items(), (_item, { x }) => x[0], { shared: { x } });
      await expect(read).rejects.toThrow(/^Cannot read "shared.x" as its memory must be the caller's/);
      await own.shutdown();
    });
  });

  test("refuses what it was not given, all or nothing", () => {
    const own = executor.share(new Uint8Array(BYTES));
    const { bytesInUse } = executor.memory();
    const wrong =
      /^Cannot release arrays\[1\] as it must be an array as share\(\), allocate\(\) or transformShared\(\)/;
    for (const value of [
      new Uint8Array(8),
      new Uint8Array(new SharedArrayBuffer(8)),
      own.subarray(1),
      7,
      null,
    ]) {
      expect(() => executor.release(own, value as never)).toThrow(wrong);
    }
    expect(() => executor.release(own, own)).toThrow(/each must be given once/);
    expect(executor.memory().bytesInUse).toBe(bytesInUse);
    executor.release(own);
    expect(() => executor.release(own)).toThrow(/^Cannot release arrays\[0\]/);
    expect(executor.memory().bytesInUse).toBe(bytesInUse - BYTES);
  });
});
