/** `verifyImmutable`: a kernel that writes to what it was given is caught, wherever it runs. */
import { KernelError, ParallelExecutor, PayloadMutatedError, type ReadOnly } from "sharray";
import { afterAll, describe, expect, test } from "vitest";

type Strategy = "sequential" | "threads" | "processes" | "auto";

const executors: ParallelExecutor[] = [];
afterAll(async () => {
  await Promise.all(executors.map((executor) => executor.shutdown()));
});

function create(options: ConstructorParameters<typeof ParallelExecutor>[0]): ParallelExecutor {
  const executor = new ParallelExecutor({ maxWorkers: 2, verifyImmutable: true, ...options });
  executors.push(executor);
  return executor;
}

async function caught(call: Promise<unknown>): Promise<PayloadMutatedError> {
  const error: unknown = await call.then(
    () => {
      throw new Error("the call was to fail");
    },
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PayloadMutatedError);
  return error as PayloadMutatedError;
}

const column = (length = 100): Float64Array => Float64Array.from({ length }, (_, i) => i);

/** The place of an array makes no difference to what is caught. */
const stands = {
  plain: <A extends Float64Array>(_executor: ParallelExecutor, array: A): A => array,
  shared: (executor: ParallelExecutor, array: Float64Array): Float64Array => executor.share(array),
};

describe.each(["sequential", "threads", "processes", "auto"] as const)("%s", (strategy: Strategy) => {
  const executor = create({ strategy });

  // Child processes refuse such calls.
  test.skipIf(strategy === "processes")("arrays that a call is given to write may change", async () => {
    const [x, y] = [executor.share(column()), executor.share(column())];
    const bits = new BigInt64Array(x.buffer, x.byteOffset, x.length);
    await executor.transformShared({ x }, { bits, y }, (_views, { bits, y }) => {
      bits.fill(0n);
      y.fill(7);
    });
    expect([x[5], y[99]]).toEqual([0, 7]);
    // Refused there.
    if (strategy === "processes") return;
    const table = executor.share(column());
    const call = (changed: number) =>
      executor.map(
        [1],
        (_item, { x, table }, { args }) => {
          x[0] = 5;
          (table as unknown as Float64Array)[3] = args;
        },
        { writable: { x }, shared: { table }, args: changed },
      );
    await call(3);
    expect(await caught(call(4))).toMatchObject({ array: "shared.table", index: 3 });
    const { array } = await caught(
      executor.transformShared({ x, y }, { x }, ({ y }, { x }) => {
        x.fill(1);
        (y as unknown as Float64Array)[0] = 1;
      }),
    );
    expect(array).toBe("y");
  });

  describe.each(Object.entries(stands))("%s arrays", (_where, stand) => {
    const given = (length?: number): Float64Array => stand(executor, column(length));

    test("one array: the chunk that has the element is named", async () => {
      const call = executor.mapShared(
        given(),
        (part, { index }) => {
          const writable = part as unknown as Float64Array;
          if (index >= 2) writable[5] = -1;
          return part.length;
        },
        { chunkSize: 30 },
      );
      expect({ ...(await caught(call)) }).toEqual({
        code: "SHARRAY_PAYLOAD_MUTATED",
        array: "the array",
        index: 65,
        firstTask: 2,
        lastTask: 2,
        start: 60,
        end: 90,
      });
    });

    test("columns: the first column in their order is named", async () => {
      const call = executor.reduceShared(
        { price: given(), qty: given(), cost: given() },
        ({ qty, cost }, { index }) => {
          if (index === 1) (cost as unknown as Float64Array).fill(0);
          if (index === 3) (qty as unknown as Float64Array).reverse();
          return 1;
        },
        (a, b) => a + b,
        { chunkSize: 30 },
      );
      const error = await caught(call);
      expect(error).toMatchObject({
        array: "qty",
        index: 90,
        firstTask: 3,
        lastTask: 3,
        start: 90,
        end: 100,
      });
      expect(error.message).toContain('element 90 of "qty" has changed');
    });

    test("a list: the array and its task are named", async () => {
      const call = executor.mapShared([given(3), given(5), given(8)], (array) => {
        if (array.length === 8) (array as unknown as Float64Array)[7]! += 1;
      });
      expect(await caught(call)).toMatchObject({
        array: "input[2]",
        index: 7,
        firstTask: 2,
        lastTask: 2,
        start: 0,
        end: 8,
      });
    });

    test("args: the path is named, however small the array", async () => {
      const args = { model: { weights: given(3) } };
      const call = executor.mapShared(
        column(),
        (_part, { index, args }) => {
          if (index === 1) (args.model.weights as unknown as Float64Array)[2] = 7;
        },
        { args, chunkSize: 50 },
      );
      expect(await caught(call)).toMatchObject({
        array: "args.model.weights",
        index: 2,
        firstTask: 0,
        lastTask: 1,
        start: 0,
        end: 3,
      });
    });

    test("shared: the path is named", async () => {
      const call = executor.map(
        [0, 1, 2],
        (i, { delays }) => {
          if (i === 2) (delays as unknown as Float64Array).sort((a, b) => b - a);
        },
        { shared: { delays: given() } },
      );
      expect(await caught(call)).toMatchObject({
        array: "shared.delays",
        index: 0,
        firstTask: 0,
        lastTask: 2,
        start: 0,
        end: 100,
      });
    });

    test("transformShared: inputs are checked, outputs are not", async () => {
      const x = given();
      const twice = await executor.transformShared(
        { x },
        { twice: Float64Array },
        ({ x }, { twice }) => {
          for (let i = 0; i < x.length; i++) twice[i] = 2 * x[i]!;
        },
        { chunkSize: 7 },
      );
      expect(twice.twice[99]).toBe(198);
      const call = executor.transformShared(
        { x },
        { twice: Float64Array },
        ({ x }, { twice }) => {
          const input = x as unknown as Float64Array;
          for (let i = 0; i < input.length; i++) twice[i] = input[i]! *= 2;
        },
        { chunkSize: 7 },
      );
      // Twice nothing is nothing.
      expect(await caught(call)).toMatchObject({ array: "x", index: 1, firstTask: 0, lastTask: 0, end: 7 });
    });

    test("streamShared: the loop ends with the error", async () => {
      const stream = executor.streamShared([given(4), given(4)], (array, { index }) => {
        if (index === 1) (array as unknown as Float64Array)[0] = 9;
        return index;
      });
      const read = async (): Promise<void> => {
        for await (const _ of stream);
      };
      expect(await caught(read())).toMatchObject({ array: "input[1]", index: 0 });
    });
  });

  test("bits count: the other zero is a change", async () => {
    const call = executor.mapShared(new Float32Array(10), (part) => {
      const writable = part as unknown as Float32Array;
      for (let i = 0; i < writable.length; i++) writable[i]! *= -1;
    });
    expect(await caught(call)).toMatchObject({ array: "the array", index: 0 });
  });

  test("a kernel that only reads, or writes to copies, is not disturbed", async () => {
    const x = executor.share(column());
    const small = new Int16Array([3]);
    const kernel = (part: ReadOnly<Float64Array>, { args }: { args: { small: ReadOnly<Int16Array> } }) => {
      const own = part.slice().sort().reverse();
      own[0]! += args.small[0]!;
      return own;
    };
    const values = await executor.mapShared(x, kernel, { args: { small }, chunkSize: 40 });
    expect(values.map((own) => [own.length, own[0]])).toEqual([
      [40, 42],
      [40, 82],
      [20, 102],
    ]);
    expect(await executor.map([1, 2], (i) => i)).toEqual([1, 2]);
    expect(await executor.mapShared([], () => 1)).toEqual([]);
    expect(await executor.mapShared(new Float64Array(0), () => 1)).toEqual([]);
  });

  test("a failure that the change may have caused is the error's cause; one before it comes first", async () => {
    const fail = (at: number) =>
      executor.mapShared(
        column(),
        (part, { index, args }) => {
          if (index === 1) (part as unknown as Float64Array)[0] = -1;
          if (index === args) throw new RangeError("no");
        },
        { args: at, chunkSize: 25 },
      );
    for (const at of [1, 3]) {
      const error = await caught(fail(at));
      expect(error).toMatchObject({ array: "the array", index: 25, firstTask: 1 });
      expect(error.cause).toBeInstanceOf(KernelError);
      expect(error.cause).toMatchObject({ index: at, cause: { message: "no" } });
    }
    await expect(fail(0)).rejects.toMatchObject({ code: "SHARRAY_KERNEL", index: 0 });
  });

  test("the memory of the snapshot returns, and counts under the limit", async () => {
    const own = create({ strategy, maxSharedBytes: 300_000 });
    const x = new Float64Array(16_384);
    const kernel = (part: ReadOnly<Float64Array>) => part.length;
    // 128 KiB of results and placed array, and as much again.
    expect(await own.mapShared([x], kernel)).toEqual([16_384]);
    await expect.poll(() => own.memory().bytesInUse).toBe(0);
    const larger = own.mapShared([new Float64Array(40_000)], kernel);
    await expect(larger).rejects.toMatchObject({ code: "SHARRAY_MEMORY_LIMIT" });
    expect(own.memory().bytesInUse).toBe(0);
  });

  test("an aborted call rejects with the reason", async () => {
    const controller = new AbortController();
    const call = executor.map(
      [0],
      async (_i, { x }, { aborted }) => {
        (x as unknown as Float64Array)[0] = 1;
        while (!aborted()) await new Promise((resolve) => setTimeout(resolve, 0));
      },
      { shared: { x: column() }, signal: controller.signal },
    );
    controller.abort("enough");
    await expect(call).rejects.toBe("enough");
  });
});

test("without it, nothing is checked and nothing is taken", async () => {
  const executor = create({ strategy: "sequential", verifyImmutable: false });
  const x = executor.share(column());
  const { bytesInUse } = executor.memory();
  await executor.mapShared([x], (array) => {
    (array as unknown as Float64Array)[0] = 5;
  });
  expect(x[0]).toBe(5);
  await expect.poll(() => executor.memory().bytesInUse).toBe(bytesInUse);
  expect(executor.memory().bytesPeak - bytesInUse).toBe(4096);
});

test("a task that ran again after its worker was lost is checked, too", async () => {
  const executor = create({ strategy: "threads" });
  const call = executor.map(
    [0],
    (i, { x }) => {
      const writable = x as unknown as Float64Array;
      if (writable[3] === 0) {
        writable[3] = 1;
        process.exit(3);
      }
      return i;
    },
    { shared: { x: executor.share(new Float64Array(8)) } },
  );
  expect(await caught(call)).toMatchObject({ array: "shared.x", index: 3 });
});

describe("a call that moves to the workers on its way", () => {
  // As in hand-over.test.ts: moving pays early, and the kernel is not given up half way.
  const hostProfile = { parallelism: 2, spawn: 5, spawnPerWorker: 0 };
  type Kernel = (part: ReadOnly<Float64Array>, context: { readonly index: number }) => number;
  const busy = (writer: number): Kernel =>
    new Function(`return (part, { index }) => {
      globalThis.nothing;
      const until = Date.now() + 20;
      while (Date.now() < until);
      if (index === ${writer}) part[0] = -1;
      return index;
    }`)() as Kernel;

  // Its first task always runs here, its last one never does.
  test.each([0, 23])("has task %d caught", async (writer) => {
    const decisions: string[] = [];
    const executor = create({
      hostProfile,
      telemetry: (event, payload) => {
        if (event === "parallel_decision") decisions.push(payload.decision);
      },
    });
    const x = column(24);
    const error = await caught(executor.mapShared(x, busy(writer), { chunkSize: 1 }));
    expect(error).toMatchObject({ array: "the array", index: writer, firstTask: writer, lastTask: writer });
    expect(decisions).toEqual(["sequential", "threads"]);
    // On the workers it was the placed copy.
    expect(x[writer]).toBe(writer === 0 ? -1 : writer);
    await expect.poll(() => executor.memory().bytesInUse).toBe(0);
  });
});
